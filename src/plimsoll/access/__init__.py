"""Who may do what: actors, roles and rights, and API keys.

An actor is a pseudonym in every record; the ledger's key store alone knows the names. What an actor did is in `ledger`;
which rights an act needs is said where the act is called (flows and doors), with `Acting.require`.
"""

from ._errors import KeyUnknownError, NotAuthenticatedError, RightMissingError
from ._rights import RIGHTS, ROLES, Right, Role, rights_named, roles_named
from ._store import Access
from ._types import Acting, Actor, ActorKind, ApiKey, NewKey

__all__ = [
    "RIGHTS",
    "ROLES",
    "Access",
    "Acting",
    "Actor",
    "ActorKind",
    "ApiKey",
    "KeyUnknownError",
    "NewKey",
    "NotAuthenticatedError",
    "Right",
    "RightMissingError",
    "Role",
    "rights_named",
    "roles_named",
]
