"""Guardrails on a call: on its messages, on what was retrieved, and on the answer, whole or streamed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from plimsoll.guardrails import Policy, Review, Stage, stops
from plimsoll.models import Body, Chunks, Passage

from ._errors import GuardrailBlockedError
from ._events import GuardrailNote
from ._stream_guard import TEXTS, StreamGuard

_FROM_OUTSIDE = ("tool", "function")
"""Roles whose text was found somewhere, and was not written by the caller."""


class Guard:
    """One policy at work on one request; `notes` says what it found."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._found: dict[tuple[Stage, str, str, str], int] = {}

    @property
    def name(self) -> str:
        """The guardrail's name."""
        return self._policy.name

    @property
    def notes(self) -> tuple[GuardrailNote, ...]:
        """What was found so far, without the texts."""
        found = self._found
        return tuple(GuardrailNote(*key, count=count) for key, count in found.items()) if found else ()

    def messages(self, body: Body) -> Body:
        """The call with what must not be there taken out. Raises GuardrailBlockedError."""
        messages = _replaced(body["messages"], self._message)
        return body if messages is None else {**body, "messages": messages}

    def passages(self, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
        """The passages that may be shown to the model: a blocked one is left out."""
        if "retrieved" not in self._policy.stages:
            return passages
        kept = []
        for passage in passages:
            review = self._review(passage.text, "retrieved")
            if not stops(review.action):
                kept.append(passage if review.text == passage.text else replace(passage, text=review.text))
        return tuple(kept)

    def texts(self, texts: Sequence[str]) -> list[str]:
        """Texts that come in, as they may be used. Raises GuardrailBlockedError."""
        return [self._allowed(text, "input") for text in texts]

    def answer(self, body: Body) -> Body:
        """A whole answer, as it may go out. Raises GuardrailBlockedError."""
        stages = self._policy.stages
        if "output" not in stages and "tool_call" not in stages:
            return body
        choices = _replaced(body["choices"], self._choice)
        return body if choices is None else {**body, "choices": choices}

    def stream(self) -> StreamGuard | None:
        """A guard for the pieces of an answer; None where the policy says nothing about answers."""
        stages = self._policy.stages
        if "output" not in stages and "tool_call" not in stages:
            return None
        return StreamGuard(self._policy, self.note)

    def note(self, review: Review, stage: Stage) -> Review:
        """Count what a review found; raises GuardrailBlockedError when it must stop here."""
        self._count(review, stage)
        if stops(review.action):
            raise GuardrailBlockedError(self.name, stage, review.reason)
        return review

    def _message(self, message: Body) -> Body:
        stage: Stage = "retrieved" if message.get("role") in _FROM_OUTSIDE else "input"
        content = message.get("content")
        if stage not in self._policy.stages or not content:
            return message
        if isinstance(content, str):
            text = self._allowed(content, stage)
            return message if text is content else {**message, "content": text}
        parts = _replaced(content, lambda part: self._part(part, stage))
        return message if parts is None else {**message, "content": parts}

    def _part(self, part: Body, stage: Stage) -> Body:
        text = part.get("text")
        if not isinstance(text, str):
            return part
        allowed = self._allowed(text, stage)
        return part if allowed is text else {**part, "text": allowed}

    def _choice(self, choice: Body) -> Body:
        message: Body = choice["message"]
        changed: dict[str, Any] = {}
        if "output" in self._policy.stages:
            for name in TEXTS:
                text = message.get(name)
                if isinstance(text, str) and (allowed := self._allowed(text, "output")) is not text:
                    changed[name] = allowed
        if "tool_call" in self._policy.stages and message.get("tool_calls"):
            changed["tool_calls"] = [self._call(call) for call in message["tool_calls"]]
        return {**choice, "message": {**message, **changed}} if changed else choice

    def _call(self, call: Body) -> Body:
        function = call.get("function")
        if not function or not isinstance(function.get("arguments"), str):
            return call
        return {**call, "function": {**function, "arguments": self._allowed(function["arguments"], "tool_call")}}

    def _allowed(self, text: str, stage: Stage) -> str:
        """The text as it may go on: the very same where nothing was taken out."""
        review = self._policy.review(text, stage)
        if review.action != "allow" or review.findings or review.failed:
            self.note(review, stage)
        return text if review.text == text else review.text

    def _review(self, text: str, stage: Stage) -> Review:
        """A review that is counted, and never stops the request."""
        review = self._policy.review(text, stage)
        self._count(review, stage)
        return review

    def _count(self, review: Review, stage: Stage) -> None:
        if not review.findings and not review.failed:
            return
        for (check, kind, action), count in review.counts.items():
            self._add((stage, check, kind, action), count)
        if review.failed:
            self._add((stage, review.failed, review.reason, review.action), 1)

    def _add(self, found: tuple[Stage, str, str, str], count: int) -> None:
        self._found[found] = self._found.get(found, 0) + count


def _replaced(values: Sequence[Body], replace: Callable[[Body], Body]) -> list[Body] | None:
    """The values, each replaced; None where all of them stay the very same."""
    changed: list[Body] | None = None
    for place, value in enumerate(values):
        new = replace(value)
        if new is not value:
            if changed is None:
                changed = list(values)
            changed[place] = new
    return changed


def guarded(guard: StreamGuard | None, chunks: Chunks) -> Iterable[Chunks]:
    """What of some chunks may go out now."""
    if guard is None:
        return (chunks,)
    allowed = guard.feed(chunks)
    return (allowed,) if allowed is not None else ()
