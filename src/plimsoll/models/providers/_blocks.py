"""What Anthropic's Messages API has and OpenAI's form has not, in OpenAI's form: for every provider but Anthropic."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

Part = Mapping[str, Any]

OWN_PARTS: Final = frozenset({"document", "search_result"})
"""Parts of a message that `as_parts` reads."""
_EFFORTS: Final = ((16_384, "high"), (8_192, "medium"), (0, "low"))
"""From how many tokens of thinking on which effort is nearest."""


def as_parts(part: Part) -> Sequence[Part] | None:
    """A document or the result of a search as texts and files; None for what cannot be said so."""
    inner = _document(part) if part.get("type") == "document" else _found(part)
    if inner and part.get("cache_control"):
        inner[-1] = {**inner[-1], "cache_control": part["cache_control"]}
    return inner


def effort_of(thinking: Any) -> str:
    """OpenAI's word for Anthropic's `thinking`; empty where that leaves it to the model."""
    if not isinstance(thinking, Mapping):
        return ""
    budget = thinking.get("budget_tokens")
    if thinking.get("type") != "enabled" or budget.__class__ is not int:
        return ""
    return next((effort for least, effort in _EFFORTS if budget >= least), "low")


def _document(part: Part) -> list[Part] | None:
    source = part.get("source")
    held = _held(source, part.get("title")) if isinstance(source, Mapping) else None
    if held is None:
        return None
    about = [text for text in (part.get("title"), part.get("context")) if isinstance(text, str) and text]
    return [_text("\n".join(about)), *held] if about else held


def _held(source: Part, title: Any) -> list[Part] | None:
    name = title if isinstance(title, str) and title else "document"
    match source:
        case {"type": "base64", "media_type": str(kind), "data": str(data)}:
            return [{"type": "file", "file": {"filename": name, "file_data": f"data:{kind};base64,{data}"}}]
        case {"type": "url", "url": str(url)}:
            return [{"type": "file", "file": {"filename": name, "url": url}}]
        case {"type": "text", "data": str(text)} | {"type": "content", "content": str(text)}:
            return [_text(text)]
        case {"type": "content", "content": [*blocks]}:
            return _texts(blocks)
    return None


def _found(part: Part) -> list[Part] | None:
    content = part.get("content")
    texts = _texts(content) if isinstance(content, list) else None
    if texts is None:
        return None
    about = [text for text in (part.get("title"), part.get("source")) if isinstance(text, str) and text]
    return [_text("\n".join(about)), *texts] if about else texts


def _texts(blocks: Sequence[Any]) -> list[Part] | None:
    """Blocks of text; None where one is something else."""
    texts = [block.get("text") for block in blocks if isinstance(block, Mapping) and block.get("type") == "text"]
    if len(texts) != len(blocks) or not all(isinstance(text, str) for text in texts):
        return None
    return [_text(str(text)) for text in texts if text]


def _text(text: str) -> Part:
    return {"type": "text", "text": text}
