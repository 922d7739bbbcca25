"""Small pieces of the page; `text` is the only way into it for anything that a run says."""

from html import escape

from .._types import Outcome
from ._words import safe

_CLASSES = {"pass": "pass", "fail": "fail", "not measured": "open"}


def text(said: str) -> str:
    """Text of anybody, as it may stand in an element or in a quoted attribute."""
    return escape(safe(said), quote=True)


def table(heads: str, rows: str) -> str:
    """A table that is scrolled by itself where the page is narrow; also by keyboard."""
    body = f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>"
    return f'<div class="scroll" tabindex="0"><table>{body}</table></div>'


def badge(outcome: Outcome) -> str:
    """A verdict in its colour; the word says it too."""
    return f'<span class="badge {_CLASSES[outcome]}">{outcome}</span>'
