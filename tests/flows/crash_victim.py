"""Runs build, release and ship over and over in children of its own, so that a test can kill one at any moment.

Reads one line of standard input for each run, forks, prints the child's process id, and prints how it ended. It forks
so that a run does not pay for imports, and it does no work of its own before, so that it has no threads to lose.
"""

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

from plimsoll.bootstrap import open_platform
from plimsoll.flows.build import build
from plimsoll.flows.promote import Wish, ship
from plimsoll.flows.ship import evaluate, freeze, same_release, suites_of
from plimsoll.project import load_project
from plimsoll.releases._errors import AlreadyLiveError
from plimsoll.settings import Settings


def journey(root: Path) -> None:
    """Build, gate, release and ship to staging."""
    project = load_project(root)
    home = root / ".plimsoll"
    anchor = str(home / "anchor" / "checkpoints.jsonl")
    platform = open_platform(Settings(home=home, keys=home / "keys", anchor=anchor, actor="ada", workers=1), root)
    report = build(project, platform.build_parts(lambda *_: None))
    suites = suites_of(project, report.versions)
    release = same_release(report.draft, suites, platform.releases)
    if release is None:
        runs = asyncio.run(evaluate(report.draft, suites, platform.evaluate_parts()))
        release = freeze(report.draft, runs, platform.freeze_parts()).release
    assert release is not None
    with suppress(AlreadyLiveError):
        ship(release, Wish("staging"), platform.promote_parts())
    platform.leave_checkpoint()
    platform.close()


def main() -> None:
    root = Path(sys.argv[1])
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            sys.stdin.close()
            journey(root)
            os._exit(0)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
