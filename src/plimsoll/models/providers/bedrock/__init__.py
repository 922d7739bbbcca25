"""Amazon Bedrock behind the port `ChatModel`: OpenAI's form to Converse and back.

Here: the request (`_request`, `_messages`) and its signature (`_sign`), the whole answer (`_answer`), the binary stream
(`_frames`, `_stream`). Not here: the call itself (`translated`).
"""

from collections.abc import Callable

from plimsoll.http import Client

from ..._types import ChatModel
from ...prices import Price
from .._endpoint import ProviderEndpoint
from ..translated import TranslatedChatModel
from ._translate import BedrockTranslator

__all__ = ["BedrockTranslator", "make_model"]


def make_model(
    endpoint: ProviderEndpoint, *, client: Client, price: Price, count_tokens: Callable[[str], int]
) -> ChatModel:
    """A model behind this endpoint; `client` is closed by whoever made it."""
    return TranslatedChatModel(
        endpoint, BedrockTranslator(endpoint), client=client, price=price, count_tokens=count_tokens
    )
