"""Which models a route or a pipeline can name, and how each of them is made.

Here: the prefixes of model names with their usual addresses and keys, the check of a name, and the making of chat
models, embedding models and embedders. Not here: the models themselves (`plimsoll.models.providers`).
"""

from ._factory import EMBEDDERS, RouteSettings, count_tokens, make_chat_model, make_embedder, make_embedding_model
from ._presets import check_model_name, default_key_reference

__all__ = [
    "EMBEDDERS",
    "RouteSettings",
    "check_model_name",
    "count_tokens",
    "default_key_reference",
    "make_chat_model",
    "make_embedder",
    "make_embedding_model",
]
