"""A whole knowledge base."""

from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from .._section import Definition
from ._chunk import ChunkSection
from ._embed import EmbedSection
from ._index import IndexSection
from ._load import LoadSection
from ._refresh import RefreshSection
from ._search import SearchSection
from ._sources import SourceSection


class KnowledgeDefinition(Definition):
    """`knowledge/*.yaml`: where the documents are, and how they become a searchable index."""

    sources: tuple[SourceSection, ...] = Field(
        min_length=1, description="a list of at least one source", examples=["sources: [{path: documents}]"]
    )
    load: LoadSection = LoadSection()
    chunk: ChunkSection = ChunkSection()
    embed: EmbedSection = EmbedSection()
    index: IndexSection = IndexSection()
    search: SearchSection = SearchSection()
    refresh: RefreshSection = Field(RefreshSection(), exclude=True)
    """No part of the version: when it is made anew shapes no answer."""

    @model_serializer(mode="wrap")
    def _write(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """The content, in which what answers searches stands only where it is given: it shapes no answer."""
        return {key: value for key, value in write(self).items() if key != "index" or value != {}}
