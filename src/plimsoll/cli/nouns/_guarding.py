"""What the commands about guardrails share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from plimsoll.kernel.errors import NotFoundError

from .._state import State

if TYPE_CHECKING:
    from plimsoll.bootstrap import Platform
    from plimsoll.flows.guard import GuardParts
    from plimsoll.guardrails import Policy
    from plimsoll.project import Project


class GuardrailMissingError(NotFoundError):
    """The project has no guardrail of this name, or none at all."""

    code = "guardrail_missing"

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        listed = ", ".join(known)
        super().__init__(
            f"the project has no guardrail {name}" if name else "the project has no guardrail",
            hint=f"its guardrails are: {listed}" if known else "write one, such as guardrails/standard.yaml",
        )


def need(project: "Project", name: str) -> str:
    """The name of a guardrail that there is. Raises GuardrailMissingError."""
    if name not in project.guardrails:
        raise GuardrailMissingError(name, tuple(project.guardrails))
    return name


def policy_of(project: "Project", name: str) -> "Policy":
    """A guardrail of the project, compiled; checks that ask somebody else give no answer. Raises PolicyInvalidError."""
    from plimsoll.guardrails import Policy

    return Policy.from_json(name, project.guardrails[name].content())


@contextmanager
def opened_policy(state: State, project: "Project", name: str) -> "Iterator[Policy]":
    """A guardrail of the project whose checks can ask whom they ask, such as a route; closed at the end.

    Raises GuardrailMissingError and PolicyInvalidError.
    """
    from plimsoll.guardrails import Policy

    policy = policy_of(project, need(project, name))
    if not any(rule.waits for rule in policy.rules):
        # Most ask nobody: then nothing else has to be opened.
        yield policy
        return
    with state.platform(project.root) as platform:
        yield Policy.from_json(name, project.guardrails[name].content(), outside=platform.outside(project))


def guard_parts(platform: "Platform") -> "GuardParts":
    """What the flows about guardrails need."""
    from plimsoll.flows.guard import GuardParts
    from plimsoll.reviews.marks import Marks

    return GuardParts(
        app=platform.app,
        traces=platform.traces,
        marks=Marks(platform.ledger),
        registry=platform.registry,
        releases=platform.releases,
        environments=platform.environments,
        flush=lambda: None,
        name_of=platform.named,
    )
