"""Gemini behind the port `ChatModel`: OpenAI's form to Google's generateContent and back.

Here: the request (`_request`, `_contents`), answers and streams (`_answer`), the meaning of Google's words (`_wire`).
Not here: the call itself (`translated`).
"""

from collections.abc import Callable

from plimsoll.http import Client

from ..._types import ChatModel
from ...prices import Price
from .._endpoint import ProviderEndpoint
from ..translated import TranslatedChatModel
from ._translate import GoogleTranslator

__all__ = ["GoogleTranslator", "make_model"]


def make_model(
    endpoint: ProviderEndpoint, *, client: Client, price: Price, count_tokens: Callable[[str], int]
) -> ChatModel:
    """A model behind this endpoint; `client` is closed by whoever made it."""
    return TranslatedChatModel(
        endpoint, GoogleTranslator(endpoint), client=client, price=price, count_tokens=count_tokens
    )
