"""From the bytes of a request to what the platform is asked."""

import re
from collections.abc import Sequence
from typing import Final, Literal

import msgspec
from starlette.requests import Request

from plimsoll.kernel.digest import Json
from plimsoll.models import Message

from .._errors import BodyTooLargeError, FieldError, MalformedBodyError, MediaTypeError, UnsupportedFieldError
from ._wire import ChatCompletionIn, ContentPart, MessageIn

USER_HEADER: Final = "x-plimsoll-user"

_LONGEST_USER: Final = 256
_Role = Literal["system", "user", "assistant"]
_DECODER: Final = msgspec.json.Decoder(ChatCompletionIn)
_PARAMETERS: Final = ("temperature", "top_p", "max_tokens", "max_completion_tokens", "seed", "stop")
_WHERE: Final = re.compile(r"(?P<problem>.*?)(?: - at `\$\.?(?P<param>[^`]*)`)?", re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(?P<field>\w+)`")


async def read_json(request: Request, limit_bytes: int) -> bytes:
    """The body, if it is declared as JSON and is not too long.

    The content type is also what keeps other sites from sending requests through a visitor's browser: a form cannot
    claim to be JSON, and for anything else the browser asks this server first, which never allows it.
    Raises MediaTypeError, BodyTooLargeError, and Starlette's ClientDisconnect.
    """
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise MediaTypeError(content_type)
    if _declared_length(request) > limit_bytes:
        raise BodyTooLargeError(limit_bytes)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > limit_bytes:
            raise BodyTooLargeError(limit_bytes)
    return bytes(body)


def _declared_length(request: Request) -> int:
    declared = request.headers.get("content-length", "")
    return int(declared) if declared.isascii() and declared.isdigit() else 0


def decode(body: bytes) -> ChatCompletionIn:
    """The request in `body`. Raises MalformedBodyError, FieldError and UnsupportedFieldError."""
    try:
        asked = _DECODER.decode(body)
    except msgspec.ValidationError as error:
        raise _field_error(str(error)) from None
    except msgspec.DecodeError as error:
        raise MalformedBodyError(str(error)) from None
    except UnicodeDecodeError:
        raise MalformedBodyError("it is not valid UTF-8") from None
    except RecursionError:
        raise MalformedBodyError("it is nested too deeply") from None
    _refuse_what_is_not_done(asked)
    return asked


def _field_error(text: str) -> FieldError:
    match = _WHERE.fullmatch(text)
    problem, where = (match["problem"], match["param"] or "") if match else (text, "")
    missing = _MISSING.fullmatch(problem)
    if missing:
        return FieldError(f"{where}.{missing['field']}".lstrip("."), "this field is required")
    return FieldError(where, problem[0].lower() + problem[1:])


def _refuse_what_is_not_done(asked: ChatCompletionIn) -> None:
    if asked.n not in (None, 1):
        raise UnsupportedFieldError("n", "only one choice can be asked for", hint="leave `n` out and ask again")
    for name, value in (("tools", asked.tools), ("functions", asked.functions)):
        if value:
            raise UnsupportedFieldError(
                name, "this kind of endpoint does not call tools", hint=f"leave `{name}` out of the request"
            )


def messages_from(asked: ChatCompletionIn) -> tuple[Message, ...]:
    """The conversation. Raises FieldError and UnsupportedFieldError for what is not text."""
    return tuple(_message(message) for message in asked.messages)


def _message(message: MessageIn) -> Message:
    if message.tool_calls:
        raise UnsupportedFieldError("messages", "this kind of endpoint does not take messages with tool calls")
    role = _role(message.role)
    if message.content is None:
        if role != "assistant":
            raise FieldError("messages", f"a message with role `{message.role}` has no content")
        return Message(role, "")
    if isinstance(message.content, str):
        return Message(role, message.content)
    return Message(role, "\n".join(_text(part) for part in message.content))


def _role(role: str) -> _Role:
    match role:
        case "developer" | "system":
            return "system"
        case "user":
            return "user"
        case "assistant":
            return "assistant"
        case "tool" | "function":
            raise UnsupportedFieldError("messages", f"this kind of endpoint does not take messages with role `{role}`")
        case _:
            raise FieldError(
                "messages", "a message has an unknown role", hint="use system, developer, user or assistant"
            )


def _text(part: ContentPart) -> str:
    if part.type != "text":
        raise UnsupportedFieldError(
            "messages", "this kind of endpoint reads text only", hint="send content parts of type `text`"
        )
    if part.text is None:
        raise FieldError("messages", "a content part of type `text` has no `text`")
    return part.text


def user_from(asked: ChatCompletionIn, in_headers: Sequence[str]) -> str:
    """The person for whom the caller asks, or empty: from the header, else `safety_identifier`, else `user`.

    Whatever is given must be fit: one text of at most 256 printable characters. Raises FieldError.
    """
    if len(in_headers) > 1:
        raise FieldError(USER_HEADER, "this header is given more than once", hint="name one user")
    given = {
        USER_HEADER: _header_text(in_headers[0]) if in_headers else "",
        "safety_identifier": asked.safety_identifier or "",
        "user": asked.user or "",
    }
    for name, text in given.items():
        _check_user(name, text)
    return next((text for text in given.values() if text), "")


def _header_text(value: str) -> str:
    try:
        return value.encode("latin-1").decode()  # the server reads bytes of headers as Latin-1
    except UnicodeDecodeError:
        raise FieldError(USER_HEADER, "it is not valid UTF-8") from None


def _check_user(name: str, text: str) -> None:
    if len(text) > _LONGEST_USER:
        raise FieldError(name, f"it has {len(text)} characters, and {_LONGEST_USER} are the most")
    if text and (not text.isprintable() or text.isspace()):
        raise FieldError(name, "it has characters that cannot be printed, or nothing else than spaces")


def parameters_from(asked: ChatCompletionIn) -> dict[str, Json]:
    """The sampling parameters that the caller set, under OpenAI's names."""
    values = ((name, getattr(asked, name)) for name in _PARAMETERS)
    return {name: value for name, value in values if value is not None}
