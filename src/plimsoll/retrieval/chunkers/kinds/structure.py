"""`structure`: sections and clauses as they are; small ones together, long ones cut between their blocks.

Sections are the document's own headings, and numbered clauses that its text has (`4.2 Notice`, `Article 5`, `§ 12`).
A table, an item of a list and a paragraph are torn only where they are longer than a chunk; a table then between rows.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from plimsoll.documents import Document
from plimsoll.kernel.digest import digest_json

from .._blocks import Block, blocks, lines, packed
from .._outline import Breadcrumbs, Section, outline
from .._seams import SEAM_RADIUS, content_seams
from .._stretches import Stretch, page_stretches, parts, trimmed, with_overlap
from .._types import Cut
from .recursive import Recursive

_FORMAT = 1
_SMALL = 4
"""A section shorter than the size divided by this is joined with a neighbour."""
_ALONE = 10
"""One shorter than the size divided by this is hardly more than its title."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """One section, or several that were joined."""

    level: int
    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Structure:
    """Cuts of at most `size` characters; only cuts inside one section overlap."""

    size: int
    overlap: int

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same document could be cut in another way."""
        return digest_json(["structure", _FORMAT, Recursive(self.size, 0).fingerprint, self.overlap])

    def cut(self, document: Document) -> Iterator[Cut]:
        """The cuts of each page, with the sections and clauses under which they stand."""
        text = document.text
        sections = outline(document)
        starts = [section.start for section in sections]
        above = Breadcrumbs(sections)
        for _, first, last in page_stretches(document):
            inside = sections[bisect_left(starts, first) : bisect_left(starts, last)]
            for group in self._grouped(_whole_sections(inside, first, last)):
                reached = group.start
                for start, end in self._stretches(text, group):
                    whole = trimmed(text, max(start, reached), end)
                    if whole is not None:
                        yield Cut(start, end, headings=above.at(whole[0]))
                    reached = end

    def _grouped(self, sections: Sequence[_Stretch]) -> Iterator[_Stretch]:
        """Sections with what they hold where that fits; small ones with a neighbour."""
        waiting: _Stretch | None = None
        for section in self._with_inner(sections):
            if waiting is None:
                waiting = section
            elif self._belong_together(waiting, section):
                waiting = replace(waiting, level=min(waiting.level, section.level), end=section.end)
            else:
                yield waiting
                waiting = section
        if waiting is not None:
            yield waiting

    def _belong_together(self, before: _Stretch, after: _Stretch) -> bool:
        small = self.size // _SMALL
        if after.level < before.level:
            # The next chapter is no part of this one, however short its last section is.
            return False
        if after.end - before.start <= self.size:
            return min(before.length, after.length) < small
        # A title does not stand alone, also where what it is the title of is cut.
        alone = self.size // _ALONE if after.length <= self.size else small
        return before.length < alone and (after.length > self.size or after.level > before.level)

    def _with_inner(self, sections: Sequence[_Stretch]) -> Iterator[_Stretch]:
        ends = _inner_ends(sections)
        place = 0
        while place < len(sections):
            stop = ends[place]
            whole = replace(sections[place], end=sections[stop - 1].end)
            if whole.length > self.size:
                stop, whole = place + 1, sections[place]
            yield whole
            place = stop

    def _stretches(self, text: str, group: _Stretch) -> Iterator[Stretch]:
        """The cuts of a section: itself, or where it is too long, its blocks together up to the size."""
        whole = trimmed(text, group.start, group.end)
        if whole is None or whole[1] - whole[0] <= self.size:
            yield from () if whole is None else (whole,)
            return
        room = self.size - self.overlap
        seams = content_seams(text, whole, SEAM_RADIUS * self.size)
        for first, last in parts(whole, seams):
            small = (piece for block in blocks(text, first, last) for piece in _torn(text, block, room))
            yield from with_overlap(text, packed(small, room), self.overlap)


def _torn(text: str, block: Block, size: int) -> Iterator[Stretch]:
    """A block itself, or where it is too long, its rows or what `recursive` makes of it."""
    if block.end - block.start <= size:
        yield block.start, block.end
        return
    rows = lines(text, block.start, block.end) if block.kind in {"table", "code"} else ((block.start, block.end),)
    shorter = Recursive(size, 0)
    for start, end in rows:
        whole = trimmed(text, start, end)
        if whole is not None and whole[1] - whole[0] <= size:
            yield whole
        elif whole is not None:
            yield from shorter.stretches(text, whole)


def _whole_sections(sections: Sequence[Section], first: int, last: int) -> list[_Stretch]:
    """The stretches of some sections, and what stands before the first of them."""
    starts = [section.start for section in sections]
    found = [
        _Stretch(section.level, start, end)
        for section, (start, end) in zip(sections, pairwise([*starts, last]), strict=True)
    ]
    lead = starts[0] if starts else last
    return [_Stretch(1, first, lead), *found] if lead > first else found


def _inner_ends(sections: Sequence[_Stretch]) -> list[int]:
    """For each section the number behind the last one that it holds."""
    ends = [len(sections)] * len(sections)
    open_: list[int] = []
    for number, section in enumerate(sections):
        while open_ and sections[open_[-1]].level >= section.level:
            ends[open_.pop()] = number
        open_.append(number)
    return ends
