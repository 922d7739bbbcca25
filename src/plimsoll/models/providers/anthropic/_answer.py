"""A whole answer of Anthropic's Messages API, in OpenAI's form."""

from typing import Any

import msgspec

from ..translated import Facts, NonsenseError
from ._wire import NOT_AN_ANSWER, Block, Counts, finish_of, matched_by, message_decoder, refused, thinking_block


def whole(raw: bytes, answer_tool: str) -> tuple[dict[str, Any], Facts]:
    """A whole answer. Raises RefusedError or NonsenseError."""
    try:
        message = message_decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise NonsenseError(NOT_AN_ANSWER) from None
    if message.error is not None:
        raise refused(message.error)
    if message.stop_reason is None:
        raise NonsenseError(NOT_AN_ANSWER)
    said, is_answer = _said(message.content, answer_tool)
    counts = Counts()
    counts.take(message.usage)
    facts = Facts(
        counts.usage(), finish_of(message.stop_reason, is_answer=is_answer), message.model, counts.service_tier
    )
    chosen = {
        "index": 0,
        "message": said,
        "finish_reason": facts.finish_reason,
        **matched_by(message.stop_reason, message.stop_sequence),
    }
    return {"id": message.id, "object": "chat.completion", "model": message.model, "choices": [chosen]}, facts


def _said(blocks: list[Block], answer_tool: str) -> tuple[dict[str, Any], bool]:
    texts = [block.text for block in blocks if block.type == "text"]
    calls = [block for block in blocks if block.type == "tool_use"]
    answers = [block for block in calls if answer_tool and block.name == answer_tool]
    if answers:
        texts, calls = [_json(answers[0].input)], [block for block in calls if block.name != answer_tool]
    message: dict[str, Any] = {"role": "assistant", "content": "".join(texts) if texts or not calls else None}
    if calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": _json(call.input)}}
            for call in calls
        ]
    if thinking := [thinking_block(block) for block in blocks if block.type in {"thinking", "redacted_thinking"}]:
        message["thinking_blocks"] = thinking
        message["reasoning_content"] = "".join(block.thinking for block in blocks)
    return message, bool(answers) and not calls


def _json(value: Any) -> str:
    return msgspec.json.encode({} if value is None else value).decode()
