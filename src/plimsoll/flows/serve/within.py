"""What of a knowledge base may be searched for a request."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class Within(Struct, frozen=True, gc=False):
    """What of a knowledge base may be searched for a request."""

    groups: tuple[str, ...] | None = None
    """The groups of who asks, sorted: documents for everybody or for one of them. None finds everything, which is for
    the project's own commands and never for callers."""
    filter: Mapping[str, Any] = {}
    """What the documents must be, as `plimsoll.retrieval.Filter` reads it."""
