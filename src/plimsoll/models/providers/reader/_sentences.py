"""Cut a text into the units that can be quoted: sentences, list items, `Key: value` lines and table rows.

A single line break inside a paragraph is a space, because PDFs wrap lines; a blank line always ends a unit.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MAX_UNIT_CHARS: Final = 1000
_HEADING_CHARS: Final = 60
_WINDOW_CHARS: Final = 40
_ROW_CHARS: Final = 100

_ABBREVIATION_LIST = (
    "no nos inc ltd co corp llc mr mrs ms dr prof st sr jr vs etc e.g i.e eg ie cf approx art sec fig p pp vol ed al "
    "dept est gen gov hon lt sgt col capt rev jan feb mar apr jun jul aug sep sept oct nov dec u.s u.k a.m p.m ph.d "
    "nr bzw ca bros mt ft tel ext v"
)
_ABBREVIATIONS: Final = frozenset(_ABBREVIATION_LIST.split())
_LINE = re.compile(r"[^\n]*(?:\n|$)")
_WIDE_ENDS = "\u3002\uff01\uff1f\u0964"
_END_MARKS = rf"[.!?\u2026{_WIDE_ENDS}]"
# A row of marks is looked at from its first one alone: each of a million full stops must not look over all that follow.
_SENTENCE_END = re.compile(rf"(?<!{_END_MARKS}){_END_MARKS}+[\"'\u201d\u2019)\]]*(?:\[\w+\])*(?=\s|$)|[{_WIDE_ENDS}]")
_NOT_SPACE = re.compile(r"\S")
_LAST_WORD = re.compile(r"[\w.]+$")
_SECTION_NUMBER = re.compile(r"(?:\d{1,3}\.)*\d{1,3}|[ivxIVX]{1,4}|[a-zA-Z]")
_BULLET = r"[-*\u2022\u2013\u2023\u25e6]\s"
_LIST_ITEM = re.compile(
    rf"\s*(?:{_BULLET}|\(?(?:\d{{1,3}}(?:\.\d{{1,3}}){{0,3}}|[a-z]|[ivx]{{1,4}})[.)]\s|\d{{1,3}}(?:\.\d{{1,3}}){{1,3}}\s)"
)
_KEY_VALUE = re.compile(r"\s*[^\W\d_a-z][^:\n.;|]{0,40}:(?:\s|$)")
_BARE_KEY = re.compile(r"\s*[^\W\d_a-z][^:\n.;|]{0,40}:\s*")
_CELL_BORDER = re.compile(r"[^\s.!?:;] {2,}\S|\t|\|")
_HEADING_END = re.compile(r"[^:|\t]*[\w)\]\"'\u201d\u2019]")
_HEADING_NUMBER = re.compile(r"(?:(?:\d{1,2}\.)*\d{1,2}\.?|#{1,6}|\u00a7 ?\d+)\s+(?=\S)")
_TITLE_WORD: Final = r"[^\W\d_a-z][\w'\u2019/-]*"
_RUN_IN = re.compile(
    rf"\s*(?:(?:Section|SECTION|Article|ARTICLE)\s+)?(?:\d{{1,3}}\.)*\d{{1,3}}[.)]?\s+{_TITLE_WORD}"
    rf"(?:[,;]?\s+(?:{_TITLE_WORD}|of|and|or|to|the|for|by|in|on|with|&))*\."
)
_AMOUNT_END = re.compile(r"\d[.,]\d\d\s?(?:%|[A-Z]{3}|[\u20ac$\u00a3])?$")
_DIGIT = re.compile(r"\d")
_HEADING_WORD = re.compile(r"[^\W\d_]{4,}")
_STARTS_ANEW = re.compile(rf"\s*[\"'\u201c\u2018(\[]?(?:[A-Z0-9]|{_BULLET})")


@dataclass(frozen=True, slots=True)
class Unit:
    """Characters `start` to `end` of a text: something that can be quoted by itself, without white space around."""

    start: int
    end: int
    is_heading: bool = False


def split_units(text: str) -> tuple[Unit, ...]:
    """All units of `text`, in order and without overlap; every character that is not white space is in one of them."""
    units: list[Unit] = []
    for start, end in _blocks(text):
        if _is_heading(text[start:end].strip()[: _HEADING_CHARS + 2]):
            units.extend(_bounded(text, start, end, is_heading=True))
            continue
        for first, last in _sentences(text, start, end):
            units.extend(_bounded(text, first, last))
    return tuple(units)


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Paragraphs, and single lines that stand for themselves."""
    begin = -1
    closed = False
    for line in _LINE.finditer(text):
        content = line.group()
        if begin >= 0 and (closed or _starts_block(content, text, begin, line.start())):
            yield begin, line.start()
            begin, closed = -1, False
        if content.strip():
            begin = line.start() if begin < 0 else begin
            is_first = begin == line.start()
            closed = _ends_block(content, text[line.end() : line.end() + _HEADING_CHARS], is_first=is_first)
    if begin >= 0:
        yield begin, len(text)


