"""Checks that take too long, raise, or answer rubbish: none of it counts as passed."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from plimsoll.checks import NO_CONTEXT, Context, Found
from plimsoll.guardrails import Policy
from plimsoll.guardrails._asking import NoAnswerError, ask
from plimsoll.kernel.digest import Json


@dataclass
class Slow:
    """A check that answers when it is let to."""

    found: Sequence[Found] = ()
    name: str = "slow"
    version: str = "1"
    kinds: tuple[str, ...] = ("odd",)
    waits: bool = True
    let: threading.Event = field(default_factory=threading.Event)

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:  # noqa: ARG002  # it needs none
        self.let.wait(20)
        return self.found


def test_a_check_that_takes_too_long_gives_no_answer() -> None:
    check = Slow()
    try:
        with pytest.raises(NoAnswerError):
            ask(check, "text", NO_CONTEXT, 0.05)
    finally:
        check.let.set()


def test_a_check_that_answers_in_time_is_heard() -> None:
    check = Slow((Found(0, 1, "odd"),))
    check.let.set()
    assert ask(check, "text", NO_CONTEXT, 20) == (Found(0, 1, "odd"),)


def test_what_a_check_raises_is_raised() -> None:
    class Broken(Slow):
        def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:
            raise ValueError(text, context)

    with pytest.raises(ValueError, match="text"):
        ask(Broken(), "text", NO_CONTEXT, 20)


@pytest.mark.parametrize(
    ("on_error", "action", "reason"),
    [(None, "block", "check_failed"), ("ask", "ask", "check_failed"), ("flag", "flag", "")],
)
def test_a_check_that_hangs_never_passes(on_error: str | None, action: str, reason: str) -> None:
    check = Slow()
    rule: dict[str, Json] = {"check": "slow", "on": ["output"], "action": "redact", "timeout_s": 0.05}
    if on_error:
        rule["on_error"] = on_error
    policy = Policy.from_json("p", {"checks": [rule]}, {"slow": check})
    try:
        review = policy.review("text", "output")
        stream = policy.stream("output")
        steps = [stream.feed(character) for character in "text"]
        streamed = stream.close()
    finally:
        check.let.set()
    assert (review.action, review.reason) == (action, reason)
    assert streamed.review is not None
    assert (streamed.review.action, streamed.review.findings) == (review.action, review.findings)
    assert "".join(step.text for step in [*steps, streamed]) == review.text
    if on_error == "flag":
        assert [(one.kind, one.action) for one in review.findings] == [("check_failed", "flag")]
    else:
        assert review.failed == "slow"


def test_a_check_that_asks_somebody_else_has_ten_seconds_where_the_policy_says_nothing() -> None:
    rule: Json = {"check": "slow", "on": ["output"], "action": "block"}
    policy = Policy.from_json("p", {"checks": [rule]}, {"slow": Slow()})
    assert policy.rules[0].timeout_s == 10
    assert policy.waits("output")
    assert not policy.waits("input")
