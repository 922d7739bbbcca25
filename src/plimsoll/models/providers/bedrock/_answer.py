"""A whole answer of Converse, in OpenAI's form."""

from typing import Any

import msgspec

from ..translated import Facts, NonsenseError
from ._wire import Block, Reasoning, ToolUse, answer_decoder, finish_of, matched_by, thinking_block, usage_of


def whole(raw: bytes, *, model: str, answer_tool: str) -> tuple[dict[str, Any], Facts]:
    """A whole answer; Bedrock does not say which model made it. Raises NonsenseError."""
    try:
        answer = answer_decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        answer = None
    if answer is None or answer.output is None or answer.output.message is None or not answer.stop_reason:
        raise NonsenseError("the server sent something that is not an answer of Converse")
    message, is_answer = _said(answer.output.message.content, answer_tool)
    facts = Facts(usage_of(answer.usage), finish_of(answer.stop_reason, is_answer=is_answer), model)
    matched = matched_by(answer.stop_reason, answer.additional_model_response_fields)
    chosen = {"index": 0, "message": message, "finish_reason": facts.finish_reason, **matched}
    return {"object": "chat.completion", "model": model, "choices": [chosen]}, facts


def _said(blocks: list[Block], answer_tool: str) -> tuple[dict[str, Any], bool]:
    uses = [block.tool_use for block in blocks if block.tool_use is not None]
    calls = [use for use in uses if not answer_tool or use.name != answer_tool]
    answers = [_json(use.input) for use in uses if use not in calls][:1]
    text = "".join(answers or [block.text for block in blocks])
    message: dict[str, Any] = {"role": "assistant", "content": text if text or not calls else None}
    if calls:
        message["tool_calls"] = [_call(use) for use in calls]
    thoughts = [block.reasoning_content for block in blocks if block.reasoning_content is not None]
    if thoughts:
        message["thinking_blocks"] = [_thought(thought) for thought in thoughts]
        message["reasoning_content"] = "".join(
            thought.reasoning_text.text for thought in thoughts if thought.reasoning_text
        )
    return message, bool(answers) and not calls


def _call(use: ToolUse) -> dict[str, Any]:
    function = {"name": use.name, "arguments": _json(use.input)}
    return {"id": use.tool_use_id, "type": "function", "function": function}


def _thought(thought: Reasoning) -> dict[str, Any]:
    held = thought.reasoning_text
    return thinking_block(
        text=held.text if held else "",
        signature=held.signature if held else "",
        redacted=thought.redacted_content,
    )


def _json(value: Any) -> str:
    return msgspec.json.encode({} if value is None else value).decode()
