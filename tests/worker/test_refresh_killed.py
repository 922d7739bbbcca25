"""A refresh of a real project that is killed again and again ends as one that nobody killed."""

import signal
import subprocess
import sys
from pathlib import Path

from tests.flows.conftest import TEXTS, Workshop
from tests.flows.test_refresh import Dock

from plimsoll.flows.audit import verify
from plimsoll.flows.refresh import STEPS
from plimsoll.worker import Jobs, JobsPlace

VICTIM = Path(__file__).with_name("refresh_victim.py")
POINTS = ("embed:1", "embed:2", "embed:4", *(f"after:{name}" for name, _ in STEPS))
PAPERS = 40


def prepare(workshop: Workshop) -> Dock:
    """A live release, and many new documents beside what it knows."""
    dock = Dock(workshop)
    dock.settings("{gate: [ask], promote: live}")
    dock.ship(dock.release())
    for number in range(PAPERS):
        lines = "\n\n".join(f"Line {line} of paper {number} names the buoy {line * number}." for line in range(60))
        dock.write(f"papers/paper-{number}.md", f"# Paper {number}\n\n{lines}\n")
    dock.write("policies/leave.md", TEXTS["policies/leave.md"] + "\n\nIt is asked for in writing.\n")
    return dock


def test_a_refresh_killed_anywhere_ends_as_one_that_was_not(tmp_path: Path) -> None:
    killed, whole = Workshop(tmp_path / "killed"), Workshop(tmp_path / "whole")
    dock = prepare(killed)
    before = dock.live
    place = JobsPlace("harbour", killed.home / "jobs.db")
    log = tmp_path / "log"
    dock.platform.close()
    command = [sys.executable, str(VICTIM)]
    with (
        Jobs(place) as jobs,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as victims,
    ):
        assert victims.stdin is not None
        assert victims.stdout is not None
        job, _ = jobs.ask("texts", "command")
        for point in (*POINTS, "-"):
            victims.stdin.write(f"{killed.root}\t{log}\t{point}\n")
            victims.stdin.flush()
            ended = int(victims.stdout.readline())
            assert ended == (0 if point == "-" else -signal.SIGKILL), point
            left = Dock(killed)
            assert left.live in ({before} if point not in {"after:ship", "-"} else {left.live} - {before}), point
            left.platform.close()
        victims.stdin.close()
        done = jobs.job(job.id)
    assert (done.state, done.restarts) == ("done", len(POINTS))
    assert done.result is not None
    assert done.result.outcome == "live"
    there = Dock(killed)
    assert verify(there.platform.audit_parts(lambda *_: None)).sound
    made = there.platform.releases.manifest(there.live).artifacts
    there.platform.close()
    other = prepare(whole)
    calm = other.refresh()
    assert calm.outcome == "live"
    assert made == other.platform.releases.manifest(other.live).artifacts
    other.platform.close()
    assert done.result.indexed == PAPERS + len(TEXTS)
    embedded = [line for line in log.read_text().splitlines() if line != "probe"]
    assert len(embedded) >= PAPERS
    assert len(embedded) == len(set(embedded)), "what was embedded before a kill is not embedded again"
