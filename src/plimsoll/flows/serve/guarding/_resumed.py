"""A text that may come to an end before it is whole, and go on later."""

from typing import Final

from plimsoll.guardrails import Review, Stage, Step

from ..large import fed
from ._judge import Judge

_MOST_READ_AGAIN: Final = 1_000_000
"""Characters. After that a text does not end any more before it is whole."""
_NOTHING: Final = Step("")


class ResumedReview:
    """A text under review that can be let go to its present end, and still be judged as one when it goes on.

    When it goes on, what came before is read again. A finding that begins before such an end and reaches behind it
    cannot be taken out any more: then the text is stopped.
    """

    __slots__ = (
        "_again",
        "_ahead",
        "_given",
        "_judge",
        "_name",
        "_place",
        "_read_again",
        "_review",
        "_sent",
        "_told",
    )

    def __init__(self, judge: Judge, place: Stage, name: str) -> None:
        self._judge = judge
        self._place: Stage = place
        self._name = name
        self._review = judge.stream(place, name)
        self._given: list[str] = []
        self._sent: list[str] = []
        self._told: Step | None = None
        """The last step, where the text was let go to its end."""
        self._again = False
        self._ahead = ""
        """What a second reading lets go, until it has reached what was sent."""
        self._read_again = 0

    def feed(self, text: str) -> Step:
        """Take the next piece; says what may go out now."""
        before = ""
        if self._told is not None:
            before = "".join(self._given)
            self._read_again += len(before)
            self._review = self._judge.stream(self._place, self._name)
            self._told, self._again, self._ahead = None, True, ""
        self._given.append(text)
        return self._fresh(fed(self._review, before + text, self._judge.asker))

    def pause(self) -> Step:
        """There may be no more: says what may go out before something else does, and a verdict only if it stops."""
        if self._told is not None or self._read_again > _MOST_READ_AGAIN:
            return _NOTHING
        step = self._told = self._fresh(self._review.close(), last=True)
        return step if step.review is not None and step.review.reason else Step(step.text)

    def close(self) -> Step:
        """There is no more; says what may still go out, and the verdict."""
        if self._told is not None:
            return Step("", self._told.review)
        return self._fresh(self._review.close(), last=True)

    def _fresh(self, step: Step, *, last: bool = False) -> Step:
        """A step without what was sent before."""
        if not self._again:
            self._sent.append(step.text)
            return step
        self._ahead += step.text
        sent = "".join(self._sent)
        if self._ahead.startswith(sent):
            fresh, self._again = self._ahead[len(sent) :], False
            self._sent.append(fresh)
            return Step(fresh, step.review)
        if step.review is not None and step.review.reason:
            return step
        if sent.startswith(self._ahead) and not last:
            return _NOTHING
        return Step("", Review("block", "", (), "found_across_parts", self._judge.policy.name))
