"""A call in OpenAI's form as a call of Anthropic's Messages API."""

from collections.abc import Mapping
from typing import Any, Final

from ..._types import Body
from ..translated import ANSWER_TOOL, EFFORT_TOKENS, Asked, Format
from ._messages import conversation
from ._settings import Traits

_DEFAULT_MAX_TOKENS: Final = 4096
_LEAST_BUDGET: Final = 1024
_TIERS: Final = {"auto": "auto", "default": "standard_only"}
_FORCED: Final = frozenset({"any", "tool"})
_NO_PARAMETERS: Final = {"type": "object", "properties": {}}


def payload(body: Body, *, model: str, most_tokens: int | None, traits: Traits) -> dict[str, Any]:
    """The body of the request, without `stream`. Raises UntranslatableError."""
    asked = Asked(body, model)
    asked.check(choices=False)
    system, messages = conversation(asked)
    if not messages:
        raise asked.refuse("messages", "says nothing to answer", hint="send a message of the user that is not empty")
    said: dict[str, Any] = {
        **asked.unknown_fields,
        "model": model,
        "max_tokens": asked.max_tokens(most_tokens) or _DEFAULT_MAX_TOKENS,
        "messages": messages,
    }
    if system:
        said["system"] = system
    if found := asked.stops:
        said["stop_sequences"] = found
    if (tier := _TIERS.get(str(body.get("service_tier")))) is not None:
        said["service_tier"] = tier
    _tools(said, asked)
    _format(said, asked.format, traits)
    _effort(said, asked.effort, traits)
    _sampling(said, asked, traits)
    return said


def _tools(said: dict[str, Any], asked: Asked) -> None:
    wanted = asked.choice
    tools = [_tool(tool, function) for tool, function in asked.functions]
    if wanted.names and wanted.mode in {"auto", "required"} and len(wanted.names) > 1:
        tools = [tool for tool in tools if tool.get("name") in wanted.names]
    if not tools:
        return
    said["tools"] = tools
    picked = _choice(wanted.mode, wanted.names) if wanted.native is None else dict(wanted.native)
    if asked.body.get("parallel_tool_calls") is False and picked.get("type") != "none":
        picked = {"type": "auto", **picked, "disable_parallel_tool_use": True}
    if picked:
        said["tool_choice"] = picked


def _choice(mode: str, names: tuple[str, ...]) -> dict[str, Any]:
    if mode == "required":
        return {"type": "tool", "name": names[0]} if len(names) == 1 else {"type": "any"}
    return {"type": mode} if mode in {"auto", "none"} else {}


def _tool(tool: Mapping[str, Any], function: Mapping[str, Any] | None) -> dict[str, Any]:
    if function is None:
        return dict(tool)  # a tool of Anthropic's own, such as its web search
    said: dict[str, Any] = {
        "name": function.get("name"),
        "input_schema": function.get("parameters") or _NO_PARAMETERS,
    }
    said.update({name: function[name] for name in ("description", "strict") if function.get(name)})
    cached = tool.get("cache_control") or function.get("cache_control")
    return {**said, "cache_control": cached} if cached else said


def _format(said: dict[str, Any], wanted: Format | None, traits: Traits) -> None:
    """Anthropic's own structured output promises the schema; older models are made to call a tool that has it."""
    if wanted is None:
        return
    if wanted.schema is not None and traits.structured_output == "native":
        config = said.get("output_config")
        said["output_config"] = {
            **(config if isinstance(config, Mapping) else {}),
            "format": {"type": "json_schema", "schema": wanted.closed_schema},
        }
        return
    tool = {
        "name": ANSWER_TOOL,
        "description": wanted.tool_description,
        "input_schema": wanted.schema or {"type": "object"},
    }
    others = said.get("tools", [])
    said["tools"] = [*others, tool]
    said["tool_choice"] = {"type": "any"} if others else {"type": "tool", "name": ANSWER_TOOL}


def _effort(said: dict[str, Any], effort: str, traits: Traits) -> None:
    if not effort or "thinking" in said or traits.thinking == "none":
        return
    if effort == "none":
        said["thinking"] = {"type": "disabled"}
    elif traits.thinking == "adaptive":
        _adaptive(said, effort, traits)
    elif not _may_not_think(said):
        # Thinking counts towards max_tokens, and half of it stays for the answer: no call costs more than it reserved.
        budget = min(EFFORT_TOKENS.get(effort, 0), said["max_tokens"] // 2)
        if budget >= _LEAST_BUDGET:
            said["thinking"] = {"type": "enabled", "budget_tokens": budget}


def _adaptive(said: dict[str, Any], effort: str, traits: Traits) -> None:
    config = said.get("output_config")
    nearest = traits.nearest(effort)
    if not nearest:
        return
    said["output_config"] = {"effort": nearest, **(config if isinstance(config, Mapping) else {})}
    if not _may_not_think(said):
        said["thinking"] = {"type": "adaptive"}


def _may_not_think(said: Mapping[str, Any]) -> bool:
    """Thinking is refused with a forced tool, and after a tool call whose own thinking is not in the conversation."""
    if _kind(said.get("tool_choice")) in _FORCED:
        return True
    last = next((message for message in reversed(said["messages"]) if message["role"] == "assistant"), None)
    blocks = last["content"] if last else []
    kinds = [_kind(block) for block in blocks]
    return "tool_use" in kinds and kinds[0] not in {"thinking", "redacted_thinking"}


def _kind(value: Any) -> str:
    """The `type` of an object that a caller may have sent in Anthropic's own form."""
    return str(value.get("type")) if isinstance(value, Mapping) else ""


def _sampling(said: dict[str, Any], asked: Asked, traits: Traits) -> None:
    """`temperature` from 0 to 1, or else `top_p`: together, or beside thinking, they are refused."""
    thinks = _kind(said.get("thinking")) not in {"", "disabled"}
    if not traits.sampling or thinks:
        said.pop("top_k", None)
        return
    temperature, top_p = asked.number("temperature"), asked.number("top_p")
    if temperature is not None:
        said["temperature"] = min(max(temperature, 0), 1)
    elif top_p is not None:
        said["top_p"] = top_p
