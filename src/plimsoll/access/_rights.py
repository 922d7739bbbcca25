"""Rights, and the roles that have them. What is not granted here is refused.

The same table stands in docs/reference/access.md; a test compares the two cell by cell.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal, cast, get_args

from ._errors import RightUnknownError, RoleUnknownError

Right = Literal[
    "read",
    "call",
    "groups",
    "trace",
    "publish",
    "release",
    "label",
    "approve",
    "ship",
    "override",
    "policy",
    "keys",
    "audit",
    "erase",
    "storage",
    "exchange",
]
Role = Literal["caller", "delegate", "viewer", "developer", "approver", "operator", "auditor", "admin"]

RIGHTS: Mapping[Right, str] = MappingProxyType(
    {
        "read": "see versions, labels, releases, environments and reviews",
        "call": "ask endpoints questions, through the gateway or the command line",
        "groups": "say for members of which groups it asks, so that documents for them are found",
        "trace": "read traces, with the questions and answers of other people in them",
        "publish": "build, and put new versions into the registry",
        "release": "bring a draft before its gates and freeze a release",
        "label": "move labels of versions",
        "approve": "approve or refuse releases and protected label moves, and withdraw an answer",
        "ship": "move what is live in an environment: ship, roll back, split the traffic",
        "override": "ship against a rule of the promotion policy, which is recorded",
        "policy": "change the promotion policy of an environment, and set budgets",
        "keys": "make actors and keys, grant roles, disable and revoke: whoever has it can give every right",
        "audit": "read the ledger with its sealed content, and export it for an auditor",
        "erase": "destroy the personal data of a data subject",
        "storage": "back up and restore the records, and collect what nothing refers to",
        "exchange": "hand a release over as a signed file, and take one in from another installation",
    }
)
"""What each right allows, as the end of the sentence "it allows to …"."""

_ALL: frozenset[Right] = frozenset(RIGHTS)

ROLES: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {
        "caller": frozenset({"call"}),
        "delegate": frozenset({"call", "groups"}),
        "viewer": frozenset({"read"}),
        "developer": frozenset({"read", "call", "trace", "publish", "release", "label"}),
        "approver": frozenset({"read", "trace", "approve"}),
        "operator": frozenset({"read", "call", "trace", "ship", "storage", "exchange"}),
        "auditor": frozenset({"read", "trace", "audit"}),
        "admin": _ALL,
    }
)
"""The rights of each role. Somebody with several roles has the rights of all of them."""


def rights_of(roles: Iterable[Role]) -> frozenset[Right]:
    """The rights of all these roles together; no role, no right."""
    return frozenset(right for role in roles for right in ROLES[role])


def roles_with(right: Right) -> tuple[Role, ...]:
    """The roles that have a right, in the order of the table."""
    return tuple(role for role, rights in ROLES.items() if right in rights)


def roles_named(names: Iterable[str]) -> frozenset[Role]:
    """Roles by their names. Raises RoleUnknownError."""
    known = get_args(Role)
    for name in (chosen := tuple(names)):
        if name not in known:
            raise RoleUnknownError(name, known)
    return frozenset(cast("tuple[Role, ...]", chosen))


def rights_named(names: Iterable[str]) -> frozenset[Right]:
    """Rights by their names. Raises RightUnknownError."""
    known = get_args(Right)
    for name in (chosen := tuple(names)):
        if name not in known:
            raise RightUnknownError(name, known)
    return frozenset(cast("tuple[Right, ...]", chosen))
