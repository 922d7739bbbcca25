"""OpenAI's API, as the official SDKs use it.

What a served endpoint does is decided below (`flows`); here requests and answers only change their shape. Responses
have a room of their own inside this one.
"""

from ._completions import ChatDialect
from ._embeddings import read_embeddings, write_embeddings
from ._models import list_models, retrieve_model
from ._moderations import read_moderations, write_moderations
from ._operations import OPERATIONS
from .responses import ResponsesDialect

__all__ = [
    "OPERATIONS",
    "ChatDialect",
    "ResponsesDialect",
    "list_models",
    "read_embeddings",
    "read_moderations",
    "retrieve_model",
    "write_embeddings",
    "write_moderations",
]
