"""The part of OpenAI's API that the official SDKs use: chat completions and models.

What a served endpoint does is decided below (`flows`); here requests and answers only change their shape.
"""

from ._chat import ChatCompletions
from ._models import list_models, retrieve_model

__all__ = ["ChatCompletions", "list_models", "retrieve_model"]
