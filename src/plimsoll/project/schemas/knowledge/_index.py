"""What answers searches over the index."""

from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from .._section import Section


class IndexSection(Section):
    """What answers searches over the index. All engines find the same, so another one is no other index."""

    engine: Literal["auto", "embedded", "lance", "pgvector"] | None = Field(
        None, description="auto, embedded, lance or pgvector", examples=["engine: lance"]
    )
    """None is what the installation says (PLIMSOLL_INDEX); `auto` goes by the number of chunks."""

    @model_serializer(mode="wrap")
    def _write(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in write(self).items() if value is not None}
