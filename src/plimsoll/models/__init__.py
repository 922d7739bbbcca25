"""Language models, embedders and what they cost, behind ports.

Here: the ports (`ChatModel`, `Embedder`) and their values, the providers behind them (`builtin/reader`, an extractive
reader that needs no key; any OpenAI-compatible server; `builtin/static`, an embedder that needs no network), their
presets and prices. Not here: prompts (`plimsoll.prompts`), search and citations (`plimsoll.retrieval`), and where keys
come from (`plimsoll.settings` and `plimsoll.bootstrap`).
"""

from ._factory import EMBEDDERS, RouteSettings, make_chat_model, make_embedder
from ._presets import check_model_name, default_key_reference
from ._types import ChatEnd, ChatModel, ChatRequest, Embedder, Message, Passage, Quote, TextDelta, Usage

__all__ = [
    "EMBEDDERS",
    "ChatEnd",
    "ChatModel",
    "ChatRequest",
    "Embedder",
    "Message",
    "Passage",
    "Quote",
    "RouteSettings",
    "TextDelta",
    "Usage",
    "check_model_name",
    "default_key_reference",
    "make_chat_model",
    "make_embedder",
]
