"""Which models a route or a pipeline can name, and how each of them is made.

Here: the prefixes of model names with their usual addresses and keys, the check of a name, and the making of chat
models, embedding models, embedders and rerankers. Not here: the models themselves (`plimsoll.models.providers`).
"""

from ._embedders import EMBEDDERS, Place, check_embedder_name, is_remote_embedder, make_embedder
from ._factory import RouteSettings, count_tokens, make_chat_model, make_embedding_model
from ._presets import check_model_name, default_key_reference
from ._rerankers import check_reranker_name, make_reranker, reranker_key_reference

__all__ = [
    "EMBEDDERS",
    "Place",
    "RouteSettings",
    "check_embedder_name",
    "check_model_name",
    "check_reranker_name",
    "count_tokens",
    "default_key_reference",
    "is_remote_embedder",
    "make_chat_model",
    "make_embedder",
    "make_embedding_model",
    "make_reranker",
    "reranker_key_reference",
]
