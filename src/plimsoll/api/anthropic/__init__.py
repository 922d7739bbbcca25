"""Anthropic's Messages API, as the official SDK uses it: translated into a chat completion, and back."""

from ._count import count_tokens, read_count
from ._dialect import MessagesDialect
from ._models import model_list, model_of
from ._operations import OPERATIONS

__all__ = ["OPERATIONS", "MessagesDialect", "count_tokens", "model_list", "model_of", "read_count"]
