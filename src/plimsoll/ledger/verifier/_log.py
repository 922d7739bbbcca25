"""The log: every line in its place, and the tree over all lines as every checkpoint says."""

from __future__ import annotations

import base64
import heapq
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

from ._entry import opened, read_entry, read_opening
from ._notes import Checkpoint, Key
from ._report import Report, counted
from ._story import Story
from ._tree import Tree

KEPT_GAPS, NAMED_CHECKPOINTS = 1000, 3
Opening = tuple[int, dict[str, Any], str]
"""Sequence number, the opening, and where it stands."""
Numbered = TypeVar("Numbered", Opening, Checkpoint)


class _Ahead(Generic[Numbered]):
    """Items in the order of their number, taken when that number is reached, so that none need be kept."""

    def __init__(self, items: Iterator[Numbered]) -> None:
        self._items: Iterator[Numbered] = items
        self._next: Numbered | None = next(items, None)

    def up_to(self, number: float) -> Iterator[Numbered]:
        while self._next is not None and self._next[0] <= number:
            item, self._next = self._next, next(self._items, None)
            yield item


class _Order:
    """Sequence numbers count from 0. A gap is kept open for a while, because its entry may come later."""

    def __init__(self, report: Report) -> None:
        self.next = 0
        self.broken = False
        self._report = report
        self._gaps: list[tuple[int, int, int]] = []
        self._told: set[int] = set()

    def see(self, sequence: int, line: int) -> None:
        self.broken |= sequence != self.next
        if sequence < self.next:
            self._late(sequence, line)
            return
        if sequence > self.next:
            self._gaps.append((self.next, sequence, sequence))
            if len(self._gaps) > KEPT_GAPS:
                self._missing(*self._gaps.pop(0)[:2])
        self.next = sequence + 1

    def _late(self, sequence: int, line: int) -> None:
        gap = next((gap for gap in self._gaps if gap[0] <= sequence < gap[1]), None)
        if gap is None:
            self._report.find(f"entry {sequence}", f"was inserted: line {line} says again that it is entry {sequence}")
            return
        start, stop, jumper = gap
        if jumper not in self._told:
            self._report.find(f"entry {jumper}", f"stands in place of {start} (reordered)")
            self._told.add(jumper)
        self._gaps.remove(gap)
        parts = ((start, sequence, jumper), (sequence + 1, stop, jumper))
        self._gaps += [part for part in parts if part[0] < part[1]]

    def _missing(self, start: int, stop: int) -> None:
        one = stop - start == 1
        self._report.find(
            f"entry {start}" if one else f"entries {start} to {stop - 1}", "is missing" if one else "are missing"
        )

    def end(self) -> None:
        for start, stop, _ in sorted(self._gaps):
            self._missing(start, stop)


class _Alike:
    """Checkpoints with the same mistake: a few are named one by one, many are one sentence."""

    def __init__(self) -> None:
        self.count = 0
        self.named: list[tuple[int, str]] = []
        self.last = (0, "")

    def add(self, size: int, where: str) -> None:
        self.count, self.last = self.count + 1, (size, where)
        self.named += [self.last] if self.count <= NAMED_CHECKPOINTS else []

    def tell(self, report: Report, one: str, many: str) -> None:
        """`one` may name the `{size}` and `{entries}` of a checkpoint, `many` the sizes `{low}` and `{high}`."""
        if self.count > NAMED_CHECKPOINTS:
            report.find(f"{self.count} checkpoints", many.format(low=self.named[0][0], high=self.last[0]))
            return
        for size, where in self.named:
            first = "the first entry" if size == 1 else f"the first {size} entries"
            report.find(_name(size, where), one.format(size=size, entries=first))


class _Held:
    """The tree held against checkpoints, which come in the order of their sizes."""

    def __init__(self, report: Report) -> None:
        self.covered = 0
        self._report = report
        self._others, self._beyond = _Alike(), _Alike()
        self._before = self._good = 0
        """The two largest sizes that match, below the first that does not."""
        self._bad: int | None = None
        """The smallest size that does not match."""
        self._later = 0
        """The largest size that matches although a smaller one, or one of the same size, does not."""

    def compare(self, checkpoint: Checkpoint, tree: Tree) -> None:
        """Hold one against the tree, as large as the checkpoint says."""
        size, root, where = checkpoint
        if size < tree.size:
            self._report.find(_name(size, where), "stands behind a larger one")
        elif root != tree.root():
            self._others.add(size, where)
            self._differs(size)
        elif self._bad is not None:
            self._later = size
        elif size > self._good:
            self._before, self._good = self._good, size
        self.covered = max(self.covered, size)

    def _differs(self, size: int) -> None:
        if self._bad is None and size > 0:
            self._bad = size
            if self._good == size:
                self._later, self._good = size, self._before

    def beyond(self, checkpoint: Checkpoint) -> None:
        """Note one that is larger than the whole log."""
        self._beyond.add(checkpoint[0], checkpoint[2])

    def end(self, size: int, *, broken: bool) -> None:
        """Tell what was found: where the change lies before the checkpoints that show it."""
        if self._bad is not None:
            self._report.find("the log", self._change(self._good, self._bad), first=True)
        self._others.tell(
            self._report,
            "is of another history: the tree over {entries} is not this one",
            "are of another history, the smallest of {low} entries, the largest of {high}",
        )
        cut = "" if broken or self._bad is not None else "the tail was cut off: "
        has = f"{cut}the log has {counted(size, 'entry', 'entries')}"
        self._beyond.tell(
            self._report, has + ", and this checkpoint says {size}", has + ", and they say {low} to {high}"
        )

    def _change(self, good: int, bad: int) -> str:
        """Where the log and the checkpoints part."""
        if not self._later:
            known = f"the first {good} match a checkpoint" if good > 1 else "the first one matches a checkpoint"
            known = known if good else "no earlier checkpoint matches"
            place = f"in entry {good}" if bad - good == 1 else f"between entry {good} and entry {bad - 1}"
            return f"the change lies {place}: {known}, the checkpoint of {counted(bad, 'entry', 'entries')} does not"
        # Whoever has the signing key signed both: a checkpoint that does not match, and one after it that does.
        agree = f"up to entry {good - 1} it agrees with the checkpoint of size {good}; " if good else ""
        place = f"entry {good} is" if bad - good == 1 else f"entries {good} to {bad - 1} are"
        return (
            "was put back to an older state, or written anew, and went on from there: "
            f"{agree}{place} not what the checkpoint of size {bad} was signed over"
        )


