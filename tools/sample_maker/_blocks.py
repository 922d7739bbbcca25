r"""The small part of Markdown that the content files use, as blocks.

Known: headings (`#` to `###`), paragraphs (a line that ends in a backslash breaks there), bullets (`- `), tables with
a header row, `**bold**`, and `\pagebreak`, `\stamp TEXT` and `\sign NAME` on lines of their own.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 3."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text whose `lines` must stay apart, as in an address."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list without numbers."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, all of one length; the first row is the header, which may be empty."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class PageBreak:
    """The next block begins a new page, where the format has pages."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A rubber stamp, drawn by the scan writer; other formats print its text."""

    text: str


@dataclass(frozen=True, slots=True)
class Signature:
    """A hand-written signature over a typed name."""

    name: str


TextBlock = Heading | Paragraph | Bullets | Table | PageBreak
Block = TextBlock | Stamp | Signature

_NUMBER = re.compile(r"[-+]?[\d.,]+( ?%| ?EUR)?|EUR ?[-+]?[\d.,]+")


def parse(text: str) -> tuple[Block, ...]:
    """The blocks of a content file's body, in order."""
    chunks = re.split(r"\n\s*\n", text.strip())
    return tuple(block for chunk in chunks for block in _chunk(chunk.strip("\n")))


def typed(block: Block) -> TextBlock:
    """The block for formats that have no ink: a stamp in bold type, a signature by name."""
    match block:
        case Stamp(text):
            return Paragraph((f"**{text}**",))
        case Signature(name):
            return Paragraph((f"signed: {name}",))
        case _:
            return block


def bold_runs(text: str) -> Iterator[tuple[str, bool]]:
    """The stretches of a line, each with whether it is bold."""
    for index, run in enumerate(text.split("**")):
        if run:
            yield run, index % 2 == 1


def is_number(cell: str) -> bool:
    """Whether a cell holds an amount, which is set to the right."""
    return _NUMBER.fullmatch(cell.replace("**", "").strip()) is not None


def _heading(chunk: str) -> Iterator[Block]:
    first, _, rest = chunk.partition("\n")
    marks, _, title = first.partition(" ")
    yield Heading(level=len(marks), text=title.strip())
    if rest:
        yield from _chunk(rest)


def _bullets(chunk: str) -> Iterator[Block]:
    items = re.split(r"\n- ", chunk[2:])
    yield Bullets(tuple(" ".join(item.split()) for item in items))


def _table(chunk: str) -> Iterator[Block]:
    rows = [tuple(cell.strip() for cell in line.strip().strip("|").split("|")) for line in chunk.splitlines()]
    if len({len(row) for row in rows}) != 1:
        msg = f"the rows of this table differ in length: {chunk!r}"
        raise ValueError(msg)
    yield Table(header=rows[0], rows=tuple(rows[2:]))


def _paragraph(chunk: str) -> Iterator[Block]:
    lines = re.split(r"\\\n", chunk)
    yield Paragraph(tuple(" ".join(line.split()) for line in lines))


_KINDS: tuple[tuple[str, Callable[[str], Iterator[Block]]], ...] = (
    ("#", _heading),
    ("- ", _bullets),
    ("|", _table),
    ("\\pagebreak", lambda _: iter((PageBreak(),))),
    ("\\stamp ", lambda chunk: iter((Stamp(chunk.removeprefix("\\stamp ")),))),
    ("\\sign ", lambda chunk: iter((Signature(chunk.removeprefix("\\sign ")),))),
)


def _chunk(chunk: str) -> Iterator[Block]:
    for start, read in _KINDS:
        if chunk.startswith(start):
            return read(chunk)
    return _paragraph(chunk)
