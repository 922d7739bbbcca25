"""A guardrail on a request, on what is found for it, and on a whole answer."""

from dataclasses import replace
from typing import Any

from plimsoll.guardrails import Policy, Stage, stops
from plimsoll.models import Body, Passage, Quote

from .._errors import TokensUnreadableError
from .._events import GuardrailNote
from ..large import Asker
from ..places import without_tokens
from ._judge import Judge
from ._stages import CALLS, call_stage, found_stage, looks_at_answers
from ._stream_guard import StreamGuard, kept_of_choice

_FROM_OUTSIDE = ("tool", "function")
"""Roles whose text was found somewhere, and was not written by the caller."""
_ROLES = ("user", "system", "assistant", "developer")
_NOT_SAID = frozenset({"messages", "model", "user", "safety_identifier", "prompt_cache_key"})
_OURS = frozenset({"id", "object", "created", "model", "choices", "usage", "system_fingerprint"})
"""Fields of an answer that nobody is told as the provider wrote them."""
_TIERS = frozenset({None, "auto", "default", "flex", "priority", "scale", "standard"})
_CHOICE = frozenset({"index", "message", "finish_reason", "logprobs"})
_FINISHES = frozenset({None, "stop", "length", "tool_calls", "content_filter", "function_call"})
_SMALL = 100_000_000
"""Numbers below have too few digits to hold anything."""


