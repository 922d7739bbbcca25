"""Claude behind the port `ChatModel`: OpenAI's form to Anthropic's Messages API and back.

Here: the request (`_request`, `_messages`), the whole answer (`_answer`), the stream (`_stream`), what differs from one
Claude to the next (`_settings`). Not here: the call itself (`translated`).
"""

from collections.abc import Callable

from plimsoll.http import Client

from ..._types import ChatModel
from ...prices import Price
from .._endpoint import ProviderEndpoint
from ..translated import TranslatedChatModel
from ._settings import Traits, traits
from ._translate import AnthropicTranslator

__all__ = ["AnthropicTranslator", "Traits", "make_model", "traits"]


def make_model(
    endpoint: ProviderEndpoint, *, client: Client, price: Price, count_tokens: Callable[[str], int]
) -> ChatModel:
    """A model behind this endpoint; `client` is closed by whoever made it."""
    return TranslatedChatModel(
        endpoint, AnthropicTranslator(endpoint), client=client, price=price, count_tokens=count_tokens
    )
