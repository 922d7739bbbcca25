"""The conversation: OpenAI's messages as Converse's `system` and `messages`."""

from collections.abc import Mapping
from typing import Any, Final

from ..translated import Asked, ToolCall

_SYSTEM: Final = frozenset({"system", "developer"})
_PICTURES: Final = {
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/jpg": "jpeg",
    "image/gif": "gif",
    "image/webp": "webp",
}
_DOCUMENTS: Final = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
}
_WITHOUT_CACHE: Final = (
    "openai.", "meta.", "mistral.", "deepseek.", "cohere.", "ai21.", "qwen.", "writer.", "amazon.titan",
)  # fmt: skip
"""Makers whose models refuse a call that says what to cache."""
_BUCKET: Final = "s3://"

_OWN: Final = frozenset(
    {
        "image", "document", "video", "audio", "guardContent", "cachePoint", "citationsContent", "searchResult",
        "reasoningContent", "toolUse", "toolResult",
    }
)  # fmt: skip
"""By one of them a block in Converse's own form is known."""

Blocks = list[dict[str, Any]]


def conversation(asked: Asked) -> tuple[Blocks, list[dict[str, Any]]]:
    """`system` and `messages`. Messages of one role that follow each other become one, as Converse demands it.

    Raises UntranslatableError.
    """
    system: Blocks = []
    messages: list[dict[str, Any]] = []
    for where, message in asked.messages:
        role = message["role"]
        if role in _SYSTEM:
            system.extend(_blocks(asked, message, where))
        elif role == "assistant":
            _append(messages, "assistant", _assistant(asked, message, where))
        else:
            _append(messages, "user", (_result if role == "tool" else _blocks)(asked, message, where))
    return system, messages


def _append(messages: list[dict[str, Any]], role: str, blocks: Blocks) -> None:
    if not blocks:
        return
    if messages and messages[-1]["role"] == role:
        messages[-1]["content"].extend(blocks)
    else:
        messages.append({"role": role, "content": blocks})


def cache_point(asked: Asked, holder: Mapping[str, Any]) -> Blocks:
    """Anthropic's `cache_control` as the block that Converse puts behind what is cached; not all models take it."""
    control = holder.get("cache_control")
    if not isinstance(control, Mapping) or any(maker in asked.model for maker in _WITHOUT_CACHE):
        return []
    return [{"cachePoint": {"type": "default", **({"ttl": control["ttl"]} if control.get("ttl") else {})}}]


def _blocks(asked: Asked, message: Mapping[str, Any], where: str) -> Blocks:
    found: Blocks = []
    for place, part in asked.openai_parts(message, where):
        found += [_block(asked, part, place), *cache_point(asked, part)]
    return found


def _block(asked: Asked, part: Mapping[str, Any], where: str) -> dict[str, Any]:
    kind = str(part.get("type"))
    if kind == "text":
        return {"text": part["text"]}
    if kind == "refusal":
        return {"text": str(part.get("refusal"))}
    if kind == "image_url":
        return {"image": _source(asked, part, where, _PICTURES)}
    if kind == "file":
        return {"document": {**_source(asked, part, where, _DOCUMENTS), "name": where.replace(".", " ")}}
    if kind == "input_audio":
        raise asked.refuse(where, "is audio, which is not passed on to Bedrock")
    if _OWN.isdisjoint(part):
        raise asked.refuse(where, f"is a part of type `{kind[:60]}`, which Bedrock does not have")
    return {name: value for name, value in part.items() if name not in {"type", "cache_control"}}


def _source(asked: Asked, part: Mapping[str, Any], where: str, formats: Mapping[str, str]) -> dict[str, Any]:
    found = asked.media(part, where)
    if not found.url:
        form = formats.get(found.mime_type)
        if form is None:
            raise asked.refuse(where, "is of a type that Bedrock does not take", hint=f"send {', '.join(formats)}")
        return {"format": form, "source": {"bytes": found.data}}
    suffix = found.url.rpartition(".")[2].lower()
    form = {"jpg": "jpeg"}.get(suffix, suffix)
    if not found.url.startswith(_BUCKET) or form not in formats.values():
        hint = "send a data URL, or s3://bucket/name.png"
        raise asked.refuse(where, "is an address on the web, which Bedrock does not fetch", hint=hint)
    return {"format": form, "source": {"s3Location": {"uri": found.url}}}


def _assistant(asked: Asked, message: Mapping[str, Any], where: str) -> Blocks:
    thinking = message.get("thinking_blocks")
    blocks = [_thought(block) for block in thinking if isinstance(block, Mapping)] if isinstance(thinking, list) else []
    blocks += _blocks(asked, message, where)
    for call in asked.calls(message, where):
        blocks += [_tool_use(call), *cache_point(asked, call.sent)]
    return blocks


def _thought(block: Mapping[str, Any]) -> dict[str, Any]:
    if block.get("type") == "redacted_thinking":
        return {"reasoningContent": {"redactedContent": block.get("data")}}
    text = {"text": block.get("thinking") or ""}
    signature = {"signature": block["signature"]} if block.get("signature") else {}
    return {"reasoningContent": {"reasoningText": {**text, **signature}}}


def _tool_use(call: ToolCall) -> dict[str, Any]:
    return {"toolUse": {"toolUseId": call.id, "name": call.name, "input": call.arguments}}


def _result(asked: Asked, message: Mapping[str, Any], where: str) -> Blocks:
    said = [block for block in _blocks(asked, message, where) if "cachePoint" not in block]
    result: dict[str, Any] = {
        "toolUseId": str(message.get("tool_call_id") or ""),
        "content": said or [{"text": "(empty)"}],  # Converse refuses a result without content
    }
    if message.get("is_error") is True:
        result["status"] = "error"
    return [{"toolResult": result}, *cache_point(asked, message)]
