"""Preview: what settings make of one document, before anything is built of it."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Literal

from plimsoll.documents import Document, LoadSettings, bounded_memory, decode_document, encode_document, load_file
from plimsoll.models import Embedder
from plimsoll.models.catalogue import count_tokens
from plimsoll.pipelines import Failed, map_isolated
from plimsoll.retrieval import Chunk, IndexedDocument
from plimsoll.retrieval.chunkers import KINDS, ChunkSettings, ChunkTools, chunk_document, tables

Context = Literal["none", "headings", "auto"]

_LOAD_TIMEOUT_S = 600.0
_TINY_CHARACTERS = 40
_BUCKETS = 8
_NICE = (1, 2, 2.5, 5, 10)
_WORDS_SHOWN = 80


@dataclass(frozen=True, slots=True)
class PreviewParts:
    """What a preview needs from outside."""

    make_embedder: Callable[[], Embedder]
    """Called only where the meaning decides on cuts."""
    reads_tokens: int | None = None
    """What the embedder of the index reads of a text at most; None for all of it."""
    context_by: str | None = None
    """The route that writes contexts when the index is built; a preview asks no model."""


@dataclass(frozen=True, slots=True)
class ChunkShown:
    """One chunk."""

    ordinal: int
    page: int
    start: int
    end: int
    tokens: int
    """Of all that is embedded for it, what stands above it included."""
    overlap: int
    """Characters at its beginning that are also the end of the chunk before."""
    headings: tuple[str, ...]
    parent: tuple[int, int] | None
    context: str
    text: str

    @property
    def characters(self) -> int:
        """Its length."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many chunks have `least` to `most` characters."""

    least: int
    most: int
    chunks: int


@dataclass(frozen=True, slots=True)
class Warned:
    """Something about the chunks that is likely not wanted."""

    code: str
    """`longer_than_read`, `tiny`, `torn_table`, `repeated`, `lost` or `without_context`."""
    message: str
    chunks: tuple[int, ...] = ()
    """The chunks that it is about, by their ordinals."""


@dataclass(frozen=True, slots=True)
class CutShown:
    """What one way to cut makes of the document."""

    settings: ChunkSettings
    unit: str
    """What `size` and `overlap` count."""
    chunks: tuple[ChunkShown, ...]
    histogram: tuple[Bucket, ...]
    warnings: tuple[Warned, ...]

    @property
    def sizes(self) -> tuple[int, float, int]:
        """Shortest, median and longest, in characters; zeros where there is no chunk."""
        lengths = [chunk.characters for chunk in self.chunks] or [0]
        return min(lengths), median(lengths), max(lengths)


@dataclass(frozen=True, slots=True)
class Preview:
    """A document, cut in one or several ways."""

    document: Document
    cuts: tuple[CutShown, ...]


def preview(
    file: Path, ways: Sequence[ChunkSettings], parts: PreviewParts, load: LoadSettings | None = None
) -> Preview:
    """Load a file, in a process of its own, and cut it in each of some ways.

    Raises what loading and cutting raise: leaves of DocumentError, and see `chunk_document`.
    """
    document = _loaded(file, load or LoadSettings())
    needs_meaning = any(way.kind == "semantic" for way in ways)
    tools = ChunkTools.usual(parts.make_embedder() if needs_meaning else None)
    return Preview(document, tuple(_cut(document, way, tools, parts) for way in ways))


def _loaded(file: Path, settings: LoadSettings) -> Document:
    (outcome,) = map_isolated(
        partial(_encoded, settings), [file], workers=1, timeout_s=_LOAD_TIMEOUT_S, describe=lambda path: path.name
    )
    if isinstance(outcome, Failed):
        raise outcome.error
    return decode_document(outcome.result)


def _encoded(settings: LoadSettings, file: Path) -> bytes:
    with bounded_memory(file.name, settings):
        return encode_document(load_file(file, file.name, settings))


def _cut(document: Document, settings: ChunkSettings, tools: ChunkTools, parts: PreviewParts) -> CutShown:
    chunks = chunk_document(document, settings, tools=tools)
    shown = tuple(_shown(document, chunks))
    return CutShown(
        settings=settings,
        unit=KINDS[settings.kind].unit if settings.kind in KINDS else "characters",
        chunks=shown,
        histogram=_histogram([chunk.characters for chunk in shown]),
        warnings=(*_warnings(document, shown, parts.reads_tokens), *_unwritten(parts.context_by)),
    )


