"""Models behind servers that do not speak OpenAI's form: a translator and one call.

Here: the port of translators, the call that is the same for all of them, and careful reading of requests in OpenAI's
form. Not here: the translators (`anthropic`, `google`, `bedrock`), and servers that speak OpenAI's form.
"""

from ._asked import ANSWER_TOOL, EFFORT_TOKENS, Asked, Format, ToolCall
from ._model import TranslatedChatModel
from ._refusals import sort_refusal
from ._types import (
    JSON_HEADER,
    MOST_EVENT_BYTES,
    Call,
    Facts,
    Kind,
    NonsenseError,
    Refusal,
    RefusedError,
)

__all__ = [
    "ANSWER_TOOL",
    "EFFORT_TOKENS",
    "JSON_HEADER",
    "MOST_EVENT_BYTES",
    "Asked",
    "Call",
    "Facts",
    "Format",
    "Kind",
    "NonsenseError",
    "Refusal",
    "RefusedError",
    "ToolCall",
    "TranslatedChatModel",
    "sort_refusal",
]
