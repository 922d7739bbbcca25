"""`POST /v1/chat/completions`: the request, and the answer whole or in chunks."""

from functools import cached_property
from typing import Any, Final

from plimsoll.flows.serve import Answer, AnswerDone, AnswerStarted, Surface
from plimsoll.models import Body, Chunks

from .._dialect import Asked
from .._errors import FieldError
from .._problems import Problem
from ..wire import as_type, facts, json_bytes, read_object
from ._asked import ChatIn, ChatMessageIn
from ._usage import usage_of

_NOT_IN_BODY: Final = ("model", "stream", "stream_options")
_OURS: Final = frozenset({"id", "object", "created", "model", "choices", "usage", "system_fingerprint", "plimsoll"})
# Of no use to a caller: padding against listeners on the provider's own line.
_LEFT_OUT: Final = _OURS | {"obfuscation"}
_NOTHING: Final[Body] = {}
_EMPTY_MESSAGE: Final[Body] = {"role": "assistant", "content": None, "refusal": None, "annotations": ()}
_DONE: Final = b"data: [DONE]\n\n"


class ChatDialect:
    """OpenAI's chat completions."""

    @property
    def surface(self) -> Surface:
        """Its name in traces."""
        return "chat"

    def read(self, body: bytes) -> Asked:
        """The request in `body`. Raises MalformedBodyError and FieldError."""
        given = read_object(body)
        asked = as_type(given, ChatIn)
        for number, message in enumerate(asked.messages):
            if type(message.content) is not str:
                _check_message(message, number)
        for name in _NOT_IN_BODY:
            given.pop(name, None)
        options = asked.stream_options
        return Asked(
            target=asked.model,
            body=given,
            stream=asked.stream is True,
            users=users_in(asked.safety_identifier, asked.user),
            echo=options is not None and options.include_usage is True,
        )

    def reply(self, asked: Asked, started: AnswerStarted, created: int) -> "ChatReply":
        """A writer for the answer."""
        return ChatReply(started, started.name or asked.target, created, include_usage=asked.echo is True)


def users_in(safety_identifier: str | None, user: str | None) -> tuple[tuple[str, str], ...]:
    """The fields in which OpenAI's API names the caller's user, the newer one first."""
    named = (("safety_identifier", safety_identifier), ("user", user))
    return tuple((field, text) for field, text in named if text)


def _check_message(message: ChatMessageIn, number: int) -> None:
    content = message.content
    if content is None:
        if message.role not in {"assistant", "function"}:
            raise FieldError(f"messages[{number}].content", f"a message with role `{message.role}` has no content")
    elif not isinstance(content, str):
        for place, part in enumerate(content):
            if part.type == "text" and part.text is None:
                raise FieldError(f"messages[{number}].content[{place}].text", "this field is required")


class ChatReply:
    """Writes one answer.

    What a provider sends is kept: all choices, log probabilities, tool calls, fields of its own. Who answered, when and
    for how many tokens is ours. That a choice is finished is only said at the end: until then a guardrail may have a
    word.
    """

    def __init__(self, started: AnswerStarted, model: str, created: int, *, include_usage: bool) -> None:
        self._started = started
        self._head = {
            "id": f"chatcmpl-{started.trace_id}",
            "created": created,
            "model": model,
            "system_fingerprint": started.release_name,
        }
        self._include_usage = include_usage
        self._suffix = b',"usage":null}\n\n' if include_usage else b"}\n\n"
        self._begun: set[int] = set()
        self._finished: dict[int, str] = {}

    def whole(self, answer: Answer) -> bytes:
        """The `chat.completion` object."""
        return json_bytes(
            {
                "service_tier": None,
                **answer.body,
                **self._head,
                "object": "chat.completion",
                "choices": [_whole_choice(choice, place) for place, choice in enumerate(answer.body["choices"])],
                "usage": usage_of(answer.done.usage),
                "plimsoll": facts(answer.started, answer.done),
            }
        )

    @cached_property
    def _prefix(self) -> bytes:
        """How every chunk begins; whole answers have no use for it."""
        chunk = json_bytes({**self._head, "object": "chat.completion.chunk"})
        return b"data: " + chunk[:-1] + b',"choices":'

    def opening(self) -> bytes:
        """Nothing: the first chunk of each choice names the role."""
        return b""

    def pieces(self, chunks: Chunks) -> bytes:
        """One event for each chunk that says something."""
        prefix, suffix, begun = self._prefix, self._suffix, self._begun
        events: list[bytes] = []
        for chunk in chunks.chunks:
            choices = chunk["choices"]
            if not choices:
                continue
            first = choices[0]
            if (
                len(choices) > 1
                or first.get("finish_reason") is not None
                or first.get("index", 0) not in begun
                or "role" in (first.get("delta") or _NOTHING)
            ):
                choices = [kept for choice in choices if (kept := self._adapted(choice)) is not None]
                if not choices:
                    continue
            events += (prefix, json_bytes(choices), b"" if chunk.keys() <= _LEFT_OUT else _extras(chunk), suffix)
        return b"".join(events)

    def closing(self, done: AnswerDone) -> bytes:
        """The ends of the choices, the last one with Plimsoll's facts; the usage if it was asked for; `[DONE]`."""
        events = []
        if not self._begun:
            events.append(self._chunk([self._adapted({"index": 0, "delta": {"content": ""}})]))
        indices = sorted(self._begun)
        for index in indices:
            reason = done.finish_reason if index == 0 else self._finished.get(index, "stop")
            said = json_bytes(facts(self._started, done)) if index == indices[-1] else b""
            events.append(
                self._chunk(
                    [{"index": index, "delta": {}, "logprobs": None, "finish_reason": reason}],
                    b',"plimsoll":' + said if said else b"",
                )
            )
        if self._include_usage:
            events.append(self._prefix + b'[],"usage":' + json_bytes(usage_of(done.usage)) + b"}\n\n")
        return b"".join((*events, _DONE))

    def broken(self, problem: Problem) -> bytes:
        """The error, as the last event; no `[DONE]` follows."""
        return b"data: " + problem.to_json() + b"\n\n"

    def _chunk(self, choices: list[Any], extras: bytes = b"") -> bytes:
        return b"".join((self._prefix, json_bytes(choices), extras, self._suffix))

    def _adapted(self, choice: Body) -> Body | None:
        """The choice with its role where it begins and nowhere else, and without its end; None if nothing is left."""
        index = choice.get("index", 0)
        delta = dict(choice.get("delta") or _NOTHING)
        role = delta.pop("role", None) or "assistant"
        reason = choice.get("finish_reason")
        if reason is not None:
            self._finished[index] = reason
        if index not in self._begun:
            self._begun.add(index)
            delta = {"role": role, **delta}
        elif not delta and not choice.get("logprobs"):
            return None
        return {**choice, "index": index, "delta": delta, "finish_reason": None}


def _whole_choice(choice: Body, place: int) -> Body:
    message = {**_EMPTY_MESSAGE, **(choice.get("message") or _NOTHING)}
    return {"index": place, "finish_reason": "stop", "logprobs": None, **choice, "message": message}


def _extras(chunk: Body) -> bytes:
    kept = {name: value for name, value in chunk.items() if name not in _LEFT_OUT}
    return b"," + json_bytes(kept)[1:-1]
