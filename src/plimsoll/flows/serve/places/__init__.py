"""The texts in a request or an answer, wherever they stand; what is to be made of them is decided elsewhere."""

from ._escapes import decoded, is_json, unescaped
from ._numbers import without_tokens
from ._texts import Text, copied, joined_text, runs_of, texts_in

__all__ = [
    "Text",
    "copied",
    "decoded",
    "is_json",
    "joined_text",
    "runs_of",
    "texts_in",
    "unescaped",
    "without_tokens",
]
