"""Guardrails on a call: on its messages, on what was retrieved, and on the answer, whole or streamed."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from plimsoll.guardrails import Policy, Review, Stage, stops
from plimsoll.models import Body, Chunks, Passage

from ._errors import GuardrailBlockedError
from ._events import GuardrailNote
from ._stream_guard import CALLS, StreamGuard, call_stage
from .large import Asker
from .large import review as review_of
from .places import Text, copied, is_escaped, joined_text, runs_of, texts_in

_FROM_OUTSIDE = ("tool", "function")
"""Roles whose text was found somewhere, and was not written by the caller."""
_ROLES = ("user", "system", "assistant", "developer")
_NOT_SAID = frozenset({"messages", "model", "user", "safety_identifier", "prompt_cache_key"})
_ANSWER = frozenset({"id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier"})
_CHOICE = frozenset({"index", "message", "finish_reason", "logprobs"})
_NO_TEXTS = frozenset({int, float, bool, type(None)})


class Guard:
    """One policy at work on one request; `notes` says what it found."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._found: dict[tuple[Stage, str, str, str], int] = {}
        self.asker = Asker()

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
        """The call with what must not be there taken out, wherever it stands in it. Raises GuardrailBlockedError.

        The names by which a caller and its callers are known (`user`, …) are no part of what is said.
        """
        if self._is_plain(body):
            return body
        messages = [self._message(message) for message in body["messages"]]
        around = {name: value for name, value in body.items() if name not in _NOT_SAID}
        return {**body, **self.judged([around], "input")[0], "messages": messages}

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
        if self._is_plain_answer(body):
            return body
        around = {name: value for name, value in body.items() if name not in ("choices", "usage")}
        choices = [self._choice(choice) for choice in body["choices"]]
        return {**body, **self.judged([around], "output")[0], "choices": choices}

    def stream(self) -> StreamGuard | None:
        """A guard for the pieces of an answer; None where the policy says nothing about answers."""
        stages = self._policy.stages
        if "output" not in stages and "tool_call" not in stages:
            return None
        return StreamGuard(self._policy, self.note, self.judged)

    def note(self, review: Review, stage: Stage) -> Review:
        """Count what a review found; raises GuardrailBlockedError when it must stop here."""
        self._count(review, stage)
        if stops(review.action):
            raise GuardrailBlockedError(self.name, stage, review.reason)
        return review

    def judged(self, values: Sequence[Any], stage: Stage, *, joined: bool = False) -> Sequence[Any]:
        """JSON values as they may go on: the very same where nothing was taken out.

        With `joined` texts at the same place of several list items, or values, are also read as one: where something
        is taken out of that, the first of them holds what is left. Raises GuardrailBlockedError.
        """
        try:
            return self._judged(values, stage, joined=joined)
        except RecursionError:
            self.note(Review("block", "", (), "nested_too_deeply", self.name), stage)
            raise

    def _judged(self, values: Sequence[Any], stage: Stage, *, joined: bool) -> Sequence[Any]:
        found = texts_in(values)
        texts = [one.text for one in found] + ([joined_text(run) for run in runs_of(found)] if joined else [])
        if not texts or (not any(map(is_escaped, found)) and self._policy.clears(texts, stage)):
            return values
        copy: list[Any] = copied(values)
        found = texts_in(copy)
        before = sum(self._found.values())
        changed = [self._replace(one, stage) for one in found]
        if joined:
            alone = sum(self._found.values()) - before
            changed += [self._join(run, stage, alone) for run in runs_of(found)]
        return copy if any(changed) else values

    def _replace(self, one: Text, stage: Stage) -> bool:
        allowed = self._allowed(one.text, stage)
        if one.is_key:
            if allowed != one.text:
                self.note(Review("block", "", (), "found_in_a_key", self.name), stage)
            return False
        if is_escaped(one):
            allowed = self._unescaped(allowed, stage)
        if allowed != one.text:
            one.holder[one.key] = allowed
        return allowed != one.text

    def _unescaped(self, text: str, stage: Stage) -> str:
        """JSON may be written so that a pattern does not see what it says."""
        try:
            value = [msgspec.json.decode(text)]
        except msgspec.DecodeError:
            return text
        allowed = self.judged(value, stage)
        return text if allowed is value else json.dumps(allowed[0])

    def _join(self, run: Sequence[Text], stage: Stage, alone: int) -> bool:
        whole = joined_text(run)
        review = self._reviewed(whole, stage)
        changed = review.text != whole
        if changed or len(review.findings) > alone:
            self.note(review, stage)
        if changed:
            for place, one in enumerate(run):
                one.holder[one.key] = "" if place else review.text
        return changed

    def _is_plain(self, body: Body) -> bool:
        """Whether there are only messages of plain text, as nearly always, and it is sure that nothing is in them."""
        texts = []
        for message in body["messages"]:
            text = message.get("content")
            if len(message) != 2 or text.__class__ is not str or message.get("role") not in _ROLES:  # noqa: PLR2004  # its role and its text
                return False
            texts.append(text)
        others = (value for name, value in body.items() if name not in _NOT_SAID)
        return all(value.__class__ in _NO_TEXTS for value in others) and self._policy.clears(texts, "input")

    def _is_plain_answer(self, body: Body) -> bool:
        """Whether there is only plain text in an answer, as nearly always, and it is sure that nothing is in it."""
        texts = []
        for choice in body["choices"]:
            message = choice["message"]
            if not choice.keys() <= _CHOICE or choice.get("logprobs"):
                return False
            if any(value and name not in ("role", "content") for name, value in message.items()):
                return False
            texts.append(message.get("content") or "")
        plain = body.keys() <= _ANSWER and all(text.__class__ is str for text in texts)
        return plain and self._policy.clears(texts, "output")

    def _message(self, message: Body) -> Body:
        stage: Stage = "retrieved" if message.get("role") in _FROM_OUTSIDE else "input"
        said, calls = _parted(message)
        allowed = self.judged([said], stage, joined=True)[0]
        content = allowed.get("content")
        if allowed is not said and isinstance(content, list):
            # A part without text is refused by some providers.
            allowed = {**allowed, "content": [part for part in content if part != {"type": "text", "text": ""}]}
        return {**message, **allowed, **self.judged([calls], stage)[0]}

    def _choice(self, choice: Body) -> Body:
        said, calls = _parted(choice["message"])
        allowed_calls = self.judged([calls], call_stage(self._policy))[0]
        around = {name: value for name, value in choice.items() if name not in ("message", "logprobs")}
        if "output" in self._policy.stages:
            around = {**self.judged([around], "output")[0], "logprobs": None}
            said = self.judged([said], "output", joined=True)[0]
        return {**choice, **around, "message": {**choice["message"], **said, **allowed_calls}}

    def _allowed(self, text: str, stage: Stage) -> str:
        """The text as it may go on: the very same where nothing was taken out."""
        review = self._reviewed(text, stage)
        if review.action != "allow" or review.findings or review.failed:
            self.note(review, stage)
        return text if review.text == text else review.text

    def _review(self, text: str, stage: Stage) -> Review:
        """A review that is counted, and never stops the request."""
        review = self._reviewed(text, stage)
        self._count(review, stage)
        return review

    def _reviewed(self, text: str, stage: Stage) -> Review:
        return review_of(self._policy, text, stage, self.asker)

    def _count(self, review: Review, stage: Stage) -> None:
        if not review.findings and not review.failed:
            return
        for (check, kind, action), count in review.counts.items():
            self._add((stage, check, kind, action), count)
        if review.failed:
            self._add((stage, review.failed, review.reason, review.action), 1)

    def _add(self, found: tuple[Stage, str, str, str], count: int) -> None:
        self._found[found] = self._found.get(found, 0) + count


def guarded(guard: StreamGuard | None, chunks: Chunks) -> Iterable[Chunks]:
    """What of some chunks may go out now."""
    if guard is None:
        return (chunks,)
    allowed = guard.feed(chunks)
    return (allowed,) if allowed is not None else ()


def closing(guard: StreamGuard | None) -> Iterable[Chunks]:
    """What a guard still holds when the model has said all. Raises GuardrailBlockedError."""
    allowed = None if guard is None else guard.finish()
    return (allowed,) if allowed is not None else ()


def _parted(message: Body) -> tuple[Body, Body]:
    """What a message says, and what it calls."""
    calls = {name: message[name] for name in CALLS if message.get(name)}
    return {name: value for name, value in message.items() if name not in CALLS}, calls
