"""What a policy says of the texts in JSON, and what is left of them."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from plimsoll.guardrails import Policy, Review, Stage, stops

from .._errors import GuardrailBlockedError
from .._events import GuardrailNote
from ..large import Asker
from ..large import review as review_of
from ..places import Text, copied, decoded, is_json, joined_text, runs_of, texts_in, unescaped


class Judge:
    """One policy, and what it found in one request; `notes` says that without the texts."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.asker = Asker()
        self._found: dict[tuple[Stage, str, str, str], int] = {}

    @property
    def notes(self) -> tuple[GuardrailNote, ...]:
        """What was found so far."""
        found = self._found
        return tuple(GuardrailNote(*key, count=count) for key, count in found.items()) if found else ()

    def note(self, review: Review, stage: Stage) -> Review:
        """Count what a review found; raises GuardrailBlockedError when it must stop here."""
        self.count(review, stage)
        if stops(review.action):
            raise GuardrailBlockedError(self.policy.name, stage, review.reason)
        return review

    def stop(self, reason: str, stage: Stage) -> None:
        """Raises GuardrailBlockedError: what was found cannot be taken out."""
        self.note(Review("block", "", (), reason, self.policy.name), stage)

    def has_redacted(self, stage: Stage) -> bool:
        """Whether something was taken out at a stage."""
        return any(at == stage and action == "redact" for at, _, _, action in self._found)

    def judged(self, values: Sequence[Any], stage: Stage, *, joined: bool = False, free: bool = False) -> Sequence[Any]:
        """JSON values as they may go on: the very same where nothing was taken out.

        With `joined` texts at the same place of several list items, or values, are also read as one: where something
        is taken out of that, the first of them holds what is left. `free` as in `texts_in`. Raises
        GuardrailBlockedError.
        """
        try:
            return self._judged(values, stage, joined=joined, free=free)
        except RecursionError:
            self.stop("nested_too_deeply", stage)
            raise

    def allowed(self, text: str, stage: Stage) -> str:
        """The text as it may go on: the very same where nothing was taken out. Raises GuardrailBlockedError."""
        review = self.review(text, stage)
        self._note_found(review, stage)
        return text if review.text == text else review.text

    def review(self, text: str, stage: Stage) -> Review:
        """A review that is not counted. Raises AskerLeftError."""
        return review_of(self.policy, text, stage, self.asker)

    def count(self, review: Review, stage: Stage) -> None:
        """Count what a review found."""
        if not review.findings and not review.failed:
            return
        for (check, kind, action), count in review.counts.items():
            self._add((stage, check, kind, action), count)
        if review.failed:
            self._add((stage, review.failed, review.reason, review.action), 1)

    def _judged(self, values: Sequence[Any], stage: Stage, *, joined: bool, free: bool) -> Sequence[Any]:
        found = texts_in(values, free=free)
        texts = [one.text for one in found] + ([joined_text(run) for run in runs_of(found)] if joined else [])
        if not texts or (not any(map(_is_escaped, found)) and self.policy.clears(texts, stage)):
            return values
        copy: list[Any] = copied(values)
        found = texts_in(copy, free=free)
        before = self._total()
        changed = [self._replace(one, stage) for one in found]
        if joined:
            alone = self._total() - before
            changed += [self._join(run, stage, alone) for run in runs_of(found)]
        return copy if any(changed) else values

    def _replace(self, one: Text, stage: Stage) -> bool:
        allowed = self._json(one.text, stage) if one.is_json else self.allowed(one.text, stage)
        if allowed == one.text:
            return False
        if one.fixed:
            self.stop(one.fixed, stage)
        one.holder[one.key] = allowed
        return True

    def _join(self, run: Sequence[Text], stage: Stage, alone: int) -> bool:
        whole = joined_text(run)
        review = self.review(whole, stage)
        changed = review.text != whole
        if changed or len(review.findings) > alone:
            self.note(review, stage)
        if changed:
            for place, one in enumerate(run):
                one.holder[one.key] = "" if place else review.text
        return changed

    def _json(self, text: str, stage: Stage) -> str:
        """A text in which JSON is written: what it says counts too, and it stays JSON when something is taken out."""
        review = self.review(text, stage)
        if stops(review.action):
            self.note(review, stage)
        as_written = review.text == text or not is_json(text) or is_json(review.text)
        if "\\" not in text and as_written:
            self._note_found(review, stage)
            return review.text
        try:
            value = [decoded(text)]
        except msgspec.DecodeError:
            self._note_found(review, stage)
            return self._without_escapes(review.text, stage)
        before = self._total()
        allowed = self.judged(value, stage, free=True)
        if self._total() == before:
            self._note_found(review, stage)
        if allowed is not value:
            return self._still_json(json.dumps(allowed[0], ensure_ascii=False), stage)
        return text if review.text == text else self._if_json(review.text, stage)

    def _without_escapes(self, text: str, stage: Stage) -> str:
        """The same text, if nothing stands behind its escapes; what is found there cannot be taken out."""
        plain = unescaped(text)
        if plain != text and self.allowed(plain, stage) != plain:
            self.stop("found_in_an_escape", stage)
        return text

    def _still_json(self, text: str, stage: Stage) -> str:
        """JSON out of which values were taken, if nothing is left that spans several of them."""
        review = self.review(text, stage)
        if review.text == text:
            return text
        self.note(review, stage)
        return self._if_json(review.text, stage)

    def _if_json(self, text: str, stage: Stage) -> str:
        if not is_json(text):
            self.stop("found_across_values", stage)
        return text

    def _note_found(self, review: Review, stage: Stage) -> None:
        if review.action != "allow" or review.findings or review.failed:
            self.note(review, stage)

    def _total(self) -> int:
        return sum(self._found.values())

    def _add(self, found: tuple[Stage, str, str, str], count: int) -> None:
        self._found[found] = self._found.get(found, 0) + count


def _is_escaped(one: Text) -> bool:
    return one.is_json and "\\" in one.text
