"""A call in OpenAI's form as a call of Google's generateContent."""

from collections.abc import Mapping
from typing import Any, Final

from ..._types import Body
from ..translated import EFFORT_TOKENS, Asked
from ._contents import conversation

_SAMPLING: Final = {
    "temperature": "temperature",
    "top_p": "topP",
    "seed": "seed",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "n": "candidateCount",
    "top_k": "topK",
}
_ANTHROPIC: Final = ("thinking", "top_k")
"""Fields of Anthropic's that have another name here."""
_MODES: Final = {"auto": "AUTO", "required": "ANY", "none": "NONE"}
_LEVELS: Final = {
    "minimal": "minimal",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "high",
}
_BY_BUDGET: Final = "gemini-2.5"


def payload(body: Body, *, model: str, most_tokens: int | None) -> dict[str, Any]:
    """The body of the request. Raises UntranslatableError."""
    asked = Asked(body, model)
    asked.check(choices=True)
    system, contents = conversation(asked)
    if not contents:
        raise asked.refuse("messages", "says nothing to answer", hint="send a message of the user that is not empty")
    native = asked.unknown_fields
    given = native.pop("generationConfig", None)
    for name in _ANTHROPIC:
        native.pop(name, None)
    said: dict[str, Any] = {**native, "contents": contents}
    if system:
        said["systemInstruction"] = {"parts": system}
    _tools(said, asked)
    config = {**_config(asked, most_tokens), **(given if isinstance(given, Mapping) else {})}
    if config:
        said["generationConfig"] = config
    return said


def _tools(said: dict[str, Any], asked: Asked) -> None:
    functions = asked.functions
    declared = [_declaration(function) for _, function in functions if function is not None]
    native = [_native(asked, tool, number) for number, (tool, function) in enumerate(functions) if function is None]
    if declared or native:
        said["tools"] = [*([{"functionDeclarations": declared}] if declared else []), *native]
    wanted = asked.choice
    if wanted.native is not None:
        said["toolConfig"] = dict(wanted.native)
    elif declared and wanted.mode in _MODES:
        calling: dict[str, Any] = {"mode": _MODES[wanted.mode]}
        if wanted.names:
            # Only some of the tools, though none has to be called: a mode of its own.
            calling = {
                "mode": "VALIDATED" if wanted.mode == "auto" else calling["mode"],
                "allowedFunctionNames": list(wanted.names),
            }
        said["toolConfig"] = {"functionCallingConfig": calling}


def _native(asked: Asked, tool: Mapping[str, Any], number: int) -> dict[str, Any]:
    """A tool of Google's own, such as its search; Anthropic's have a type instead of a name of their own."""
    if "type" in tool:
        raise asked.refuse(f"tools[{number}]", f"is of type `{str(tool['type'])[:60]}`, which Google does not have")
    return dict(tool)


def _declaration(function: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {"name": function["name"]}
    if function.get("description"):
        said["description"] = function["description"]
    if function.get("parameters"):
        said["parametersJsonSchema"] = function["parameters"]
    return said


def _config(asked: Asked, most_tokens: int | None) -> dict[str, Any]:
    config: dict[str, Any] = {
        theirs: value for ours, theirs in _SAMPLING.items() if (value := asked.number(ours)) is not None
    }
    if (most := asked.max_tokens(most_tokens)) is not None:
        config["maxOutputTokens"] = most
    if asked.stops:
        config["stopSequences"] = asked.stops
    if asked.body.get("logprobs") is True:
        config["responseLogprobs"] = True
        if (top := asked.number("top_logprobs")) is not None:
            config["logprobs"] = int(top)
    if (wanted := asked.format) is not None:
        config["responseMimeType"] = "application/json"
        if wanted.schema is not None:
            config["responseJsonSchema"] = wanted.schema
    if asked.effort and (thinking := _thinking(asked, most)):
        config["thinkingConfig"] = thinking
    return config


def _thinking(asked: Asked, most: int | None) -> dict[str, Any]:
    """Gemini 2.5 takes a number of tokens, at most half of `maxOutputTokens`; later models take a level."""
    if asked.effort == "none":
        return {"thinkingBudget": 0} if _BY_BUDGET in asked.model else {"thinkingLevel": "minimal"}
    if _BY_BUDGET not in asked.model:
        level = _LEVELS.get(asked.effort)
        return {"thinkingLevel": level, "includeThoughts": True} if level else {}
    budget = EFFORT_TOKENS.get(asked.effort, 0)
    budget = budget if most is None else min(budget, most // 2)
    return {"thinkingBudget": budget, "includeThoughts": True} if budget else {}
