"""Cutting a document: the chunker that the settings choose, its cuts checked, and what stands above each of them."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from unicodedata import unidata_version

from plimsoll.documents import Document
from plimsoll.kernel.digest import digest_json

from .._errors import NotUnicodeError
from .._types import Chunk
from ._context import HeaderWriter
from ._errors import ChunkerOutputError, ChunkToolMissingError
from ._outline import Breadcrumbs, headings
from ._plugins import own_chunker
from ._stretches import is_markdown, page_stretches, trimmed
from ._types import Chunker, ChunkSettings, ChunkTools, Contextualizer, Cut
from .kinds.page import Pages
from .kinds.parent_child import ParentChild
from .kinds.recursive import Recursive
from .kinds.semantic import Semantic
from .kinds.sentences import Sentences
from .kinds.structure import Structure
from .kinds.tokens import Tokens

_FORMAT = 3
"""Goes up whenever the same cuts would give other chunks."""

NO_TOOLS = ChunkTools()


def chunk_document(
    document: Document,
    settings: ChunkSettings,
    *,
    tools: ChunkTools = NO_TOOLS,
    contextualizer: Contextualizer | None = None,
) -> tuple[Chunk, ...]:
    """The chunks of a document, in order of their start.

    Of a built-in kind, every character that is not white space is in at least one chunk, and no chunk is only white
    space, longer than `settings.size`, or on two pages. `contextualizer` writes the context in place of the one that
    the settings name. Raises NotUnicodeError for text that cannot be written as UTF-8, ChunkToolMissingError, and for a
    plug-in ChunkerMissingError, ChunkerBrokenError, ChunkerFailedError and ChunkerOutputError.
    """
    try:
        document.text.encode()
    except UnicodeEncodeError as error:
        raise NotUnicodeError(document.text[error.start : error.start + 40]) from None
    cuts = _checked(make_chunker(settings, tools).cut(document), settings.kind, document)
    chunks = tuple(_chunks(document, cuts, told=settings.context != "none"))
    writer = contextualizer or (HeaderWriter() if settings.context == "auto" else None)
    if writer is None:
        return chunks
    contexts = writer.contexts(document, chunks)
    return tuple(replace(chunk, context=context) for chunk, context in zip(chunks, contexts, strict=True))


def chunker_fingerprint(
    settings: ChunkSettings,
    media_type: str,
    *,
    tools: ChunkTools = NO_TOOLS,
    contextualizer: Contextualizer | None = None,
) -> str:
    """Changes whenever the same document could get other chunks; part of cache keys and of snapshots.

    Raises as `chunk_document` does for a chunker that cannot be made.
    """
    writer = contextualizer or HeaderWriter()
    return digest_json(
        {
            "format": _FORMAT,
            "unicode": unidata_version,
            "text": "markdown" if is_markdown(media_type) else "plain",
            "chunker": make_chunker(settings, tools).fingerprint,
            "context": writer.fingerprint if contextualizer or settings.context == "auto" else settings.context,
        }
    )


def make_chunker(settings: ChunkSettings, tools: ChunkTools) -> Chunker:
    """The chunker that the settings choose. Raises what `chunk_document` says for one that cannot be made."""
    size, overlap = settings.size, settings.overlap
    match settings.kind:
        case "recursive":
            return Recursive(size, overlap)
        case "structure":
            return Structure(size, overlap)
        case "sentences":
            return Sentences(size, overlap)
        case "page":
            return Pages(size, overlap)
        case "parent_child":
            return ParentChild(size, overlap, settings.most_of_parent)
    return _with_tools(settings, tools)


def _with_tools(settings: ChunkSettings, tools: ChunkTools) -> Chunker:
    if settings.kind == "tokens":
        if tools.tokens is None:
            raise ChunkToolMissingError(settings.kind, "a counter of tokens")
        return Tokens(settings.size, settings.overlap, tools.tokens)
    if settings.kind == "semantic":
        if tools.embedder is None:
            raise ChunkToolMissingError(settings.kind, "an embedder")
        return Semantic(settings.size, settings.overlap, tools.embedder, settings.method, settings.percentile)
    return own_chunker(settings)


def _checked(cuts: Iterable[Cut], name: str, document: Document) -> Iterator[Cut]:
    """The cuts that hold more than white space; none outside the text, none twice, none going back."""
    start = end = 0
    for cut in cuts:
        inside = 0 <= cut.start < cut.end <= len(document.text)
        if not inside:
            reason = f"{cut.start} to {cut.end} is no stretch of {len(document.text)} characters"
            raise ChunkerOutputError(name, document.title, reason)
        if cut.start < start or cut.end < end or (cut.start, cut.end) == (start, end):
            reason = f"{cut.start} to {cut.end} does not come after {start} to {end}"
            raise ChunkerOutputError(name, document.title, reason)
        if cut.parent is not None and not 0 <= cut.parent[0] <= cut.start < cut.end <= cut.parent[1] <= len(
            document.text
        ):
            reason = f"{cut.start} to {cut.end} is not inside its parent {cut.parent[0]} to {cut.parent[1]}"
            raise ChunkerOutputError(name, document.title, reason)
        start, end = cut.start, cut.end
        if not document.text[start:end].isspace():
            yield cut


def _chunks(document: Document, cuts: Iterable[Cut], *, told: bool) -> Iterator[Chunk]:
    pages = [(last, number) for number, _, last in page_stretches(document)]
    above = Breadcrumbs(headings(document))
    place = reached = 0
    for ordinal, cut in enumerate(cuts):
        begins, _ = trimmed(document.text, cut.start, cut.end) or (cut.start, cut.end)
        while pages[place][0] <= begins:
            place += 1
        # What it shares with the chunk before it may stand under another heading.
        fresh = trimmed(document.text, max(cut.start, reached), cut.end) or (begins, cut.end)
        reached = cut.end
        named = above.at(fresh[0]) if cut.headings is None else cut.headings
        yield Chunk(
            ordinal=ordinal,
            start=cut.start,
            end=cut.end,
            page=pages[place][1],
            text=document.text[cut.start : cut.end],
            headings=named if told else (),
            parent=cut.parent,
        )
