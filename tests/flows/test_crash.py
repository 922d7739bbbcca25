"""`kill -9` at any moment of a build, release or ship: the next run goes on, and nothing is half there."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.flows.conftest import TEXTS, Workshop

from plimsoll.flows.audit import verify
from plimsoll.releases import Manifest, NothingBuiltError, NothingLiveError
from plimsoll.retrieval.search import Scope

KILLS = 30
VICTIM = Path(__file__).with_name("crash_victim.py")


class Victim:
    """A process that runs the journey in children, one for each call."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, kill_after_s: float | None = None) -> int:
        """Run the journey once, and kill it after a while; says how it ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        child = int(self._process.stdout.readline())
        timer = threading.Timer(kill_after_s or 0, kill, args=[child])
        if kill_after_s is not None:
            timer.start()
        code = int(self._process.stdout.readline())
        timer.cancel()
        return code


def kill(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


@contextmanager
def victim(root: Path) -> Iterator[Victim]:
    command = [sys.executable, str(VICTIM), str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Victim(process)
        assert process.stdin is not None
        process.stdin.close()


def test_kill_at_any_moment(workshop: Workshop, tmp_path: Path) -> None:
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    chance = random.Random(seed)
    leave = workshop.documents / "policies" / "leave.md"
    shipped: list[str] = []
    endings = []
    with victim(workshop.root) as victim_process:
        started = time.perf_counter()
        assert victim_process.run() == 0
        whole_s = time.perf_counter() - started
        shipped.append(live(workshop))
        for number in range(KILLS):
            leave.write_text(f"{TEXTS['policies/leave.md']}\n\nEdition {number}.\n")
            workshop.write("prompts/answer.yaml", f"system: Answer from the passages. Edition {number}.\n")
            started = time.perf_counter()
            endings.append(victim_process.run(kill_after_s=chance.uniform(0, whole_s)))
            if endings[-1] == 0:
                # Too late. The first run was longer than the others, and the machine is not always as busy.
                whole_s = time.perf_counter() - started
            check_nothing_is_half_there(workshop, shipped)
            if number % 5 == 4:
                assert victim_process.run() == 0
                check_nothing_is_half_there(workshop, shipped)
                assert live(workshop) == shipped[-1]
        assert victim_process.run() == 0
    check_nothing_is_half_there(workshop, shipped)
    assert endings.count(-signal.SIGKILL) > KILLS / 3, "most moments were too late to kill anything"
    check_nothing_is_left_over(workshop)
    fresh = Workshop(tmp_path / "fresh")
    for path in ("documents/policies/leave.md", "prompts/answer.yaml"):
        fresh.write(path, (workshop.root / path).read_text())
    assert fresh.build().draft.artifacts == working(workshop).artifacts
    fresh.close()


def live(workshop: Workshop) -> str:
    platform = workshop.open()
    try:
        return platform.environments.live("harbour", "staging")
    finally:
        platform.close()


def working(workshop: Workshop) -> Manifest:
    platform = workshop.open()
    try:
        return platform.releases.working_draft("harbour")
    finally:
        platform.close()


def check_nothing_is_half_there(workshop: Workshop, shipped: list[str]) -> None:
    """Every version, release and draft that has a name is whole; the pointer is the old release or a new one.

    Every entry, row, blob and seal verifies, against the checkpoints that were left outside too.
    """
    platform = workshop.open()
    audited = verify(platform.audit_parts(lambda *_: None))
    assert audited.sound, (audited.log, audited.records)
    for version in platform.registry.versions("harbour"):
        platform.registry.content(version.digest)
        platform.registry.parents("harbour", version.ref)
    for release in platform.releases.releases("harbour"):
        platform.versions_of(release.manifest)
        for evidence in release.manifest.evidence:
            assert platform.runs.get(evidence.run)["verdict"] == "pass"
    try:
        draft = platform.releases.working_draft("harbour")
        content = platform.registry.content(draft.artifacts["index:texts"])
        knowledge = platform.registry.content(draft.artifacts["knowledge:texts"])
        index = platform.serve_parts().open_index(content, knowledge)
        found = asyncio.run(index.retrieve("paid leave of every employee", Scope())).hits
        assert "policies/leave.md" in {hit.passage.document for hit in found[:3]}
        asyncio.run(index.close())
    except NothingBuiltError:
        assert shipped == []
    try:
        pointer = platform.environments.live("harbour", "staging")
        platform.releases.release("harbour", pointer)
        moves = platform.environments.moves("harbour", environment="staging")
        assert moves[-1].to_release == pointer
        assert [move.from_release for move in moves[1:]] == [move.to_release for move in moves[:-1]]
        if not shipped or pointer != shipped[-1]:
            assert pointer not in shipped
            shipped.append(pointer)
        assert [move.to_release for move in moves] == shipped
    except NothingLiveError:
        assert shipped == []
    platform.close()


def check_nothing_is_left_over(workshop: Workshop) -> None:
    """What killed runs had begun is cleared away by the next one."""
    home = workshop.root / ".plimsoll"
    assert list((home / "blobs" / "partial").iterdir()) == []
    assert [path.name for path in (home / "indexes").rglob("*.unfinished")] == []