class Log:
    """One walk over a whole ledger. Memory stays flat: lines, checkpoints and openings come one at a time."""

    def __init__(self, report: Report, story: Story, key: Key) -> None:
        self.tree = Tree()
        self._report, self._story, self._key = report, story, key
        self._order = _Order(report)
        self._at = ""
        self._held = _Held(report)

    def walk(
        self, lines: Iterable[str], openings: Iterator[Opening], checkpoints: Iterable[Iterator[Checkpoint]]
    ) -> None:
        """Verify `lines` against the checkpoints (each series in the order of sizes) and the openings (by sequence)."""
        ahead = _Ahead(openings)
        notes = _Ahead(heapq.merge(*checkpoints, key=lambda checkpoint: checkpoint[0]))
        self._compare(notes)
        for line in lines:
            with self._report.watch(f"entry {self._order.next} (line {self.tree.size + 1})"):
                self._read(line, ahead)
            self.tree.append(line.encode("utf-8", "surrogatepass"))
            self._compare(notes)
        self._finish(ahead, notes)

    def _read(self, line: str, openings: _Ahead[Opening]) -> None:
        expected = self._order.next
        self._order.next += 1  # also when the line cannot be read
        entry = read_entry(line)
        self._order.next = expected
        sequence = entry["sequence"]
        self._order.see(sequence, self.tree.size + 1)
        if entry["at"] < self._at:
            self._report.find(f"entry {sequence}", f"is of {entry['at']}, and the one before it of {self._at}")
        self._at = max(self._at, entry["at"])
        if self.tree.size == 0:
            self._report.trust["first_at"] = entry["at"]
            self._start(entry)
        content = None
        for number, opening, where in openings.up_to(sequence):
            if number < sequence:
                self._report.find(where, "opens no entry in this place of the log")
                continue
            with self._report.watch(where):
                content = opened(entry, opening)
        self._story.see(entry, content)

    def _start(self, entry: dict[str, Any]) -> None:
        facts = entry["facts"]
        if (
            entry["act"] != "ledger.start"
            or facts.get("origin") != self._key.name
            or facts.get("vkey") != self._key.text
        ):
            self._report.find(
                "entry 0", f"is not the start of the ledger {self._key.name} with the key {self._key.text}"
            )

    def _compare(self, notes: _Ahead[Checkpoint]) -> None:
        for checkpoint in notes.up_to(self.tree.size):
            self._held.compare(checkpoint, self.tree)

    def _finish(self, openings: _Ahead[Opening], notes: _Ahead[Checkpoint]) -> None:
        size, report, held = self.tree.size, self._report, self._held
        self._order.end()
        for _, _, where in openings.up_to(float("inf")):
            report.find(where, "opens an entry that the log does not have")
        for checkpoint in notes.up_to(float("inf")):
            held.beyond(checkpoint)
        held.end(size, broken=self._order.broken)
        if held.covered < size or size == 0:
            report.find("the log", f"is covered by no checkpoint from entry {held.covered} to its end")
        root = base64.b64encode(self.tree.root()).decode()
        report.trust.update({"size": size, "root": root, "last_at": self._at, "covered": held.covered})


def read_openings(report: Report, name: str, lines: Iterable[str]) -> Iterator[Opening]:
    """The openings in JSON lines; a finding for every line that holds none."""
    for number, line in enumerate(lines, 1):
        opening = None
        with report.watch(f"{name} line {number}"):
            opening = read_opening(line)
        if opening is not None:
            sequence = opening["sequence"]
            yield sequence, opening, f"{name} line {number} (entry {sequence})"


def _name(size: int, where: str) -> str:
    return f"checkpoint of {counted(size, 'entry', 'entries')} ({where})"
