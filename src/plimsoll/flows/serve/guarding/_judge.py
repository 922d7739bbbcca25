"""What a policy says of the texts in JSON, and what is left of them."""

import json
from collections.abc import Sequence
from copy import copy
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from plimsoll.checks import Part
from plimsoll.guardrails import Policy, Review, Stage, StreamReview, stops
from plimsoll.guardrails.requests import Placeholders
from plimsoll.kernel.errors import PlimsollError

from .._errors import GuardrailBlockedError
from .._events import GuardrailNote
from ..large import Asker
from ..large import review as review_of
from ..places import Text, copied, decoded, is_json, joined_text, runs_of, texts_in, unescaped
from ._known import Known
from ._parts import WORDS, part_of, part_of_name
from ._stages import CALLS, Stages

_GIVEN: Final = ("input", "tool_result")
"""Where nothing was spent yet but for checks: whoever is refused there may ask again when there is money."""


class Judge:
    """One policy, and what it found in one request; `notes` says that without the texts.

    Whoever asks says where a text stands; at which stage of the policy that is looked at is decided here.
    """

    def __init__(self, policy: Policy, whole: Policy | None = None) -> None:
        """`policy` is what exceptions leave of `whole`."""
        self.policy = policy
        self.stages = Stages(policy, whole or policy)
        self.asker = Asker()
        self.known = Known()
        self.placeholders = Placeholders()
        self.numbers = any(rule.numbered for rule in policy.rules)
        """Whether the same text gets the same number."""
        self._found: dict[tuple[str, str, str, str], GuardrailNote] = {}
        self._branches: dict[tuple[int, str], Judge] = {}

    @property
    def notes(self) -> tuple[GuardrailNote, ...]:
        """What was found so far."""
        return tuple(self._found.values())

    def of_text(self, index: int, name: str) -> "Judge":
        """The same judge for a text of an answer: what it numbers depends on no other text that comes meanwhile.

        Calls go on with the numbers of the words of their choice, which are all told by then.
        """
        if not self.numbers:
            return self
        branch = self._branches.get(key := (index, "content" if name in CALLS else name))
        if branch is None:
            branch = self._branches[key] = copy(self)
            branch.placeholders = self.placeholders.branch()
        return branch

    def avoid(self, body: Any) -> None:
        """Give no number that stands in a call already. Raises GuardrailBlockedError."""
        if self.numbers:
            try:
                for one in texts_in([body]):
                    self.placeholders.avoid(one.text)
            except RecursionError:
                self.stop("nested_too_deeply", "input")

    def looks_at(self, place: Stage) -> bool:
        """Whether the policy says anything about what stands at a place."""
        return self.stages.looks_at(place)

    def waits(self, *places: Stage) -> bool:
        """Whether a check at one of these places asks somebody else."""
        return any(self.policy.waits(self.stages.of(place)) for place in places)

    def clears(self, texts: Sequence[str], place: Stage) -> bool:
        """Whether it is sure after one look that a review of each of these texts finds nothing."""
        return self.policy.clears(texts, self.stages.of(place))

    def stream(self, place: Stage, name: str) -> StreamReview:
        """Begin to review a text of an answer that comes in pieces."""
        context = self.known.context(place, "words" if name == WORDS else "beside")
        return self.policy.stream(self.stages.of(place), context, self.placeholders)

    def note(self, review: Review, place: Stage) -> Review:
        """Count what a review found; raises GuardrailBlockedError, or BudgetError, when it must stop here."""
        self.count(review, place)
        if stops(review.action):
            raise self._stopped(review, place)
        return review

    def _stopped(self, review: Review, place: Stage) -> PlimsollError:
        """What ends the request. Where there is no money to look at it, it is refused as if it had no budget left."""
        inquiry, reason = self.asker.inquiry, review.reason
        unpaid = inquiry.unpaid if inquiry is not None and review.failed else None
        if unpaid is not None and place in _GIVEN:
            return unpaid
        if unpaid is not None:
            reason = f"{reason} ({review.failed} could not be asked: {unpaid.message})"
        return GuardrailBlockedError(self.policy.name, self.stages.of(place), reason)

    def stop(self, reason: str, place: Stage) -> None:
        """Raises GuardrailBlockedError: what was found cannot be taken out."""
        self.note(Review("block", "", (), reason, self.policy.name), place)

    def has_redacted(self, place: Stage) -> bool:
        """Whether something was taken out at a place."""
        stage = self.stages.of(place)
        return any(at == stage and action == "redact" for at, _, _, action in self._found)

    def judged(
        self, values: Sequence[Any], place: Stage, *, joined: bool = False, free: bool = False, part: Part | None = None
    ) -> Sequence[Any]:
        """JSON values as they may go on: the very same where nothing was taken out.

        With `joined` texts at the same place of several list items, or values, are also read as one: where something
        is taken out of that, the first of them holds what is left. `free` as in `texts_in`; `part` is what all of it
        is, where it is not told by its place. Raises GuardrailBlockedError.
        """
        try:
            return self._judged(values, place, part, joined=joined, free=free)
        except RecursionError:
            self.stop("nested_too_deeply", place)
            raise

    def allowed(self, text: str, place: Stage, part: Part) -> str:
        """The text as it may go on: the very same where nothing was taken out. Raises GuardrailBlockedError."""
        review = self.review(text, place, part)
        self._note_found(review, place)
        return text if review.text == text else review.text

    def review(self, text: str, place: Stage, part: Part) -> Review:
        """A review that is not counted. Raises AskerLeftError."""
        context, stage = self.known.context(place, part), self.stages.of(place)
        return review_of(self.policy, text, stage, asker=self.asker, context=context, placeholders=self.placeholders)

    def count(self, review: Review, place: Stage) -> None:
        """Count what a review found."""
        if not review.findings and not review.failed:
            return
        stage = self.stages.of(place)
        for one in review.findings:
            self._add(GuardrailNote(stage, one.check, one.kind, one.action, 1, one.score, one.version))
        if review.failed:
            self._add(GuardrailNote(stage, review.failed, review.reason, review.action))

    def _judged(
        self, values: Sequence[Any], place: Stage, part: Part | None, *, joined: bool, free: bool
    ) -> Sequence[Any]:
        found = texts_in(values, free=free)
        texts = [one.text for one in found] + ([joined_text(run) for run in runs_of(found)] if joined else [])
        if not texts or (not any(map(_is_escaped, found)) and self.clears(texts, place)):
            return values
        own: list[Any] = copied(values)
        found = texts_in(own, free=free)
        before = self._total()
        stage = self.stages.of(place)
        changed = [self._replace(one, place, part or part_of(one, stage)) for one in found]
        if joined:
            alone = self._total() - before
            changed += [self._join(run, place, part or part_of(run[0], stage), alone) for run in runs_of(found)]
        return own if any(changed) else values

    def _replace(self, one: Text, place: Stage, part: Part) -> bool:
        if one.fixed:
            part = part_of_name(one.text)
        allowed = self._json(one.text, place, part) if one.is_json else self.allowed(one.text, place, part)
        if allowed == one.text:
            return False
        if one.fixed:
            self.stop(one.fixed, place)
        one.holder[one.key] = allowed
        return True

    def _join(self, run: Sequence[Text], place: Stage, part: Part, alone: int) -> bool:
        whole = joined_text(run)
        review = self.review(whole, place, part)
        changed = review.text != whole
        if changed or len(review.findings) > alone:
            self.note(review, place)
        if changed:
            for number, one in enumerate(run):
                one.holder[one.key] = "" if number else review.text
        return changed

    def _json(self, text: str, place: Stage, part: Part) -> str:
        """A text in which JSON is written: what it says counts too, and it stays JSON when something is taken out."""
        review = self.review(text, place, part)
        if stops(review.action):
            self.note(review, place)
        as_written = review.text == text or not is_json(text) or is_json(review.text)
        if "\\" not in text and as_written:
            self._note_found(review, place)
            return review.text
        try:
            value = [decoded(text)]
        except msgspec.DecodeError:
            self._note_found(review, place)
            return self._without_escapes(review.text, place)
        before = self._total()
        allowed = self.judged(value, place, free=True, part="beside")
        if self._total() == before:
            self._note_found(review, place)
        if allowed is not value:
            return self._still_json(json.dumps(allowed[0], ensure_ascii=False), place, part)
        return text if review.text == text else self._if_json(review.text, place)

    def _without_escapes(self, text: str, place: Stage) -> str:
        """The same text, if nothing stands behind its escapes; what is found there cannot be taken out."""
        plain = unescaped(text)
        if plain != text and self.allowed(plain, place, "beside") != plain:
            self.stop("found_in_an_escape", place)
        return text

    def _still_json(self, text: str, place: Stage, part: Part) -> str:
        """JSON out of which values were taken, if nothing is left that spans several of them."""
        review = self.review(text, place, part)
        if review.text == text:
            return text
        self.note(review, place)
        return self._if_json(review.text, place)

    def _if_json(self, text: str, place: Stage) -> str:
        if not is_json(text):
            self.stop("found_across_values", place)
        return text

    def _note_found(self, review: Review, place: Stage) -> None:
        if review.action != "allow" or review.findings or review.failed:
            self.note(review, place)

    def _total(self) -> int:
        return sum(note.count for note in self._found.values())

    def _add(self, note: GuardrailNote) -> None:
        key = (note.stage, note.check, note.kind, note.action)
        known = self._found.get(key)
        if known is not None:
            note = replace(note, count=known.count + note.count, score=max(known.score, note.score))
        self._found[key] = note


def _is_escaped(one: Text) -> bool:
    return one.is_json and "\\" in one.text
