"""Which policy holds: what plimsoll.yaml asks, once somebody with the right to it has made it hold.

A place is an environment, or a label with `@` before it. The first policy that asks for anything holds from its first
use on; a later change wants an administrator. Otherwise whoever may edit a file could take the approvals away.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from plimsoll.access import Acting
from plimsoll.kernel.errors import ConflictError
from plimsoll.releases import EnvironmentPolicy, EnvironmentUnknownError, policy_difference
from plimsoll.releases.environments import Environments

LABEL = "@"
"""What the place of a label begins with."""
NOTHING = EnvironmentPolicy()
"""The policy that asks for nothing."""


class PolicyChangedError(ConflictError):
    """The project asks for another policy than the one that holds."""

    code = "policy_changed"

    def __init__(self, place: str, changes: Sequence[str]) -> None:
        where = "labels" if place.startswith(LABEL) else "promotion"
        super().__init__(
            f"plimsoll.yaml has another policy for {place} than the one that holds: {'; '.join(changes)}",
            hint=f"an administrator makes it hold: `plimsoll policy adopt {place} --reason …`; or put back what "
            f"stood under `{where}:`",
        )


@dataclass(frozen=True, slots=True)
class PolicyParts:
    """What knowing and changing policies needs."""

    environments: Environments
    declared: Sequence[str]
    """The environments of plimsoll.yaml, and its protected labels with `@` before them."""
    wanted: Callable[[str], EnvironmentPolicy]
    """What plimsoll.yaml asks of a place, approvers by their pseudonyms."""
    acting: Acting


@dataclass(frozen=True, slots=True)
class PolicyHeld:
    """What a place asks, and how plimsoll.yaml differs from that."""

    environment: str
    policy: EnvironmentPolicy
    adopted: bool
    """False while it was never used: then plimsoll.yaml will hold from the first time on."""
    changes: tuple[str, ...]

    @property
    def asks(self) -> bool:
        """Whether it asks for anything: one that does not never has to be made to hold."""
        return self.policy != NOTHING


def settle(app: str, place: str, parts: PolicyParts) -> EnvironmentPolicy:
    """The policy that holds at a place; the first one is made to hold. Raises PolicyChangedError."""
    wanted = parts.wanted(place)
    held = parts.environments.adopted(app).get(place)
    if held is None and wanted != NOTHING:
        parts.environments.adopt(app, place, wanted, by=parts.acting.by, reason="first use")
    elif held is not None and (changes := policy_difference(held, wanted)):
        raise PolicyChangedError(place, changes)
    return wanted


def adopt(app: str, place: str, reason: str, parts: PolicyParts) -> tuple[str, ...]:
    """Make what plimsoll.yaml asks of a place hold; what changed, in sentences. Needs the right `policy`."""
    parts.acting.require("policy")
    held = parts.environments.adopted(app)
    known = [*parts.declared, *sorted(held.keys() - set(parts.declared))]
    if place not in known:
        raise EnvironmentUnknownError(place, known)
    wanted = parts.wanted(place)
    parts.environments.adopt(app, place, wanted, by=parts.acting.by, reason=reason)
    return policy_difference(held.get(place, NOTHING), wanted)


def policies(app: str, parts: PolicyParts) -> tuple[PolicyHeld, ...]:
    """The policy of each declared place, and of those where one held before."""
    held = parts.environments.adopted(app)
    places = [*parts.declared, *sorted(held.keys() - set(parts.declared))]
    return tuple(_held(place, held.get(place), parts.wanted(place)) for place in places)


def _held(place: str, held: EnvironmentPolicy | None, wanted: EnvironmentPolicy) -> PolicyHeld:
    if held is None:
        return PolicyHeld(place, wanted, adopted=False, changes=())
    return PolicyHeld(place, held, adopted=True, changes=policy_difference(held, wanted))
