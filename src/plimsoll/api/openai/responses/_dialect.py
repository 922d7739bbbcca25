"""`POST /v1/responses`: the request as a chat completion."""

from typing import Any, Final

from plimsoll.flows.serve import AnswerStarted, Surface

from ..._dialect import Asked, ReplyWriter
from ..._errors import FieldError, UnsupportedFieldError
from ...wire import as_type, read_object
from .._completions import users_in
from ._asked import ResponseFormatIn, ResponsesIn, ResponseToolIn
from ._items import messages_of
from ._object import Echo
from ._reply import ResponsesReply

_STATELESS_HINT: Final = "send the whole conversation in `input`"
_REFUSED: Final = {
    "previous_response_id": "this server keeps no responses to go on from",
    "conversation": "this server keeps no conversations",
    "prompt": "prompts are part of a release here, not of a request",
    "context_management": "nothing is left out of a conversation here",
    "moderation": "guardrails are part of a release here, not of a request",
}
_TRANSLATED: Final = frozenset(
    {
        *_REFUSED, "model", "input", "instructions", "stream", "stream_options", "store", "background", "tools",
        "tool_choice", "text", "reasoning", "include", "max_output_tokens", "max_tool_calls", "top_logprobs",
        "truncation", "parallel_tool_calls", "messages",
    }
)  # fmt: skip
_LOGPROBS: Final = "message.output_text.logprobs"
_SEALED: Final = "reasoning.encrypted_content"


class ResponsesDialect:
    """OpenAI's Responses, without memory and without tools of the server's own."""

    @property
    def surface(self) -> Surface:
        """Its name in traces."""
        return "responses"

    def read(self, body: bytes) -> Asked:
        """The request in `body`. Raises MalformedBodyError, FieldError and UnsupportedFieldError."""
        given = read_object(body)
        _refuse(given)
        asked = as_type(given, ResponsesIn)
        include = asked.include or ()
        chat = {
            "messages": messages_of(asked.input, asked.instructions),
            **{name: value for name, value in given.items() if name not in _TRANSLATED and value is not None},
            **_tools(asked, given),
            **_form(asked),
        }
        if asked.max_output_tokens is not None:
            chat["max_completion_tokens"] = asked.max_output_tokens
        if asked.top_logprobs or _LOGPROBS in include:
            chat |= {"logprobs": True, "top_logprobs": asked.top_logprobs or 0}
        return Asked(
            target=asked.model,
            body=chat,
            stream=asked.stream is True,
            users=users_in(asked.safety_identifier, asked.user),
            echo=Echo(given, seals_thinking=_SEALED in include),
        )

    def reply(self, asked: Asked, started: AnswerStarted, created: int) -> ReplyWriter:
        """A writer for the answer."""
        return ResponsesReply(started, started.name or asked.target, created, echo=asked.echo)


def _refuse(given: dict[str, Any]) -> None:
    for name, why in _REFUSED.items():
        if given.get(name) is not None:
            raise UnsupportedFieldError(name, why, hint=_STATELESS_HINT)
    if given.get("store") is True:
        raise UnsupportedFieldError("store", "this server keeps no responses", hint="send `store: false`")
    if given.get("background") is True:
        raise UnsupportedFieldError("background", "answers are given at once", hint="leave `background` out")


def _tools(asked: ResponsesIn, given: dict[str, Any]) -> dict[str, Any]:
    if not asked.tools:
        return {}
    chat: dict[str, Any] = {"tools": [_tool(tool, f"tools[{number}]") for number, tool in enumerate(asked.tools)]}
    if given.get("tool_choice") is not None:
        chat["tool_choice"] = _choice(given["tool_choice"])
    if asked.parallel_tool_calls is not None:
        chat["parallel_tool_calls"] = asked.parallel_tool_calls
    return chat


def _tool(tool: ResponseToolIn, where: str) -> dict[str, Any]:
    if tool.type != "function":
        raise UnsupportedFieldError(
            where, f"the tool `{tool.type[:60]}` is not done by this server", hint="use tools of type `function`"
        )
    if not tool.name:
        raise FieldError(f"{where}.name", "this field is required")
    optional = {"description": tool.description, "parameters": tool.parameters, "strict": tool.strict}
    kept = {name: value for name, value in optional.items() if value is not None}
    return {"type": "function", "function": {"name": tool.name, **kept}}


def _choice(choice: str | dict[str, Any]) -> str | dict[str, Any]:
    if isinstance(choice, str):
        return choice
    match choice:
        case {"type": "function", "name": str(name)}:
            return {"type": "function", "function": {"name": name}}
        case {"type": "allowed_tools", "mode": str(mode), "tools": [*tools]}:
            return {
                "type": "allowed_tools",
                "allowed_tools": {"mode": mode, "tools": [_choice(tool) for tool in tools]},
            }
    raise UnsupportedFieldError("tool_choice", "this is none of the choices that this server knows")


def _form(asked: ResponsesIn) -> dict[str, Any]:
    chat: dict[str, Any] = {}
    if asked.text is not None:
        if asked.text.verbosity is not None:
            chat["verbosity"] = asked.text.verbosity
        if asked.text.format is not None and asked.text.format.type != "text":
            chat["response_format"] = _format(asked.text.format)
    if asked.reasoning is not None and asked.reasoning.effort is not None:
        chat["reasoning_effort"] = asked.reasoning.effort
    return chat


def _format(form: ResponseFormatIn) -> dict[str, Any]:
    if form.type == "json_object":
        return {"type": "json_object"}
    if form.schema is None or not form.name:
        raise FieldError(f"text.format.{'name' if form.schema is not None else 'schema'}", "this field is required")
    schema: dict[str, Any] = {"name": form.name, "schema": form.schema}
    optional = {"strict": form.strict, "description": form.description}
    return {"type": "json_schema", "json_schema": schema | {k: v for k, v in optional.items() if v is not None}}
