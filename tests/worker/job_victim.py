"""Workers whose steps only write down that they were run, and which kill themselves where they are told to.

Each line of standard input is one worker: the database, a log, where to die (`before:build`, `inside:build`,
`after:build`; `-` for nowhere), and until when to work (`idle`: no job is active; `stopped`: it is told to end inside
the step `build`; `few`: as `idle`, and two restarts are the most). It forks for each, so that none pays for the
imports, and prints how it ended.
"""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import dbos  # before anything forks

from plimsoll.flows.refresh import STEPS, RefreshState, Run
from plimsoll.worker import Jobs, JobsPlace, _engine
from plimsoll.worker._engine import Engine, wait_until
from plimsoll.worker._types import Tell

assert dbos.__name__


@dataclass(frozen=True)
class Victim:
    place: JobsPlace
    log: Path
    kill: str
    until: str
    stop: threading.Event = field(default_factory=threading.Event)

    def note(self, what: str) -> None:
        with self.log.open("a") as log:
            log.write(f"{what}\n")
        if what == self.kill:
            os.kill(os.getpid(), signal.SIGKILL)

    def one(self, name: str, state: RefreshState, tell: Tell) -> Callable[[], RefreshState]:
        def step() -> RefreshState:
            for done in range(4):
                tell(name, done, 4)
                if done == 2:
                    self.note(f"inside:{name}")
                    if (self.until, name) == ("stopped", "build"):
                        self.stop.set()
                        wait_until(lambda: self.is_over(name, tell), every_s=0.01)
            return replace(state, step=name, indexed=state.indexed + 1, seen=state.seen + name)

        return step

    def is_over(self, name: str, tell: Tell) -> bool:
        """Never; telling ends the step when the worker is to end."""
        tell(name, 3, 4)
        return False

    def perform(self, state: RefreshState, run: Run, tell: Tell) -> RefreshState:
        if state.knowledge == "broken":
            msg = "nobody expected this"
            raise RuntimeError(msg)
        for name, _ in STEPS:
            self.note(f"before:{name}")
            state = run(name, self.one(name, state, tell))
            self.note(f"after:{name}")
        return replace(state, outcome="live")

    def work(self) -> int:
        if self.until == "few":
            vars(_engine)["_MOST_RESTARTS"] = 2
        engine = Engine(self.place, self.perform, poll_s=0.1)
        engine.start()
        with Jobs(self.place) as jobs:
            if self.until == "stopped":
                self.stop.wait()
            else:
                wait_until(lambda: not jobs.waiting(), every_s=0.05)
        return 0 if engine.stop(10) else 7


def main() -> None:
    for line in sys.stdin:
        file, log, kill, until = line.rstrip("\n").split("\t")
        child = os.fork()
        if child == 0:
            code = 8
            try:
                code = Victim(JobsPlace("harbour", Path(file)), Path(log), kill, until).work()
            finally:
                if code == 8:
                    traceback.print_exc()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