class Guard:
    """One policy at work on one request; `notes` says what it found."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._judge = Judge(policy)

    @property
    def name(self) -> str:
        """The guardrail's name."""
        return self._policy.name

    @property
    def asker(self) -> Asker:
        """Whoever waits for what it says."""
        return self._judge.asker

    @property
    def notes(self) -> tuple[GuardrailNote, ...]:
        """What was found so far, without the texts."""
        return self._judge.notes

    def messages(self, body: Body) -> Body:
        """The call with what must not be there taken out, wherever it stands in it. Raises GuardrailBlockedError.

        The names by which a caller and its callers are known (`user`, …) are no part of what is said.
        """
        if self._is_plain(body):
            return body
        messages = [self._message(message) for message in body["messages"]]
        around = {name: value for name, value in body.items() if name not in _NOT_SAID}
        return {**body, **self._judge.judged([around], "input")[0], "messages": messages}

    def inputs(self, body: Body) -> Body:
        """A call for vectors, as it may go on. Raises GuardrailBlockedError, and TokensUnreadableError for tokens."""
        if "input" in self._policy.stages and not all(isinstance(one, str) for one in body["input"]):
            raise TokensUnreadableError(self.name)
        around = {name: value for name, value in body.items() if name not in _NOT_SAID}
        allowed = self._judge.judged([around], "input")[0]
        return body if allowed is around else {**body, **allowed}

    def passages(self, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
        """The passages that may be shown to the model: a blocked one is left out."""
        return self._shown(passages, "retrieved", ("text", "title", "document"))

    def shown(self, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
        """The passages that may be named to the caller, who is not told their texts."""
        return self._shown(passages, "output", ("document",))

    def quotes(self, quotes: tuple[Quote, ...], span: str | None) -> tuple[tuple[Quote, ...], str | None]:
        """What an answer quotes, and its shortest stretch that answers, as both may go out.

        The stretch is left out where something was taken out of the answer. Raises GuardrailBlockedError.
        """
        if "output" not in self._policy.stages or not (quotes or span):
            return quotes, span
        told = [[quote.text, quote.document] for quote in quotes]
        allowed = self._judge.judged([told, [span] if span else []], "output")
        if allowed[0] is not told:
            quotes = tuple(
                replace(quote, text=text, document=document)
                for quote, (text, document) in zip(quotes, allowed[0], strict=True)
            )
        return quotes, None if self._judge.has_redacted("output") else span

    def answer(self, body: Body) -> Body:
        """A whole answer, as it may go out. Raises GuardrailBlockedError."""
        if not looks_at_answers(self._policy) or self._is_plain_answer(body):
            return body
        around: Body = {name: value for name, value in body.items() if name not in _OURS}
        if "output" in self._policy.stages:
            around = without_tokens(self._judge.judged([around], "output")[0])
        ours = {name: value for name, value in body.items() if name in _OURS}
        return {**ours, **around, "choices": [self._choice(choice) for choice in body["choices"]]}

    def stream(self) -> StreamGuard | None:
        """A guard for the pieces of an answer; None where the policy says nothing about answers."""
        return StreamGuard(self._judge) if looks_at_answers(self._policy) else None

    def _is_plain(self, body: Body) -> bool:
        """Whether there are only messages of plain text, as nearly always, and it is sure that nothing is in them."""
        texts = []
        for message in body["messages"]:
            text = message.get("content")
            if len(message) != 2 or text.__class__ is not str or message.get("role") not in _ROLES:  # noqa: PLR2004  # its role and its text
                return False
            texts.append(text)
        others = (value for name, value in body.items() if name not in _NOT_SAID)
        return all(map(_says_nothing, others)) and self._policy.clears(texts, "input")

    def _is_plain_answer(self, body: Body) -> bool:
        """Whether there is only plain text in an answer, as nearly always, and it is sure that nothing is in it."""
        texts = []
        for choice in body["choices"]:
            message = choice["message"]
            if not _is_plain_choice(choice) or message.get("role", "assistant") != "assistant":
                return False
            if any(value and name not in ("role", "content") for name, value in message.items()):
                return False
            texts.append(message.get("content") or "")
        if not body.keys() - {"service_tier"} <= _OURS or body.get("service_tier") not in _TIERS:
            return False
        return all(text.__class__ is str for text in texts) and self._policy.clears(texts, "output")

    def _message(self, message: Body) -> Body:
        stage: Stage = found_stage(self._policy) if message.get("role") in _FROM_OUTSIDE else "input"
        said, calls = _parted(message)
        allowed = self._judge.judged([said], stage, joined=True)[0]
        content = allowed.get("content")
        if allowed is not said and isinstance(content, list):
            # A part without text is refused by some providers.
            allowed = {**allowed, "content": [part for part in content if part != {"type": "text", "text": ""}]}
        return {**message, **allowed, **self._judge.judged([calls], stage)[0]}

    def _choice(self, choice: Body) -> Body:
        said, calls = _parted(choice["message"])
        allowed_calls = self._judge.judged([calls], call_stage(self._policy))[0]
        around: Body = {name: value for name, value in choice.items() if name != "message"}
        if "output" in self._policy.stages:
            around = kept_of_choice(self._judge, choice)
            said = without_tokens(self._judge.judged([said], "output", joined=True)[0])
        return {**around, "message": {**said, **allowed_calls}}

    def _shown(self, passages: tuple[Passage, ...], stage: Stage, fields: tuple[str, ...]) -> tuple[Passage, ...]:
        if stage not in self._policy.stages:
            return passages
        kept = (self._passage(passage, stage, fields) for passage in passages)
        return tuple(passage for passage in kept if passage is not None)

    def _passage(self, passage: Passage, stage: Stage, fields: tuple[str, ...]) -> Passage | None:
        changed: dict[str, Any] = {}
        for name in fields:
            text: str = getattr(passage, name)
            review = self._judge.review(text, stage)
            self._judge.count(review, stage)
            if stops(review.action):
                return None
            if review.text != text:
                changed[name] = review.text
        return replace(passage, **changed) if changed else passage


def _says_nothing(value: object) -> bool:
    if value is None or value.__class__ is bool:
        return True
    return isinstance(value, int | float) and -_SMALL < value < _SMALL


def _is_plain_choice(choice: Body) -> bool:
    known = choice.keys() <= _CHOICE and choice.get("index", 0).__class__ is int
    return known and not choice.get("logprobs") and choice.get("finish_reason") in _FINISHES


def _parted(message: Body) -> tuple[Body, Body]:
    """What a message says, and what it calls."""
    calls = {name: message[name] for name in CALLS if message.get(name)}
    return {name: value for name, value in message.items() if name not in calls}, calls
