"""Where sections of a text begin, how deep they are, and what they are called."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from plimsoll.documents import Document

from ._marks import DASHES

_MARKUP = re.compile(r"[^\S\n]{0,12}(?:[#>*_=|]{1,6}[^\S\n]{0,4}){0,3}")
_MOST_MARKUP = 24
_TITLE_CHARACTERS = 200
_CLAUSE_LEVEL = 6
"""Numbered clauses are deeper than any heading of the document's own."""

_MOST_ABOVE = 12

_WORDS = (
    "article|section|clause|chapter|part|schedule|annex|appendix|exhibit|artikel|abschnitt|kapitel|anlage|anhang|teil"
    "|artículo|capítulo|sección|anexo|titre|chapitre|annexe|articolo|capitolo|allegato|artigo"
)
_CLAUSE = re.compile(
    # A line, or what was one before its line ends became wide gaps.
    r"(?:^[^\S\n]{0,60}|(?<=\S)[^\S\n]{3,12}(?=\S))(?:\*\*|__)?(?:"
    rf"(?P<word>(?i:{_WORDS})[^\S\n]{{1,3}}|§{{1,2}}[^\S\n]{{0,3}})(?P<label>\d{{1,3}}(?:\.\d{{1,3}}){{0,5}}|[IVXLC]{{1,7}}|[A-Z])(?!\w)"
    r"|(?P<roman>[IVX]{1,6}(?=\.))|(?P<number>\d{1,3}(?:\.\d{1,3}){0,5}))(?P<mark>[.):]?)(?:\*\*|__)?(?=\s|$)",
    re.MULTILINE,
)
_GAP = re.compile(r"\s{0,40}")
_REST_CHARACTERS = 200
_TITLE = re.compile(r"(?P<title>[^\n]{1,80}?)(?P<end>[.:](?=\s|$)|[^\S\n]{2}|$)")
_MOST_TITLE_WORDS = 10
_LEADERS = re.compile(r"\.{3,}|(?:\. ){3,}|\u2026")
_BEHIND_LABEL = ".: " + DASHES
_NO_CLAUSE = "%°.,;:/=+*" + DASHES


@dataclass(frozen=True, slots=True)
class Section:
    """A place where a section begins."""

    level: int
    """1 is the outermost."""
    start: int
    """First character of its line, with the signs that make it a heading."""
    end: int
    """Behind its heading."""
    title: str
    """One line; empty for a clause that has no words of its own."""


@dataclass(frozen=True, slots=True)
class HeadingPlaces:
    """Ascending places where headings begin and end."""

    places: Sequence[int]

    def between(self, first: int, last: int) -> Sequence[int]:
        """Those inside a stretch."""
        return self.places[bisect_right(self.places, first) : bisect_left(self.places, last)]


def heading_places(document: Document) -> HeadingPlaces:
    """Where the document's own headings stand: nothing else is part of their sentence."""
    ends = (place for section in headings(document) for place in (section.start, section.end))
    return HeadingPlaces(sorted(set(ends)))


def headings(document: Document) -> list[Section]:
    """The document's own headings as sections."""
    text = document.text
    found = []
    for heading in document.headings:
        title = " ".join(text[heading.start : min(heading.end, heading.start + 2 * _TITLE_CHARACTERS)].split())
        if title:
            start = _line_start(text, heading.start)
            found.append(Section(heading.level, start, heading.end, title[:_TITLE_CHARACTERS]))
    return found


def outline(document: Document) -> list[Section]:
    """The document's headings, and the numbered clauses that its text has beside them."""
    own = headings(document)
    taken = HeadingPlaces([section.start for section in own])
    single = not own
    clauses = (
        clause
        for match in _CLAUSE.finditer(document.text)
        if (clause := _clause(match, single=single)) and not taken.between(match.start() - 1, match.end())
    )
    return sorted((*own, *clauses), key=lambda section: section.start)


def _line_start(text: str, start: int) -> int:
    """The first character of a heading's line, if only the signs of a heading stand before it."""
    least = max(0, start - _MOST_MARKUP)
    begin = text.rfind("\n", least, start) + 1 or (0 if least == 0 else start)
    return begin if _MARKUP.fullmatch(text, begin, start) else start


