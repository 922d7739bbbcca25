"""A release on its way into an environment and back: policy, approvals, ship, share of the traffic, rollback."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from plimsoll.access import Acting
from plimsoll.kernel.digest import Digest
from plimsoll.kernel.errors import ConflictError
from plimsoll.releases import EnvironmentUnknownError, Promotion, Release
from plimsoll.releases.environments import EnvironmentMove, Environments
from plimsoll.reviews import Answer, ReviewAnswer

from .policy import PolicyParts, settle


@dataclass(frozen=True, slots=True)
class PromoteParts:
    """What moving releases needs."""

    environments: Environments
    declared: Sequence[str]
    """The environments of plimsoll.yaml."""
    policies: PolicyParts
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
    settle(release.manifest.app, wish.environment, parts.policies)
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
    settle(release.manifest.app, wish.environment, parts.policies)
    return parts.environments.answer(release, wish.environment, given, by=parts.acting.by, reason=wish.reason)


def promotions(release: Release, parts: PromoteParts) -> dict[str, Promotion]:
    """Where a release stands in each declared environment."""
    return {name: parts.environments.promotion(release, name) for name in parts.declared}


def _check_declared(environment: str, declared: Sequence[str]) -> None:
    if environment not in declared:
        raise EnvironmentUnknownError(environment, declared)


def _check_somewhere(app: str, environment: str, parts: PromoteParts) -> None:
    live = {place.name for place in parts.environments.environments(app)}
    _check_declared(environment, [*parts.declared, *sorted(live.difference(parts.declared))])
