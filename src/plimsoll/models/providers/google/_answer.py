"""What Google answers, in OpenAI's form: whole, or event by event."""

import secrets
from collections.abc import Iterator
from typing import Any

import msgspec

from .._sse import BodyTooLargeError, SseDecoder
from ..translated import Facts, NonsenseError
from ._wire import Candidate, Part, finish_of, read, usage_of


class _Choice:
    """One candidate as far as it has come."""

    def __init__(self) -> None:
        self.calls = 0
        self.finish = ""

    def deltas(self, candidate: Candidate) -> Iterator[dict[str, Any]]:
        """What this part of a candidate adds, in order. Raises NonsenseError."""
        for part in candidate.content.parts if candidate.content else ():
            delta = self._delta(part)
            if delta:
                yield delta
        if candidate.finish_reason:
            self.finish = finish_of(candidate.finish_reason, calls=self.calls > 0)

    def _delta(self, part: Part) -> dict[str, Any]:
        if part.function_call is None:
            return {"reasoning_content" if part.thought else "content": part.text} if part.text else {}
        called = part.function_call
        call: dict[str, Any] = {
            "index": self.calls,
            "id": called.id or f"call_{secrets.token_hex(12)}",
            "type": "function",
            "function": {"name": called.name, "arguments": msgspec.json.encode(called.args or {}).decode()},
        }
        if part.thought_signature:
            call["extra_content"] = {"google": {"thought_signature": part.thought_signature}}
        self.calls += 1
        return {"tool_calls": [call]}


def whole(raw: bytes) -> tuple[dict[str, Any], Facts]:
    """A whole answer. A blocked prompt is an answer without text that a content filter ended.

    Raises RefusedError or NonsenseError.
    """
    answer = read(raw)
    choices = [_message(candidate) for candidate in answer.candidates or ()]
    if not choices:
        if not answer.is_blocked:
            raise NonsenseError("the server sent an answer without any candidate")
        choices = [{"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "content_filter"}]
    facts = Facts(usage_of(answer.usage_metadata), choices[0]["finish_reason"], answer.model_version)
    body = {"id": answer.response_id, "object": "chat.completion", "model": answer.model_version, "choices": choices}
    return body, facts


def _message(candidate: Candidate) -> dict[str, Any]:
    choice = _Choice()
    texts: dict[str, list[str]] = {"content": [], "reasoning_content": []}
    calls: list[dict[str, Any]] = []
    for delta in choice.deltas(candidate):
        for name, value in delta.items():
            texts[name].append(value) if name in texts else calls.extend(value)
    if not choice.finish:
        raise NonsenseError("the server sent an answer without an end")
    content = "".join(texts["content"])
    message: dict[str, Any] = {"role": "assistant", "content": content if content or not calls else None}
    if texts["reasoning_content"]:
        message["reasoning_content"] = "".join(texts["reasoning_content"])
    if calls:
        message["tool_calls"] = [{name: value for name, value in call.items() if name != "index"} for call in calls]
    said = {"index": candidate.index, "message": message, "finish_reason": choice.finish}
    return said if candidate.logprobs_result is None else {**said, "logprobs": _logprobs(candidate.logprobs_result)}


def _logprobs(result: Any) -> dict[str, Any] | None:
    """Google's `logprobsResult` as OpenAI's `logprobs`; None when it is in a form that nobody knows."""
    try:
        found = msgspec.convert(result, _Logprobs)
    except msgspec.ValidationError:
        return None
    tops = [step.candidates for step in found.top] or [[] for _ in found.chosen]
    return {
        "content": [
            {**_token(token), "top_logprobs": [_token(other) for other in others]}
            for token, others in zip(found.chosen, tops, strict=False)
        ]
    }


class _Token(msgspec.Struct):
    token: str
    logprob: float = msgspec.field(name="logProbability")


class _Tops(msgspec.Struct):
    candidates: list[_Token] = []


class _Logprobs(msgspec.Struct):
    chosen: list[_Token] = msgspec.field(default_factory=list, name="chosenCandidates")
    top: list[_Tops] = msgspec.field(default_factory=list, name="topCandidates")


def _token(token: _Token) -> dict[str, Any]:
    return {"token": token.token, "logprob": token.logprob, "bytes": list(token.token.encode())}


class EventReader:
    """One streamed answer. It is whole when every candidate that began has ended."""

    is_done = False
    """Google says no last word: the answer ends with the body."""

    def __init__(self, *, most_event_bytes: int) -> None:
        self._decoder = SseDecoder(max_event_bytes=most_event_bytes)
        self._choices: dict[int, _Choice] = {}
        self._usage: Any = None
        self._model = ""

    @property
    def facts(self) -> Facts:
        """What is known so far."""
        first = self._choices.get(0)
        return Facts(usage_of(self._usage), first.finish if first else "", self._model)

    @property
    def is_whole(self) -> bool:
        """Whether all text is there."""
        return bool(self._choices) and all(choice.finish for choice in self._choices.values())

    def feed(self, piece: bytes) -> list[dict[str, Any]]:
        """Chunks that became complete with these bytes. Raises RefusedError or NonsenseError."""
        try:
            events = self._decoder.feed(piece)
        except BodyTooLargeError:
            raise NonsenseError("the server sent more than fits into an answer") from None
        return [chunk for data in events for chunk in self._take(data)]

    def close(self) -> list[dict[str, Any]]:
        """Chunks of an event that was not ended. Raises RefusedError or NonsenseError."""
        return [chunk for data in self._decoder.close() for chunk in self._take(data)]

    def _take(self, data: bytes) -> Iterator[dict[str, Any]]:
        answer = read(data)
        self._model = answer.model_version or self._model
        self._usage = answer.usage_metadata or self._usage
        if answer.is_blocked and not answer.candidates:
            yield from self._block()
        for candidate in answer.candidates or ():
            yield from self._add(candidate)

    def _add(self, candidate: Candidate) -> Iterator[dict[str, Any]]:
        choice = self._choices.setdefault(candidate.index, _Choice())
        for delta in choice.deltas(candidate):
            yield _chunk(candidate.index, delta)
        if candidate.finish_reason:
            yield _chunk(candidate.index, {}, choice.finish)

    def _block(self) -> Iterator[dict[str, Any]]:
        self._choices.setdefault(0, _Choice()).finish = "content_filter"
        yield _chunk(0, {}, "content_filter")


def _chunk(index: int, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": index, "delta": delta, "finish_reason": finish}]}