def _clause(match: re.Match[str], *, single: bool) -> Section | None:
    """The section that a numbered line begins; None for a line that only looks like one.

    `single` is whether a number without points is a clause where a title stands behind it; in a text with headings of
    its own such a line is an item of a list.
    """
    begins = _GAP.match(match.string, match.end())
    at = begins.end() if begins else match.end()
    gap = match.string[match.end() : at]
    rest = match.string[at : at + _REST_CHARACTERS].partition("\n")[0]
    if _LEADERS.search(rest):
        return None
    if match["number"] is not None:
        depth = match["number"].count(".") + 1
        told = _numbered(match, gap, rest, single=single)
    else:
        depth = (match["label"] or "").count(".")
        told = _labelled(match, gap, rest)
    if told is None:
        return None
    title, _ = told
    start = match.start() + len(match[0]) - len(match[0].lstrip())
    label = f"{(match['word'] or '').strip()} {match['label'] or match['roman'] or match['number']}".strip()
    end = max(match.end(), at + len(title)) if title else match.end()
    return Section(_CLAUSE_LEVEL + depth, start, end, " ".join(f"{label} {title}".split())[:_TITLE_CHARACTERS])


def _labelled(match: re.Match[str], gap: str, rest: str) -> tuple[str, str] | None:
    """Title and its end behind `Article 5` or `IV.`; None where the sentence only speaks of it."""
    words = rest.lstrip(_BEHIND_LABEL)
    title, end = _title(words)
    if match["roman"]:
        return (title, end) if title and end != "." else None
    if "\n" in gap or not rest:
        return title if "\n" not in words and len(gap.strip(" ")) <= len("\n\n\n\n") else "", end
    return None if words[:1].islower() or (rest == words and not title and not match["mark"]) else (title, end)


def _numbered(match: re.Match[str], gap: str, rest: str, *, single: bool) -> tuple[str, str] | None:
    """Title and its end behind `4.2` or `4.`; None for a number that is none of a clause."""
    if not rest or rest[0].islower() or rest[0].isdigit() or rest[0] in _NO_CLAUSE:
        return None
    title, end = _title(rest)
    whole = len(title) == len(rest.rstrip())
    marked, near = match["mark"] != "", "\n" not in gap and len(gap) <= len("   ")
    if "." in match["number"]:
        return (title, end) if near or marked else None
    if marked:
        # `24. Amendment. No amendment is ...` has a title, `1. Wash your hands.` has none.
        return (title, end) if single and title and (end != "." or len(rest.rstrip()) > len(title) + 1) else None
    return (title, end) if single and whole and near and not match[0][:1].isspace() else None


def _title(words: str) -> tuple[str, str]:
    """What looks like a title at the beginning of a line, and the sign that ends it; empty for a sentence."""
    found = _TITLE.match(words)
    title = found["title"].strip("*_ ") if found else ""
    fits = title and not title[0].islower() and len(title.split()) <= _MOST_TITLE_WORDS and title[-1] not in ",;!?"
    return (title, found["end"].strip()) if found and fits else ("", "")


class Breadcrumbs:
    """Tells under which headings a place stands."""

    def __init__(self, sections: Iterable[Section]) -> None:
        self._sections = list(sections)
        self._starts = [section.start for section in self._sections]
        self._above = list(_ancestors(self._sections))

    def at(self, place: int) -> tuple[str, ...]:
        """The headings above a place, outermost first; one that begins just there is not above itself."""
        last = bisect_right(self._starts, place) - 1
        if last < 0:
            return ()
        section = self._sections[last]
        chain = self._above[last] if place < section.end else (*self._above[last], last)
        return tuple(self._sections[number].title for number in chain if self._sections[number].title)


def _ancestors(sections: Sequence[Section]) -> Iterator[tuple[int, ...]]:
    """For each section those that it stands in, by number."""
    open_: list[int] = []
    for number, section in enumerate(sections):
        while open_ and sections[open_[-1]].level >= section.level:
            open_.pop()
        yield tuple(open_[-_MOST_ABOVE:])
        open_.append(number)
