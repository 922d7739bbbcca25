"""A release on its way into an environment and back: policy, approvals, ship, share of the traffic, rollback."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from plimsoll.access import Acting
from plimsoll.kernel.digest import Digest
from plimsoll.kernel.errors import ConflictError
from plimsoll.releases import EnvironmentPolicy, EnvironmentUnknownError, Promotion, Release, policy_difference
from plimsoll.releases.environments import EnvironmentMove, Environments
from plimsoll.reviews import Answer, ReviewAnswer


class PolicyChangedError(ConflictError):
    """The project asks for another policy than the one that holds."""

    code = "policy_changed"

    def __init__(self, environment: str, changes: Sequence[str]) -> None:
        super().__init__(
            f"plimsoll.yaml has another policy for {environment} than the one that holds: {'; '.join(changes)}",
            hint=f"an administrator makes it hold: `plimsoll policy adopt {environment} --reason …`; or put back what "
            "stood under `promotion:`",
        )


@dataclass(frozen=True, slots=True)
class PromoteParts:
    """What moving releases needs."""

    environments: Environments
    declared: Sequence[str]
    """The environments of plimsoll.yaml."""
    policies: Callable[[], Mapping[str, EnvironmentPolicy]]
    """What plimsoll.yaml asks of each, approvers by their pseudonyms."""
    missing: Callable[[Release], Sequence[Digest]]
    """Content of a release that is not there any more."""
    acting: Acting


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants done in an environment, and why."""

    environment: str
    reason: str = ""
    override: bool = False
    """Break the glass: ship without approvals or in a freeze. What it breaks is written down."""
    share: float | None = None
    """Give the release this part of the traffic only, above 0 and below 1."""


class ContentGoneError(ConflictError):
    """A release cannot run because some of its content was erased or lost."""

    code = "content_gone"

    def __init__(self, release: str, count: int) -> None:
        super().__init__(
            f"{release} cannot run any more: {count} pieces of its content are gone",
            hint="they were erased, or are damaged: `plimsoll audit verify` says which; build a new release",
        )


def ship(release: Release, wish: Wish, parts: PromoteParts) -> EnvironmentMove:
    """Make a release live in a declared environment, or let it answer a share of the traffic; one transaction.

    Needs the right `ship`, and `override` where the wish has one. Raises what `Promotion.check_ship` raises,
    PolicyChangedError, and ContentGoneError.
    """
    _check_declared(wish.environment, parts.declared)
    parts.acting.require("ship")
    if wish.override:
        parts.acting.require("override")
    _settle_policy(release.manifest.app, wish.environment, parts)
    if gone := parts.missing(release):
        raise ContentGoneError(release.manifest.name, len(gone))
    by, places = parts.acting.by, parts.environments
    if wish.share is not None:
        return places.share(release, wish.environment, wish.share, by=by, reason=wish.reason, override=wish.override)
    return places.ship(release, wish.environment, by=by, reason=wish.reason, override=wish.override)


def roll_back(app: str, wish: Wish, parts: PromoteParts) -> EnvironmentMove:
    """Make the release live again that was there before, in one transaction. Needs the right `ship`.

    That must be possible wherever something is live, also where plimsoll.yaml no longer says so.
    """
    _check_somewhere(app, wish.environment, parts)
    parts.acting.require("ship")
    return parts.environments.roll_back(app, wish.environment, by=parts.acting.by, reason=wish.reason)


def end_share(app: str, wish: Wish, parts: PromoteParts) -> EnvironmentMove:
    """Give all traffic back to the live release. Needs the right `ship`."""
    _check_somewhere(app, wish.environment, parts)
    parts.acting.require("ship")
    return parts.environments.unshare(app, wish.environment, by=parts.acting.by, reason=wish.reason)


def answer(release: Release, wish: Wish, given: Answer, parts: PromoteParts) -> ReviewAnswer:
    """Approve or refuse a release for an environment, or take that back. Needs the right `approve`."""
    _check_declared(wish.environment, parts.declared)
    parts.acting.require("approve")
    _settle_policy(release.manifest.app, wish.environment, parts)
    return parts.environments.answer(release, wish.environment, given, by=parts.acting.by, reason=wish.reason)


def adopt_policy(app: str, wish: Wish, parts: PromoteParts) -> tuple[str, ...]:
    """Make what plimsoll.yaml asks of an environment hold; what changed, in sentences. Needs the right `policy`."""
    _check_declared(wish.environment, parts.declared)
    parts.acting.require("policy")
    before = parts.environments.policy(app, wish.environment)
    wanted = parts.policies().get(wish.environment, EnvironmentPolicy())
    parts.environments.adopt(app, wish.environment, wanted, by=parts.acting.by, reason=wish.reason)
    return policy_difference(before, wanted)


@dataclass(frozen=True, slots=True)
class PolicyHeld:
    """What an environment asks, and how plimsoll.yaml differs from that."""

    environment: str
    policy: EnvironmentPolicy
    adopted: bool
    """False while nothing was shipped there: then plimsoll.yaml will hold from the first time on."""
    changes: tuple[str, ...]


def policies(app: str, parts: PromoteParts) -> tuple[PolicyHeld, ...]:
    """The policy of each declared environment."""
    held, wanted = parts.environments.adopted(app), parts.policies()
    return tuple(
        PolicyHeld(
            name,
            held.get(name, wanted.get(name, EnvironmentPolicy())),
            name in held,
            policy_difference(held[name], wanted.get(name, EnvironmentPolicy())) if name in held else (),
        )
        for name in parts.declared
    )


def promotions(release: Release, parts: PromoteParts) -> dict[str, Promotion]:
    """Where a release stands in each declared environment."""
    return {name: parts.environments.promotion(release, name) for name in parts.declared}


def _settle_policy(app: str, environment: str, parts: PromoteParts) -> None:
    """The first policy of an environment holds from its first use on; a later change wants an administrator.

    Otherwise whoever may edit a file could take the approvals away.
    """
    wanted = parts.policies().get(environment, EnvironmentPolicy())
    held = parts.environments.adopted(app).get(environment)
    if held is None:
        parts.environments.adopt(app, environment, wanted, by=parts.acting.by, reason="first use")
    elif changes := policy_difference(held, wanted):
        raise PolicyChangedError(environment, changes)


def _check_declared(environment: str, declared: Sequence[str]) -> None:
    if environment not in declared:
        raise EnvironmentUnknownError(environment, declared)


def _check_somewhere(app: str, environment: str, parts: PromoteParts) -> None:
    live = {place.name for place in parts.environments.environments(app)}
    _check_declared(environment, [*parts.declared, *sorted(live.difference(parts.declared))])
