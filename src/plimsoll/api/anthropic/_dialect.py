"""`POST /v1/messages`: the request as a chat completion."""

from typing import Any, Final

from plimsoll.flows.serve import AnswerStarted, Surface

from .._dialect import Asked, ReplyWriter
from .._errors import FieldError, UnsupportedFieldError
from ..wire import as_type, read_object
from ._asked import MessagesIn, MessagesToolChoiceIn
from ._reply import MessagesReply
from ._turns import messages_of

_TRANSLATED: Final = frozenset(
    {
        "model", "messages", "system", "max_tokens", "stream", "stop_sequences", "tools", "tool_choice", "metadata",
        "output_config", "service_tier", "stream_options",
    }
)  # fmt: skip
_REFUSED: Final = {
    "container": "this server runs no code",
    "mcp_servers": "this server calls no tools itself",
    "context_management": "nothing is left out of a conversation here",
}
_TIERS: Final = {"auto": "auto", "standard_only": "default"}


class MessagesDialect:
    """Anthropic's Messages."""

    @property
    def surface(self) -> Surface:
        """Its name in traces."""
        return "messages"

    def read(self, body: bytes) -> Asked:
        """The request in `body`. Raises MalformedBodyError, FieldError and UnsupportedFieldError."""
        given = read_object(body)
        for name, why in _REFUSED.items():
            if given.get(name):
                raise UnsupportedFieldError(name, why, hint=f"leave `{name}` out")
        asked = as_type(given, MessagesIn)
        chat = {
            "messages": messages_of(asked.messages, asked.system),
            "max_completion_tokens": asked.max_tokens,
            **{name: value for name, value in given.items() if name not in _TRANSLATED and value is not None},
            **_tools(asked, given),
            **_form(asked),
        }
        if asked.stop_sequences:
            chat["stop"] = asked.stop_sequences
        user = asked.metadata.user_id if asked.metadata else None
        if user:
            chat["user"] = user
        if asked.service_tier is not None:
            chat["service_tier"] = _TIERS[asked.service_tier]
        return Asked(
            target=asked.model,
            body=chat,
            stream=asked.stream is True,
            users=(("metadata.user_id", user),) if user else (),
            echo=tuple(asked.stop_sequences or ()),
        )

    def reply(self, asked: Asked, started: AnswerStarted, created: int) -> ReplyWriter:  # noqa: ARG002 (no dates in this API)
        """A writer for the answer."""
        return MessagesReply(started, started.name or asked.target, asked=asked.body, stops=asked.echo)


def _tools(asked: MessagesIn, given: dict[str, Any]) -> dict[str, Any]:
    if not asked.tools:
        return {}
    chat: dict[str, Any] = {"tools": [_tool(tool, f"tools[{number}]") for number, tool in enumerate(given["tools"])]}
    choice = asked.tool_choice
    if choice is not None:
        chat["tool_choice"] = _choice(choice)
        if choice.disable_parallel_tool_use is not None:
            chat["parallel_tool_calls"] = not choice.disable_parallel_tool_use
    return chat


def _tool(tool: dict[str, Any], where: str) -> dict[str, Any]:
    if tool.get("type") not in {None, "custom"}:
        return tool  # one of Anthropic's own: only its models know it
    if not tool.get("name"):
        raise FieldError(f"{where}.name", "this field is required")
    function = {"name": tool["name"], "parameters": tool.get("input_schema") or {"type": "object", "properties": {}}}
    function |= {name: tool[name] for name in ("description", "strict") if tool.get(name) is not None}
    made = {"type": "function", "function": function}
    return {**made, "cache_control": tool["cache_control"]} if tool.get("cache_control") else made


def _choice(choice: MessagesToolChoiceIn) -> str | dict[str, Any]:
    if choice.type != "tool":
        return {"any": "required"}.get(choice.type, choice.type)
    if not choice.name:
        raise FieldError("tool_choice.name", "this field is required")
    return {"type": "function", "function": {"name": choice.name}}


def _form(asked: MessagesIn) -> dict[str, Any]:
    chat: dict[str, Any] = {}
    if asked.output_config is None:
        return chat
    if asked.output_config.effort is not None:
        chat["reasoning_effort"] = asked.output_config.effort
    if asked.output_config.format is not None:
        schema = {"name": "answer", "schema": asked.output_config.format.schema, "strict": True}
        chat["response_format"] = {"type": "json_schema", "json_schema": schema}
    return chat
