"""Power cuts: whether what was acknowledged is there after the writer was killed in the middle of its work.

A process appends acts, publishes versions, makes releases and ships them, and says what was acknowledged. It is killed
with SIGKILL at a random moment. Then the installation is opened again: everything that was ever acknowledged must be
there with its content, every row must be what its entry says, the pointer must stand where the last move put it, and
the log must verify against every checkpoint that was seen before, so that no lost tail goes unseen. The next writer
goes on with what is there.

SIGKILL tests the process and the database, not the disk: what was handed to the operating system survives it. That a
commit waits for the disk is a setting of the databases (`synchronous=FULL`, `fsync`), not something that a kill shows.

    python benchmarks/records_kills.py --home DIR [--kills 200] [--database-url ADDRESS]

The last line of stdout is one JSON object.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from plimsoll.bootstrap import Platform
from plimsoll.governance.record_check import check_records
from plimsoll.kernel.errors import PlimsollError
from plimsoll.ledger import Act, By
from plimsoll.ledger.verifier import verify_lines
from plimsoll.settings import read_settings

APP = "harbour"
EARLIEST_S, LATEST_S = 0.005, 0.080
"""When a writer is killed, counted from its first acknowledgement."""
VICTIM = Path(__file__).with_name("records_victim.py")
SEED = 20260101
SHOWN = 5

Said = Mapping[str, Any]


@dataclass
class Outcome:
    """What all cuts together showed."""

    kills: int = 0
    acknowledged: list[Said] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """Acknowledged, and not there, or not as it was acknowledged."""
    findings: list[str] = field(default_factory=list)
    """What does not verify, or is not what its entry says."""
    verifications: int = 0
    in_the_middle: int = 0
    """Cuts after something was kept and before it was acknowledged."""
    entries: int = 0
    notes: list[str] = field(default_factory=list)
    """Every checkpoint that was seen."""

    @property
    def passed(self) -> bool:
        """Whether nothing was lost and everything verified."""
        return not self.lost and not self.findings and self.verifications > self.kills > 0


class Victim:
    """Writers, one after the other, each killed at its moment."""

    def __init__(self, home: Path, database: str) -> None:
        command = [sys.executable, str(VICTIM), str(home), database]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._orders = cast("IO[str]", self._process.stdin)
        self._answers = cast("IO[str]", self._process.stdout)

    def cut(self, after_s: float) -> list[Said]:
        """Let a writer begin, kill it, and give back what was acknowledged to it."""
        self._orders.write("begin\n")
        self._orders.flush()
        writer = self._read()["pid"]
        said: list[Said] = [self._read()]
        if "dead" not in said[0]:
            time.sleep(after_s)
            os.kill(writer, signal.SIGKILL)
        while "dead" not in said[-1]:
            said.append(self._read())
        end = said.pop()
        if end["dead"] != -signal.SIGKILL:
            raise RuntimeError(f"the writer ended by itself ({end['dead']}), after it had said {said}")
        return said

    def close(self) -> None:
        """Let go of it."""
        self._process.communicate()

    def _read(self) -> dict[str, Any]:
        line: dict[str, Any] = json.loads(self._answers.readline() or '{"dead": "with the process around it"}')
        return line


def cut_power(home: Path, database: str, kills: int, seed: int = SEED) -> Outcome:
    """Kill a writer so many times, and look at what is there after each."""
    draw = random.Random(seed)  # noqa: S311  # what is drawn is no secret
    outcome = Outcome()
    victim = Victim(home, database)
    try:
        for number in range(1, kills + 1):
            said = victim.cut(draw.uniform(EARLIEST_S, LATEST_S))
            outcome.kills += 1
            outcome.acknowledged += said
            look(outcome, home, database, said)
            if number % 20 == 0:
                told = f"{len(outcome.acknowledged)} acknowledged, {len(outcome.lost)} lost, {outcome.entries} entries"
                say(f"{number} kills: {told}, {len(outcome.findings)} findings")
        look(outcome, home, database, outcome.acknowledged)
    finally:
        victim.close()
    return outcome


def look(outcome: Outcome, home: Path, database: str, said: Sequence[Said]) -> None:
    """Open the installation again, and hold it against what was acknowledged and against itself."""
    records = Platform(read_settings(home, {"PLIMSOLL_DATABASE": database}), home)
    try:
        by = By(records.ledger.subject("grace"))
        size = records.ledger.size()
        # A server may still be at work for the dead client; whoever writes has waited for it.
        records.ledger.record([Act("note.add", APP, by, {"text": f"looked after {outcome.kills} cuts"})])
        outcome.in_the_middle += size - 1 > outcome.acknowledged[-1]["sequence"]
        outcome.lost += missing(records, said)
        note, key = records.ledger.checkpoint(), records.ledger.key.verifier.text()
        report = verify_lines(records.ledger.lines(), [note], outcome.notes, key)
        checked = check_records(records.check_parts(lambda *_: None))
        outcome.findings += [f"{where} {what}" for where, what in report.findings]
        outcome.findings += [f"{finding.place}: {finding.what}" for finding in checked.findings]
        outcome.findings += records.ledger.strays()
        outcome.verifications += report.ok
        outcome.entries = report.trust["size"]
        outcome.notes.append(note)
    except PlimsollError as error:
        outcome.findings.append(f"after {outcome.kills} kills: {error.message}")
    finally:
        records.close()


def missing(records: Platform, said: Sequence[Said]) -> list[str]:
    """What was acknowledged and is not there, or is another; and a pointer that stands before its last move."""
    ledger = records.ledger
    wanted = {line["sequence"]: line for line in said}
    entries = {entry.sequence: entry for entry in ledger.entries(min(wanted), max(wanted) + 1)}
    private = ledger.private(sequence for sequence, line in wanted.items() if "reason" in line)
    lost = []
    for sequence, line in wanted.items():
        entry, kept = entries.get(sequence), dict[str, Any]()
        if entry is not None:
            kept = {"act": entry.act, "sequence": sequence, **entry.facts, **private.get(sequence, {})}
        if any(kept.get(name) != value for name, value in line.items()):
            lost.append(f"{line} is {kept}")
    (place,) = records.environments.environments(APP) or [None]
    (last,) = records.environments.moves(APP, limit=1) or [None]
    moved = max((line["sequence"] for line in said if line["act"].startswith("environment.")), default=-1)
    if moved >= 0 and (place is None or last is None or last.sequence < moved or place.live != last.to_release):
        lost.append(f"the pointer is at {place}, its last move is {last}, and entry {moved} was acknowledged")
    return lost


def run(home: Path, database: str, kills: int) -> dict[str, Any]:
    """The cuts, and what is told about them."""
    started = time.perf_counter()
    outcome = cut_power(home, database, kills)
    for sentence in (outcome.lost + outcome.findings)[:SHOWN]:
        say(sentence)
    return {
        "kills": outcome.kills,
        "acknowledged": len(outcome.acknowledged),
        "lost": len(outcome.lost),
        "in_the_middle": outcome.in_the_middle,
        "verifications": outcome.verifications,
        "findings": len(outcome.findings),
        "entries": outcome.entries,
        "seconds": round(time.perf_counter() - started, 1),
        "passed": outcome.passed,
    }


def say(text: str) -> None:
    """Progress goes to stderr."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Run, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--database-url", default="")
    given = parser.parse_args()
    print(json.dumps(run(given.home, given.database_url, given.kills)))


if __name__ == "__main__":
    main()
