"""A guardrail on a request, on what is found for it, and on a whole answer."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from plimsoll.checks import Part
from plimsoll.guardrails import Policy, Stage, stops
from plimsoll.models import Body, Passage, Quote

from .._errors import TokensUnreadableError
from .._events import GuardrailNote
from ..large import Asker
from ..places import without_tokens
from ._judge import Judge
from ._known import TOOLS, is_result
from ._parts import part_of_name
from ._plain_texts import texts_of_answer, texts_of_call
from ._restored import Returned
from ._stages import CALLS
from ._stream_guard import StreamGuard, kept_of_choice

_SPEAKING = ("user", *TOOLS)
_NOT_SAID = frozenset({"messages", "model", "user", "safety_identifier", "prompt_cache_key"})
_OURS = frozenset({"id", "object", "created", "model", "choices", "usage", "system_fingerprint"})
"""Fields of an answer that nobody is told as the provider wrote them."""


class Guard:
    """One policy at work on one request; `notes` says what it found."""

    def __init__(self, policy: Policy, whole: Policy | None = None) -> None:
        """`policy` is what exceptions for this request leave of `whole`."""
        self._policy = policy
        self._judge = Judge(policy, whole)
        self._exempted = whole is not None and whole is not policy

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

    @property
    def is_exempted(self) -> bool:
        """Whether an exception holds for this request."""
        return self._exempted

    def waits(self, *places: Stage) -> bool:
        """Whether a check at one of these places asks somebody else, so that a thread should wait for it."""
        return self._judge.waits(*places)

    def is_given(self, body: Body) -> None:
        """Take what the model is given, with the prompt around what was let through."""
        self._judge.known.is_given(body)

    def messages(self, body: Body) -> Body:
        """The call with what must not be there taken out, wherever it stands in it. Raises GuardrailBlockedError.

        The names by which a caller and its callers are known (`user`, …) are no part of what is said.
        """
        known = self._judge.known
        known.asks(body)
        plain = texts_of_call(body, _NOT_SAID)
        if plain is not None and self._judge.clears(plain, "input"):
            return body
        self._judge.avoid(body)
        # What the caller says first: what tools said is looked at with that in mind, as it was let through.
        messages = [self._said(message) for message in body["messages"]]
        known.asks({**body, "messages": messages})
        messages = [self._found(message) for message in messages]
        around = {name: value for name, value in body.items() if name not in _NOT_SAID}
        allowed = {**body, **self._judge.judged([around], "input")[0], "messages": messages}
        known.asks(allowed)
        return allowed

    def inputs(self, body: Body) -> Body:
        """A call for vectors, as it may go on. Raises GuardrailBlockedError, and TokensUnreadableError for tokens."""
        if self._judge.looks_at("input") and not all(isinstance(one, str) for one in body["input"]):
            raise TokensUnreadableError(self.name)
        around = {name: value for name, value in body.items() if name not in _NOT_SAID}
        allowed = self._judge.judged([around], "input")[0]
        return body if allowed is around else {**body, **allowed}

    def passages(self, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
        """The passages that may be shown to the model: a blocked one is left out."""
        shown = self._shown(passages, "retrieved", ("text", "title", "document"))
        self._judge.known.retrieved(shown)
        return shown

    def shown(self, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
        """The passages that may be named to the caller, who is not told their texts."""
        return self._shown(passages, "output", ("document",))

    def quotes(self, quotes: tuple[Quote, ...], span: str | None) -> tuple[tuple[Quote, ...], str | None]:
        """What an answer quotes, and its shortest stretch that answers, as both may go out.

        The stretch is left out where something was taken out of the answer. Raises GuardrailBlockedError.
        """
        if not self._judge.looks_at("output") or not (quotes or span):
            return quotes, span
        told = [[quote.text, quote.document] for quote in quotes]
        allowed = self._judge.of_text(0, "content").judged([told, [span] if span else []], "output")
        if allowed[0] is not told:
            quotes = tuple(
                replace(quote, text=text, document=document)
                for quote, (text, document) in zip(quotes, allowed[0], strict=True)
            )
        return quotes, None if self._judge.has_redacted("output") else span

    def answer(self, body: Body) -> Body:
        """A whole answer, as it may go out. Raises GuardrailBlockedError."""
        plain = texts_of_answer(body) if self._looks_at_answers else []
        if plain is not None and self._judge.clears(plain, "output"):
            return body
        around: Body = {name: value for name, value in body.items() if name not in _OURS}
        if self._judge.looks_at("output"):
            around = without_tokens(self._judge.of_text(-1, "").judged([around], "output")[0])
        ours = {name: value for name, value in body.items() if name in _OURS}
        return {**ours, **around, "choices": [self._choice(choice) for choice in body["choices"]]}

    def stream(self) -> StreamGuard | None:
        """A guard for the pieces of an answer; None where the policy says nothing about answers."""
        return StreamGuard(self._judge) if self._looks_at_answers or self.restores else None

    @property
    def restores(self) -> bool:
        """Whether something was taken out of what the caller said that is put back where an answer names it."""
        return bool(self._judge.placeholders.own)

    def returned(self) -> Returned:
        """What the caller gets back."""
        return Returned(self._judge.placeholders.own, is_json=self._judge.known.wants_json)

    @property
    def _looks_at_answers(self) -> bool:
        return self._judge.looks_at("output") or self._judge.looks_at("tool_call")

    def _said(self, message: Body) -> Body:
        """A message as it may go on, but for what tools said."""
        return message if message.get("role") in TOOLS else self._message(message, "input")

    def _found(self, message: Body) -> Body:
        """A message with what tools said as it may go on."""
        if message.get("role") in TOOLS:
            return self._message(message, "tool_result")
        content: Any = message.get("content")
        results = [part for part in content if is_result(part)] if isinstance(content, list) else []
        if not results:
            return message
        told = {"content": results}
        allowed = self._judge.judged([told], "tool_result", joined=True)[0]
        return message if allowed is told else {**message, "content": _merged(content, allowed["content"], is_result)}

    def _message(self, message: Body, place: Stage) -> Body:
        said, calls = _parted(message)
        content: Any = said.get("content")
        if place == "input" and isinstance(content, list) and any(map(is_result, content)):
            said = {**said, "content": [part for part in content if not is_result(part)]}
        # What a model or whoever built the endpoint said is no word of the caller.
        part: Part | None = None if message.get("role") in _SPEAKING else "beside"
        allowed = self._judge.judged([said], place, joined=True, part=part)[0]
        changed = {} if allowed is said else dict(allowed)
        if isinstance(content, list) and changed:
            parts: list[Any] = changed["content"]
            if len(parts) < len(content):
                parts = _merged(content, parts, lambda part: not is_result(part))
            # A part without text is refused by some providers.
            changed["content"] = [part for part in parts if part != {"type": "text", "text": ""}]
        return {**message, **changed, **self._judge.judged([calls], place)[0]}

    def _choice(self, choice: Body) -> Body:
        said, calls = _parted(choice["message"])
        around: Body = {name: value for name, value in choice.items() if name != "message"}
        index = choice.get("index", 0)
        if self._judge.looks_at("output"):
            around = kept_of_choice(self._judge, choice)
            said = without_tokens(self._allowed(index, said))
        # After the words, as in a stream.
        allowed_calls = self._judge.of_text(index, "content").judged([calls], "tool_call")[0]
        return {**around, "message": {**said, **allowed_calls}}

    def _allowed(self, index: int, said: Body) -> Body:
        """What a choice says; each field by itself where numbers are given, because in a stream they come in turns."""
        if not self._judge.numbers:
            allowed: Body = self._judge.judged([said], "output", joined=True)[0]
            return allowed
        return {
            name: self._judge.of_text(index, name).judged([{name: value}], "output", joined=True)[0][name]
            for name, value in said.items()
        }

    def _shown(self, passages: tuple[Passage, ...], place: Stage, fields: tuple[str, ...]) -> tuple[Passage, ...]:
        if not self._judge.looks_at(place):
            return passages
        kept = (self._passage(passage, place, fields) for passage in passages)
        return tuple(passage for passage in kept if passage is not None)

    def _passage(self, passage: Passage, place: Stage, fields: tuple[str, ...]) -> Passage | None:
        changed: dict[str, Any] = {}
        judge = self._judge.of_text(-1, "passages") if place == "output" else self._judge
        for name in fields:
            text: str = getattr(passage, name)
            part: Part = "words" if name == "text" else "beside" if name == "title" else part_of_name(text)
            review = judge.review(text, place, part)
            judge.count(review, place)
            if stops(review.action):
                return None
            if review.text != text:
                changed[name] = review.text
        return replace(passage, **changed) if changed else passage


def _parted(message: Body) -> tuple[Body, Body]:
    """What a message says, and what it calls."""
    calls = {name: message[name] for name in CALLS if message.get(name)}
    return {name: value for name, value in message.items() if name not in calls}, calls


def _merged(content: Iterable[Any], parts: Iterable[Any], takes: Callable[[object], bool]) -> list[Any]:
    """The parts of a message, with others in place of some."""
    others = iter(parts)
    return [next(others) if takes(part) else part for part in content]
