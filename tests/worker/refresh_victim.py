"""Workers that refresh a real project, and kill themselves where they are told to.

Each line of standard input is one worker: the project's folder, a log, and where to die: `after:build` and the like,
`embed:3` for the third time that texts are embedded, `-` for nowhere. It forks for each, and prints how it ended.
"""

import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from plimsoll.bootstrap import open_platform
from plimsoll.flows.refresh import RefreshParts, RefreshState, Run, refresh
from plimsoll.kernel.digest import digest_bytes
from plimsoll.project import load_project
from plimsoll.settings import Settings
from plimsoll.worker import Jobs, JobsPlace
from plimsoll.worker._engine import Engine, wait_until
from plimsoll.worker._perform import _close, _parts
from plimsoll.worker._types import Tell


class Victim:
    def __init__(self, root: Path, log: Path, kill: str) -> None:
        self.root, self.log, self.kill = root, log, kill
        home = root / ".plimsoll"
        anchor = str(home / "anchor" / "checkpoints.jsonl")
        self.settings = Settings(home=home, keys=home / "keys", anchor=anchor, actor="ada", workers=1)
        self.place = JobsPlace.of(self.settings, "harbour")
        self.embedded = 0

    def note(self, what: str) -> None:
        with self.log.open("a") as log:
            log.write(f"{what}\n")

    def die_at(self, what: str) -> None:
        if what == self.kill:
            os.kill(os.getpid(), signal.SIGKILL)

    def perform(self, state: RefreshState, run: Run, tell: Tell) -> RefreshState:
        def noted(name: str, step: Callable[[], RefreshState]) -> RefreshState:
            after = run(name, step)
            self.die_at(f"after:{name}")
            return after

        platform = open_platform(self.settings, self.root)
        try:
            return refresh(state, load_project(self.root), self.changed(_parts(platform, tell, None)), noted)
        finally:
            _close(platform)

    def changed(self, parts: RefreshParts) -> RefreshParts:
        make = parts.build.make_embedder
        return replace(parts, build=replace(parts.build, make_embedder=lambda name: Counted(make(name), self)))

    def work(self) -> int:
        engine = Engine(self.place, self.perform, poll_s=0.1)
        engine.start()
        with Jobs(self.place) as jobs:
            wait_until(lambda: not jobs.waiting(), every_s=0.05)
        return 0 if engine.stop(10) else 7


class Counted:
    """An embedder that writes down which texts of papers it has embedded."""

    def __init__(self, real: Any, victim: Victim) -> None:
        self.real, self.victim = real, victim
        self.name, self.fingerprint, self.dimension = real.name, real.fingerprint, real.dimension

    def embed(self, texts: Sequence[str]) -> Any:
        self.victim.embedded += 1
        self.victim.die_at(f"embed:{self.victim.embedded}")
        vectors = self.real.embed(texts)
        for text in texts:
            self.victim.note(digest_bytes(text.encode()) if "buoy" in text else "probe")
        return vectors

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def main() -> None:
    for line in sys.stdin:
        root, log, kill = line.rstrip("\n").split("\t")
        child = os.fork()
        if child == 0:
            code = 8
            try:
                code = Victim(Path(root), Path(log), kill).work()
            finally:
                if code == 8:
                    traceback.print_exc()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