def _starts_block(line: str, text: str, begin: int, end: int) -> bool:
    """A blank line, a list item, a `Key: value` line or a table row; but not what stands below a key as its value.

    The block before it is `text[begin:end]`, which is not copied for each of its lines.
    """
    if not line.strip() or _LIST_ITEM.match(line) or _KEY_VALUE.match(line):
        return True
    return _is_table_row(line) and not _BARE_KEY.fullmatch(text, begin, end)


def _ends_block(line: str, following: str, *, is_first: bool) -> bool:
    """A `Key: value` line, a table row, or a heading; but a key without a value takes the next line as its value."""
    if _KEY_VALUE.match(line):
        starts_anew = bool(_STARTS_ANEW.match(following))
        return not line.rstrip().endswith(":") and (starts_anew or line.rstrip()[-1] in ".;")
    if _is_table_row(line):
        return True
    return is_first and _is_heading(line) and bool(_STARTS_ANEW.match(following))


def _is_table_row(line: str) -> bool:
    """Cells parted by bars, tabs or wide gaps, or a short line that ends with an amount, as PDFs give their tables.

    Two spaces after a full stop are only an old habit.
    """
    content = line.strip()
    return bool(_CELL_BORDER.search(content)) or (
        len(content) <= _ROW_CHARS and content[:1].isupper() and bool(_AMOUNT_END.search(content))
    )


def _is_heading(block: str) -> bool:
    """A short line without an end mark that is numbered, marked as a heading, or has only capitalised words.

    A number and capitalised words may end with a full stop, as in `27. Governing Law.`.
    """
    line = block.strip()
    if len(line) > _HEADING_CHARS or "\n" in line:
        return False
    if _RUN_IN.fullmatch(line):
        return True
    if not _HEADING_END.fullmatch(line):
        return False
    number = _HEADING_NUMBER.match(line)
    words = _HEADING_WORD.findall(line)
    if number:
        return bool(words) and line[number.end()].isupper()
    return bool(words) and not _DIGIT.search(line) and all(word[0].isupper() for word in words)


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Sentences; a heading that runs into its text, such as `27. Governing Law. This ...`, stays with its sentence."""
    begin = start
    for match in _SENTENCE_END.finditer(text, start, end):
        runs_in = match.end() - begin <= _HEADING_CHARS and _RUN_IN.fullmatch(text[begin : match.end()])
        if runs_in and _NOT_SPACE.search(text, match.end(), end):
            continue
        if _is_end(text, begin, match):
            yield begin, match.end()
            begin = match.end()
    yield begin, end


def _is_end(text: str, begin: int, match: re.Match[str]) -> bool:
    rest = text[match.end() : match.end() + _WINDOW_CHARS].lstrip()
    if not match.group().startswith("."):
        return not rest[:1].islower()
    # A window, because a hostile text could make every full stop look back over all that was before.
    window = text[max(begin, match.start() - _WINDOW_CHARS) : match.start()]
    before = _LAST_WORD.search(window)
    word = before.group() if before else ""
    if len(match.group()) == 1 and (word.lower() in _ABBREVIATIONS or (len(word) == 1 and word.isupper())):
        return False
    if match.start() - begin < _WINDOW_CHARS and _SECTION_NUMBER.fullmatch(window.strip()):
        return False
    return not rest[:1].islower()


def _bounded(text: str, start: int, end: int, *, is_heading: bool = False) -> Iterator[Unit]:
    """The stretch without white space around it, cut at white space where it is longer than a unit may be."""
    while end - start > MAX_UNIT_CHARS:
        space = text.rfind(" ", start + MAX_UNIT_CHARS // 2, start + MAX_UNIT_CHARS)
        cut = space if space > start else start + MAX_UNIT_CHARS
        yield from _bounded(text, start, cut)
        start = cut
    piece = text[start:end]
    first = start + len(piece) - len(piece.lstrip())
    last = end - (len(piece) - len(piece.rstrip()))
    if first < last:
        yield Unit(first, last, is_heading)
