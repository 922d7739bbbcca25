"""Who may do what: actors, their keys, and somebody who acts now."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypedDict

from plimsoll.ledger import By

from ._errors import ActorMissingError, RightMissingError
from ._rights import RIGHTS, Right, Role, roles_with
from .models import AllowedModels

ActorKind = Literal["person", "service", "healer"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody or something that acts."""

    id: str
    """The pseudonym of its data subject, `s-` and 16 hexadecimal digits; the only thing that records know."""
    kind: ActorKind
    name: str | None = field(repr=False)
    """None when the personal data was erased."""
    roles: frozenset[Role]
    team: str
    """For the sharing of costs; may be empty, as may `project`."""
    project: str
    created_at: datetime
    disabled_at: datetime | None

    @property
    def label(self) -> str:
        """The name, or the pseudonym when nobody knows the name any more."""
        return self.id if self.name is None else self.name


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as the records know it: everything but the secret."""

    prefix: str
    """The visible part, which names the key in lists and in the ledger."""
    actor: str
    rights: frozenset[Right] | None
    """What the key is narrowed to; None for all rights that its actor has at the time."""
    models: tuple[str, ...]
    """Names of what it may call, as callers write them, in which `*` stands for anything; empty for everything."""
    team: str
    """For the sharing of costs; the actor's when empty, as with `project`."""
    project: str
    created_at: datetime
    expires_at: datetime | None
    """The first moment at which it does not work any more; None for never."""
    revoked_at: datetime | None
    replaced_by: str | None
    """Visible part of the key that took its place in a rotation."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made. The secret exists here and nowhere else: show it once, and forget it."""

    key: ApiKey
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Acting:
    """Somebody who acts now, and what they may do."""

    actor: str
    """Pseudonym; empty for a user of this machine whom nobody has made an actor."""
    name: str = field(repr=False)
    rights: frozenset[Right]
    via: str
    """`local`, or `key:` and the visible part of the key."""
    team: str = ""
    project: str = ""
    granted_by: tuple[str, ...] = field(default=(), repr=False)
    """Names of those who can grant rights, where the actor may know them (on the machine itself)."""
    models: AllowedModels | None = None
    """Which models may be used; None for all of them."""
    replaced: tuple[str, ...] = ()
    """The keys whose place this one took in rotations, the last one first: what limits them limits it too."""

    @property
    def by(self) -> By:
        """Who acts, for the ledger. Raises ActorMissingError for somebody whom nobody made an actor."""
        if not self.actor:
            raise ActorMissingError(self.name)
        return By(self.actor, self.via)

    def require(self, right: Right) -> None:
        """Go on only with this right. Raises RightMissingError, which says which one is missing and who has it."""
        if right not in self.rights:
            raise RightMissingError(
                right,
                RIGHTS[right],
                who=self.name,
                roles=roles_with(right),
                granted_by=self.granted_by,
                by_key=self.via != "local",
            )


@dataclass(frozen=True, slots=True)
class ActorDraft:
    """An actor to be made, checked already."""

    name: str
    kind: ActorKind
    roles: frozenset[Role]
    team: str = ""
    project: str = ""


class Tags(TypedDict, total=False):
    """For the sharing of costs."""

    team: str
    project: str


@dataclass(frozen=True, slots=True)
class KeyDraft:
    """A key to be made, checked already."""

    actor: str
    rights: frozenset[Right] | None = None
    models: tuple[str, ...] = ()
    expires_at: datetime | None = None
    team: str = ""
    project: str = ""
