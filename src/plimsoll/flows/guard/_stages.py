"""Which rules of a policy look at a text: those of its stage, or of the stage that stands in for it."""

from collections.abc import Iterator
from typing import Final

from plimsoll.guardrails import Policy, Stage

_INSTEAD: Final[dict[Stage, tuple[Stage, ...]]] = {"tool_call": ("output",), "tool_result": ("retrieved", "input")}
"""Whose checks look at a stage that a policy does not name: the first of these that it names."""


def looked_at(policy: Policy, stage: Stage) -> Stage | None:
    """The stage whose checks look at texts of a stage: itself, or what stands in for one that the policy does not name.

    None where nothing looks.
    """
    return next((one for one in (stage, *_INSTEAD.get(stage, ())) if one in policy.stages), None)


def asked_at(policy: Policy, stage: Stage) -> Iterator[int]:
    """The numbers, from 0, of the rules that look at texts of a stage."""
    looks = looked_at(policy, stage)
    return (number for number, rule in enumerate(policy.rules) if looks is not None and looks in rule.stages)
