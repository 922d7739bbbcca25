"""The `message` object: blocks, why it ended, and usage."""

from typing import Any, Final

import msgspec

from plimsoll.flows.serve import AnswerDone
from plimsoll.models import Body, Usage

from .._call_ids import signed_id

_STOP_REASONS: Final = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}
_STOPPED: Final = "stop_sequence"
_PAUSED: Final = "pause_turn"
"""The provider's own tools are not done yet: the model goes on when the message is sent back."""
_ARGUMENTS: Final = msgspec.json.Decoder(dict[str, Any])


def blocks_of(message: Body) -> list[dict[str, Any]]:
    """The content blocks of a whole answer: thoughts, words, calls."""
    blocks = list(message.get("thinking_blocks") or ())
    thought = message.get("reasoning_content") or message.get("reasoning")
    if thought and not blocks:
        blocks.append({"type": "thinking", "thinking": thought, "signature": ""})
    said = (message.get("content") or "") + (message.get("refusal") or "")
    calls = message.get("tool_calls") or ()
    if said or not (calls or blocks):
        blocks.append({"type": "text", "text": said, "citations": None})
    return [*blocks, *(_tool_use(call, place) for place, call in enumerate(calls))]


def _tool_use(call: Body, place: int) -> dict[str, Any]:
    function = call.get("function") or {}
    given = arguments_of(function.get("arguments"))
    return {"type": "tool_use", "id": signed_id(call) or f"toolu_{place}", "name": function.get("name"), "input": given}


def arguments_of(text: str | None) -> dict[str, Any]:
    """The arguments of a call. What a model wrote and is no JSON object is kept as text, for the caller to see."""
    if not text:
        return {}
    try:
        return _ARGUMENTS.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return {"arguments": text}


def ending(done: AnswerDone, choice: Body, stops: tuple[str, ...]) -> dict[str, Any]:
    """Why the model ended; by which stop sequence only where the provider says so, or there is only one."""
    matched = choice.get("stop_reason")
    if done.finish_reason == "stop" and isinstance(matched, str):
        if matched in stops:
            return {"stop_reason": _STOPPED, "stop_sequence": matched}
        if matched == _STOPPED and stops:
            return {"stop_reason": _STOPPED, "stop_sequence": stops[0] if len(stops) == 1 else None}
        if matched == _PAUSED:
            return {"stop_reason": _PAUSED, "stop_sequence": None}
    return {"stop_reason": _STOP_REASONS.get(done.finish_reason, "end_turn"), "stop_sequence": None}


def usage_of(usage: Usage) -> dict[str, Any]:
    """Tokens in Anthropic's words: those from the cache and those written into it are not in `input_tokens`."""
    return {
        "input_tokens": max(0, usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens),
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cached_tokens,
        "output_tokens": usage.output_tokens,
    }
