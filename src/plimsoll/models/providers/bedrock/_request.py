"""A call in OpenAI's form as a call of Amazon Bedrock's Converse."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ..._types import Body
from ..anthropic import Traits, traits
from ..translated import ANSWER_TOOL, EFFORT_TOKENS, Asked, Format
from ._messages import cache_point, conversation

_NATIVE: Final = frozenset(
    {
        "guardrailConfig", "performanceConfig", "requestMetadata", "promptVariables", "serviceTier", "outputConfig",
        "additionalModelResponseFieldPaths",
    }
)  # fmt: skip
"""Fields of Converse; every other unknown field belongs to the model behind it."""

_CLAUDE: Final = ("thinking", "top_k")
"""Fields that of the models of Bedrock only Claude has under these names."""
_WITHOUT_SCHEMA: Final = ("amazon.", "meta.", "ai21.", "cohere.", "writer.")
_NO_PARAMETERS: Final = {"type": "object", "properties": {}}
_MODEL_FIELDS: Final = "additionalModelRequestFields"


def payload(body: Body, *, model: str, most_tokens: int | None, options: Mapping[str, str]) -> dict[str, Any]:
    """The body of the request. Raises UntranslatableError."""
    asked = Asked(body, model)
    asked.check(choices=False)
    system, messages = conversation(asked)
    if not messages:
        raise asked.refuse("messages", "says nothing to answer", hint="send a message of the user that is not empty")
    said: dict[str, Any] = {"messages": messages}
    if system:
        said["system"] = system
    fields = _split(said, asked)
    _tools(said, asked)
    knows = _traits(model, options)
    _format(said, asked.format, knows)
    config: dict[str, Any] = {"stopSequences": asked.stops} if asked.stops else {}
    if asked.stops and "claude" in model:
        said.setdefault("additionalModelResponseFieldPaths", ["/stop_sequence"])  # which of them it was
    if (most := asked.max_tokens(most_tokens)) is not None:
        config["maxTokens"] = most
    _think(fields, asked, knows, may=_may_think(said), most=most)
    _sample(config, asked, knows, thinks="thinking" in fields)
    if config:
        said["inferenceConfig"] = config
    if fields:
        said[_MODEL_FIELDS] = fields
    return said


def _traits(model: str, options: Mapping[str, str]) -> Traits:
    """What the model takes: a Claude's name says it; of the others some makers have no structured output."""
    found = traits(model, options)
    if "claude" in model:
        return found
    told = options.get("structured_output")
    native = told == "native" or (told != "tool" and not any(maker in model for maker in _WITHOUT_SCHEMA))
    return Traits("none", "native" if native else "tool", sampling=True, efforts=frozenset())


def _split(said: dict[str, Any], asked: Asked) -> dict[str, Any]:
    """Fields of Converse go where they stand; what is left is the model's own."""
    unknown = asked.unknown_fields
    given = unknown.pop(_MODEL_FIELDS, None)
    said.update({name: unknown.pop(name) for name in _NATIVE if name in unknown})
    if "claude" not in asked.model:
        for name in _CLAUDE:
            unknown.pop(name, None)
    return {**unknown, **(given if isinstance(given, Mapping) else {})}


def _tools(said: dict[str, Any], asked: Asked) -> None:
    wanted = asked.choice
    tools: list[dict[str, Any]] = []
    for tool, function in asked.functions:
        if function is None:
            tools.append({name: value for name, value in tool.items() if name not in {"type", "cache_control"}})
        elif not wanted.names or len(wanted.names) == 1 or function["name"] in wanted.names:
            tools.append(_spec(function))
        tools += cache_point(asked, tool)
    if not tools or (wanted.mode == "none" and not _uses_tools(said["messages"])):
        return  # Converse has no word for `none`: tools are left out, unless the conversation is about them
    said["toolConfig"] = {"tools": tools}
    if wanted.native is not None:
        said["toolConfig"]["toolChoice"] = dict(wanted.native)
    elif wanted.mode == "required":
        only = {"tool": {"name": wanted.names[0]}} if len(wanted.names) == 1 else {"any": {}}
        said["toolConfig"]["toolChoice"] = only
    elif wanted.mode == "auto":
        said["toolConfig"]["toolChoice"] = {"auto": {}}


def _spec(function: Mapping[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "name": function["name"],
        "inputSchema": {"json": function.get("parameters") or _NO_PARAMETERS},
    }
    spec.update({name: function[name] for name in ("description", "strict") if function.get(name)})
    return {"toolSpec": spec}


def _uses_tools(messages: list[dict[str, Any]]) -> bool:
    return any("toolUse" in block or "toolResult" in block for message in messages for block in message["content"])


def _format(said: dict[str, Any], wanted: Format | None, knows: Traits) -> None:
    """Bedrock's own structured output promises the schema; other models are made to call a tool that has it."""
    if wanted is None:
        return
    if wanted.schema is not None and knows.structured_output == "native":
        schema = {"schema": msgspec.json.encode(wanted.closed_schema).decode(), "name": wanted.name}
        text = {"type": "json_schema", "structure": {"jsonSchema": schema}}
        given = said.get("outputConfig")
        said["outputConfig"] = {**(given if isinstance(given, Mapping) else {}), "textFormat": text}
        return
    spec = {
        "name": ANSWER_TOOL,
        "description": wanted.tool_description,
        "inputSchema": {"json": wanted.schema or {"type": "object"}},
    }
    others = said.get("toolConfig", {}).get("tools", [])
    said["toolConfig"] = {
        "tools": [*others, {"toolSpec": spec}],
        "toolChoice": {"any": {}} if others else {"tool": {"name": ANSWER_TOOL}},
    }


def _may_think(said: Mapping[str, Any]) -> bool:
    """Not with a forced tool, nor after a tool call whose own thinking is not in the conversation."""
    picked = said.get("toolConfig", {}).get("toolChoice", {})
    if "tool" in picked or "any" in picked:
        return False
    last = next((message for message in reversed(said["messages"]) if message["role"] == "assistant"), None)
    blocks = last["content"] if last else []
    return not any("toolUse" in block for block in blocks) or "reasoningContent" in blocks[0]


def _think(fields: dict[str, Any], asked: Asked, knows: Traits, *, may: bool, most: int | None) -> None:
    """Reasoning is the model's own business in Converse: Claude's thinking, and the effort of OpenAI's open models."""
    if not asked.effort or "thinking" in fields:
        return
    if "openai.gpt-oss" in asked.model:
        fields["reasoning_effort"] = asked.effort
    elif knows.thinking == "none" or asked.effort == "none" or not may:
        return
    elif knows.thinking == "adaptive":
        if nearest := knows.nearest(asked.effort):
            fields["thinking"] = {"type": "adaptive"}
            fields.setdefault("output_config", {"effort": nearest})
    else:
        budget = EFFORT_TOKENS.get(asked.effort, 0)
        budget = budget if most is None else min(budget, most // 2)
        if budget >= EFFORT_TOKENS["minimal"]:
            fields["thinking"] = {"type": "enabled", "budget_tokens": budget}


def _sample(config: dict[str, Any], asked: Asked, knows: Traits, *, thinks: bool) -> None:
    is_claude = "claude" in asked.model
    if is_claude and (thinks or not knows.sampling):
        return
    temperature, top_p = asked.number("temperature"), asked.number("top_p")
    if temperature is not None:
        config["temperature"] = min(max(temperature, 0), 1)
    if top_p is not None and (temperature is None or not is_claude):
        config["topP"] = top_p
