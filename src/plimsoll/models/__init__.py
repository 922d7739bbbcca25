"""Language models and embedders, behind ports.

Here: the ports (`ChatModel`, `EmbeddingModel`, `Embedder`) and their values. Behind doors of their own: making a model
by its name (`plimsoll.models.catalogue`), what calls cost (`plimsoll.models.prices`), several models as one
(`plimsoll.models.routing`).
Not here: prompts (`plimsoll.prompts`), search and citations (`plimsoll.retrieval`), and where keys come from
(`plimsoll.settings` and `plimsoll.bootstrap`).
"""

from ._types import (
    Attempt,
    Body,
    ChatEnd,
    ChatModel,
    ChatRequest,
    Chunks,
    Completion,
    Embedder,
    EmbeddingModel,
    Embeddings,
    Message,
    Passage,
    Quote,
    Usage,
    text_piece,
)

__all__ = [
    "Attempt",
    "Body",
    "ChatEnd",
    "ChatModel",
    "ChatRequest",
    "Chunks",
    "Completion",
    "Embedder",
    "EmbeddingModel",
    "Embeddings",
    "Message",
    "Passage",
    "Quote",
    "Usage",
    "text_piece",
]
