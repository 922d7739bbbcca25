"""Guardrails on a call: on its messages, on what was retrieved, and on the answer, whole or streamed."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from plimsoll.guardrails import Policy, Review, Stage, stops
from plimsoll.models import Body, Chunks, Passage

from ._errors import GuardrailBlockedError
from ._events import GuardrailNote
from ._stream_guard import StreamGuard

_FROM_OUTSIDE = ("tool", "function")
"""Roles whose text was found somewhere, and was not written by the caller."""


class Guard:
    """One policy at work on one request; `notes` says what it found."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._found: Counter[tuple[Stage, str, str, str]] = Counter()

    @property
    def name(self) -> str:
        """The guardrail's name."""
        return self._policy.name

    @property
    def notes(self) -> tuple[GuardrailNote, ...]:
        """What was found so far, without the texts."""
        return tuple(GuardrailNote(*key, count=count) for key, count in self._found.items())

    def messages(self, body: Body) -> Body:
        """The call with what must not be there taken out. Raises GuardrailBlockedError."""
        messages = [self._message(message) for message in body["messages"]]
        if all(new is old for new, old in zip(messages, body["messages"], strict=True)):
            return body
        return {**body, "messages": messages}

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
        return {**body, "choices": [self._choice(choice) for choice in body["choices"]]}

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
        parts = [self._part(part, stage) for part in content]
        return (
            message
            if all(new is old for new, old in zip(parts, content, strict=True))
            else {**message, "content": parts}
        )

    def _part(self, part: Body, stage: Stage) -> Body:
        text = part.get("text")
        if not isinstance(text, str):
            return part
        allowed = self._allowed(text, stage)
        return part if allowed is text else {**part, "text": allowed}

    def _choice(self, choice: Body) -> Body:
        message: dict[str, Any] = dict(choice["message"])
        if "output" in self._policy.stages:
            for name in ("content", "reasoning_content", "refusal"):
                if isinstance(message.get(name), str):
                    message[name] = self._allowed(message[name], "output")
        if "tool_call" in self._policy.stages and message.get("tool_calls"):
            message["tool_calls"] = [self._call(call) for call in message["tool_calls"]]
        return {**choice, "message": message}

    def _call(self, call: Body) -> Body:
        function = call.get("function")
        if not function or not isinstance(function.get("arguments"), str):
            return call
        return {**call, "function": {**function, "arguments": self._allowed(function["arguments"], "tool_call")}}

    def _allowed(self, text: str, stage: Stage) -> str:
        review = self.note(self._policy.review(text, stage), stage)
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
            self._found[stage, check, kind, action] += count
        if review.failed:
            self._found[stage, review.failed, review.reason, review.action] += 1


def guarded(guard: StreamGuard | None, chunks: Chunks) -> Iterable[Chunks]:
    """What of some chunks may go out now."""
    if guard is None:
        return (chunks,)
    allowed = guard.feed(chunks)
    return (allowed,) if allowed is not None else ()
