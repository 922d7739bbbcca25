"""The chunk stage: loaded documents become documents that an index can hold."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from msgspec import msgpack

from plimsoll.documents import Document, decode_document
from plimsoll.kernel.digest import digest_json
from plimsoll.pipelines import CachedStage
from plimsoll.retrieval import Chunk, IndexedDocument
from plimsoll.retrieval.chunkers import ChunkSettings, ChunkTools, Contextualizer, chunk_document, chunker_fingerprint

from ._contexts import ContextWriter, Cut
from .loading import LoadedDocument

_MEDIA_TYPES = ("text/plain", "text/markdown")
"""Kinds of texts that chunkers treat in their own ways."""


@dataclass(frozen=True, slots=True)
class Chunking:
    """Cuts documents; each is remembered by its content and the settings."""

    settings: ChunkSettings
    load: CachedStage
    """Where the texts of loaded documents are."""
    stage: CachedStage
    tools: ChunkTools = field(default_factory=ChunkTools.usual)
    contextualizer: Contextualizer | None = None
    """Writes contexts in place of what the settings say."""
    writer: ContextWriter | None = None
    """The same by asking a model, about the chunks of many documents at once."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same documents could be cut in another way."""
        return digest_json([self._fingerprint(media_type) for media_type in _MEDIA_TYPES])

    def through(self, documents: Sequence[LoadedDocument]) -> list[IndexedDocument]:
        """The documents with their chunks, in order. Raises what `chunk_document` and ContextWriter raise."""
        loaded = [decode_document(encoded) for encoded in self.load.read([document.key for document in documents])]
        fingerprints = {kind: self._fingerprint(kind) for kind in {content.media_type for content in loaded}}
        keys = [
            digest_json([document.key, fingerprints[content.media_type]])
            for document, content in zip(documents, loaded, strict=True)
        ]
        cut = self.stage.through(
            keys, lambda places: self._cut([(documents[place].path, loaded[place]) for place in places])
        )
        return [
            _indexed(document, content, chunks)
            for document, content, chunks in zip(documents, loaded, cut, strict=True)
        ]

    def _fingerprint(self, media_type: str) -> str:
        writer = self.writer or self.contextualizer
        return chunker_fingerprint(self.settings, media_type, tools=self.tools, contextualizer=writer)

    def _cut(self, documents: Sequence[tuple[str, Document]]) -> list[bytes]:
        """The chunks of documents, each with its path."""
        cut = [
            Cut(
                path,
                content,
                chunk_document(content, self.settings, tools=self.tools, contextualizer=self.contextualizer),
            )
            for path, content in documents
        ]
        if self.writer is not None:
            contexts = self.writer.written(cut)
            cut = [replace(each, chunks=_told(each.chunks, said)) for each, said in zip(cut, contexts, strict=True)]
        return [
            msgpack.encode([(c.start, c.end, c.page, c.headings, c.parent, c.context) for c in each.chunks])
            for each in cut
        ]


_Kept = tuple[int, int, int, tuple[str, ...], tuple[int, int] | None, str]
"""Start, end, page, headings, parent and context of a chunk."""


def _told(chunks: Sequence[Chunk], contexts: Sequence[str]) -> tuple[Chunk, ...]:
    return tuple(replace(chunk, context=context) for chunk, context in zip(chunks, contexts, strict=True))


def _indexed(document: LoadedDocument, content: Document, cut: bytes) -> IndexedDocument:
    """What the source says of a document goes before what the file says of itself."""
    kept = msgpack.decode(cut, type=list[_Kept])
    said = dict(document.metadata)
    title = str(said.pop("title", "")) or content.title
    return IndexedDocument(
        path=document.path,
        digest=document.digest,
        title=title,
        media_type=content.media_type,
        text=content.text,
        pages=content.pages,
        chunks=tuple(
            Chunk(ordinal, start, end, page, content.text[start:end], headings, parent, context)
            for ordinal, (start, end, page, headings, parent, context) in enumerate(kept)
        ),
        language=content.language,
        metadata={**content.metadata, **said},
        access=document.access,
        boxes=content.boxes,
    )
