"""What a review is: of one text, at one stage, under one policy."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import msgspec

Stage = Literal["input", "retrieved", "tool_call", "tool_result", "output"]
STAGES: tuple[Stage, ...] = get_args(Stage)

Action = Literal["allow", "flag", "redact", "ask", "block"]
ACTIONS: tuple[Action, ...] = get_args(Action)
"""From the mildest to the strictest."""

CHECK_FAILED = "check_failed"
POLICY_INVALID = "policy_invalid"


def stops(action: Action) -> bool:
    """Whether the text may not go on: it is blocked, or a person must be asked first."""
    return action in {"ask", "block"}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a check found, and what the policy says to do; never the text itself."""

    check: str
    kind: str
    action: Action
    start: int
    """First character of it in the text that was reviewed; `end` is the one behind its last."""
    end: int
    score: float
    reason: str = ""
    """Why, in a few words that hold nothing of the text."""
    version: str = ""
    """Of the check."""


class Review(msgspec.Struct, frozen=True, gc=False):
    """The verdict on a text.

    Findings stand in the order of the text. A text is read up to the first finding that stops it: there are none
    behind that one. Of findings that overlap and are redacted, or flagged by the same check, one counts: the surest,
    and of several the longest. A struct, because one is made for every text, and most say only that nothing was found.
    """

    action: Action
    """The strictest of the findings' actions."""
    text: str
    """The text as it may go on; empty when it is stopped, and in the review of a stream, whose steps hold its text."""
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    """Why it is stopped: `CHECK.KIND`, or `check_failed` or `policy_invalid`; empty when it is not."""
    failed: str = ""
    """The check that gave no answer, where the text is stopped for that.

    Where the policy lets a text go on without an answer, a finding of the kind `check_failed` says so.
    """


class Step(NamedTuple):
    """What a stream may let go now."""

    text: str
    review: Review | None = None
    """The verdict: with the step that stops the text, else with the last one."""


CLOSED = Review("block", "", (), POLICY_INVALID)
"""The verdict of a policy that could not be compiled."""
