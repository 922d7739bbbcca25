"""Which rules of a policy look at a text: those of its stage, or of the stage that stands in for it."""

from collections.abc import Iterator

from plimsoll.guardrails import Policy, Stage


def asked_at(policy: Policy, stage: Stage) -> Iterator[int]:
    """The numbers, from 0, of the rules that look at texts of a stage."""
    looks = policy.stage_for(stage)
    return (number for number, rule in enumerate(policy.rules) if looks is not None and looks in rule.stages)
