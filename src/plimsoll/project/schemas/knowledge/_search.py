"""How passages are found."""

from typing import Literal

from pydantic import Field

from ..._fields import Finite
from .._section import Section


class SearchSection(Section):
    """How passages are found."""

    mode: Literal["hybrid", "vector", "text"] = Field(
        "hybrid", description="hybrid, vector or text", examples=["mode: hybrid"]
    )
    top_k: int = Field(6, ge=1, le=50, description="a whole number from 1 to 50", examples=["top_k: 6"])
    candidates: int = Field(
        100, ge=1, le=1000, description="a whole number from 1 to 1000", examples=["candidates: 100"]
    )
    vector_weight: Finite | None = Field(
        None, ge=0, le=1, description="a number from 0 to 1", examples=["vector_weight: 0.35"]
    )
    """Share of the vector search in the fused score; None is the built-in default of `plimsoll.retrieval`."""