def _shown(document: Document, chunks: Sequence[Chunk]) -> Iterator[ChunkShown]:
    indexed = IndexedDocument("", "", document.title, document.media_type, document.text, document.pages, tuple(chunks))
    reached = 0
    for chunk, embedded in zip(chunks, indexed.embedding_texts(), strict=True):
        yield ChunkShown(
            ordinal=chunk.ordinal,
            page=chunk.page,
            start=chunk.start,
            end=chunk.end,
            tokens=count_tokens(embedded),
            overlap=max(0, reached - chunk.start),
            headings=chunk.headings,
            parent=chunk.parent,
            context=chunk.context,
            text=chunk.text,
        )
        reached = max(reached, chunk.end)


def _histogram(lengths: Sequence[int]) -> tuple[Bucket, ...]:
    """Buckets of one round width from 0 to the longest."""
    if not lengths:
        return ()
    width = _round_width(max(lengths) / _BUCKETS)
    counts = Counter((length - 1) // width for length in lengths)
    return tuple(Bucket(place * width + 1, (place + 1) * width, counts[place]) for place in range(max(counts) + 1))


def _round_width(least: float) -> int:
    """The smallest of 10, 20, 25, 50, 100 and so on that is large enough."""
    power = 10
    while True:
        for digit in _NICE:
            if digit * power >= least:
                return int(digit * power)
        power *= 10


def _warnings(document: Document, chunks: Sequence[ChunkShown], reads_tokens: int | None) -> Iterator[Warned]:
    long = tuple(chunk.ordinal for chunk in chunks if reads_tokens is not None and chunk.tokens > reads_tokens)
    if long:
        message = f"chunks with more than the {reads_tokens} tokens that the embedder reads: {len(long)}"
        yield Warned("longer_than_read", message, long)
    tiny = tuple(chunk.ordinal for chunk in chunks if chunk.characters < _TINY_CHARACTERS)
    if tiny and len(chunks) > 1:
        yield Warned("tiny", f"chunks with fewer than {_TINY_CHARACTERS} characters: {len(tiny)}", tiny)
    yield from _torn_tables(document, chunks)
    counts = Counter(chunk.text for chunk in chunks)
    again = tuple(chunk.ordinal for chunk in chunks if counts[chunk.text] > 1)
    if again:
        yield Warned("repeated", f"chunks with the same words as another: {len(again)}", again)
    lost = _lost(document.text, chunks)
    if lost:
        yield Warned("lost", f"characters in no chunk, white space not counted: {lost}")


def _unwritten(route: str | None) -> Iterator[Warned]:
    if route is not None:
        message = (
            f"shown without the contexts that the route {route} writes when the index is built: no model was asked"
        )
        yield Warned("without_context", message)


def _torn_tables(document: Document, chunks: Sequence[ChunkShown]) -> Iterator[Warned]:
    """Tables that are whole in no chunk; what is a table is seen by the bars between its cells."""
    place = 0
    for table in tables(document.text):
        while place < len(chunks) and chunks[place].end <= table.start:
            place += 1
        pieces = []
        for chunk in chunks[place:]:
            if chunk.start >= table.end:
                break
            pieces.append(chunk)
        if not any(chunk.start <= table.start and table.end <= chunk.end for chunk in pieces):
            begins = " ".join(document.text[table.start : table.start + _WORDS_SHOWN].split())
            message = f"a table of {table.end - table.start} characters is torn into {len(pieces)} chunks: {begins}"
            yield Warned("torn_table", message, tuple(chunk.ordinal for chunk in pieces))


def _lost(text: str, chunks: Sequence[ChunkShown]) -> int:
    ends = [0, *(chunk.end for chunk in chunks)]
    starts = [*(chunk.start for chunk in chunks), len(text)]
    return sum(len("".join(text[end:start].split())) for end, start in zip(ends, starts, strict=True) if start > end)


def changed(
    settings: ChunkSettings, *, size: int | None = None, overlap: int | None = None, context: Context | None = None
) -> ChunkSettings:
    """The settings with something else in them. Raises SettingError.

    A smaller size alone takes the overlap with it, and parents grow and shrink with their children.
    """
    wanted = settings.size if size is None else size
    shared = max(0, min(settings.overlap, (wanted - 1) // 2)) if overlap is None else overlap
    parent = settings.parent_size if size is None else None
    told = settings.context if context is None else context
    return replace(settings, size=wanted, overlap=shared, parent_size=parent, context=told)
