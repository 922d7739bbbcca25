"""What the tables of actors and keys must say, by the ledger alone.

Roles change and keys are revoked after a row was made, so a row cannot be held against one entry. Instead the entries
are played again, in their order, and the outcome is held against the rows.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from plimsoll.kernel.clock import to_text
from plimsoll.kernel.digest import Json
from plimsoll.ledger import Entry

Row = dict[str, str | int | None]
"""A row of a table, its lists as one text; of a hash, only the commitment to it."""

Place = tuple[Literal["actor", "key"], str]
"""Which table, and the pseudonym of the actor or the visible part of the key."""

ACTS = ("actor.create", "actor.roles", "actor.disable", "key.create", "key.rotate", "key.revoke")
"""The acts that change these tables."""


@dataclass(slots=True)
class Played:
    """What the entries that were read so far make of the tables."""

    rows: dict[Place, Row] = field(default_factory=dict)
    read_to: int = -1
    """The last entry that was read."""

    def go_on(self, entries: Iterable[Entry]) -> None:
        """Play the entries that come after those, in their order; see `replay_access`."""
        for entry in entries:
            self.read_to = entry.sequence
            if entry.act in _RULES:
                _RULES[entry.act](self.rows, entry)


def replaced_by(rows: Mapping[Place, Row], prefix: str) -> tuple[str, ...]:
    """The keys whose place a key took in rotations, the last one first, by their visible parts."""
    before = {row.get("replaced_by"): name for (kind, name), row in rows.items() if kind == "key"}
    found: list[str] = []
    older = before.get(prefix)
    while older is not None and older not in found:
        found.append(older)
        older = before.get(older)
    return tuple(found)


def replay_access(entries: Iterable[Entry]) -> dict[Place, Row]:
    """The rows that these entries make, in the order of the ledger; other acts are passed over.

    - `actor.create` and `key.create` make a row; every other act changes one, and one that is not there stays so.
    - `actor.roles` sets the roles, `actor.disable` and `key.revoke` the time of the entry.
    - `key.rotate` makes the row of the new key, and gives the old one its successor and its new end.
    """
    played = Played()
    played.go_on(entries)
    return played.rows


def differences(
    expected: Mapping[Place, Row], found: Mapping[Place, Row], *, only_found: bool = False
) -> tuple[str, ...]:
    """Every difference between the rows that the ledger makes and those in the tables, as sentences.

    With `only_found` nothing is said of rows that are not among `found`: the others were not looked at.
    """
    return tuple(
        sentence
        for place in sorted(found if only_found else {*expected, *found})
        for sentence in _differences(place, expected.get(place), found.get(place))
    )


def joined(names: Iterable[str]) -> str:
    """Roles, rights or names of models as the one text that stands in a row."""
    return ",".join(sorted(names))


def _differences(place: Place, expected: Row | None, found: Row | None) -> list[str]:
    which = f"{place[0]} {place[1]}"
    if found is None:
        return [f"{which} is in the ledger and not in the table"]
    if expected is None:
        return [f"{which} is in the table, and no entry of the ledger made it"]
    return [
        f"{which}: `{name}` is {_shown(found.get(name))} in the table and {_shown(value)} by the ledger"
        for name, value in expected.items()
        if found.get(name) != value
    ]


def _create_actor(rows: dict[Place, Row], entry: Entry) -> None:
    rows["actor", _name(entry, "actor")] = {
        "kind": _fact(entry, "kind"),
        "roles": _fact(entry, "roles"),
        "team": _fact(entry, "team"),
        "project": _fact(entry, "project"),
        "created_at": to_text(entry.at),
        "disabled_at": None,
        "sequence": entry.sequence,
    }


def _create_key(rows: dict[Place, Row], entry: Entry) -> None:
    rows["key", _name(entry, "prefix")] = {
        "actor": _fact(entry, "actor"),
        "hash_commitment": _fact(entry, "hash_commitment"),
        "rights": _fact(entry, "rights") or "",
        # Entries that are older than lists of models have none: such keys may use everything.
        "models": _fact(entry, "models") or "",
        "team": _fact(entry, "team"),
        "project": _fact(entry, "project"),
        "created_at": to_text(entry.at),
        "expires_at": _fact(entry, "expires_at"),
        "revoked_at": None,
        "replaced_by": None,
        "sequence": entry.sequence,
    }


def _rotate_key(rows: dict[Place, Row], entry: Entry) -> None:
    _create_key(rows, entry)
    _change(
        rows,
        ("key", _name(entry, "replaces")),
        {"replaced_by": _name(entry, "prefix"), "expires_at": _fact(entry, "overlap_until")},
    )


def _change_roles(rows: dict[Place, Row], entry: Entry) -> None:
    _change(rows, ("actor", _name(entry, "actor")), {"roles": _fact(entry, "to")})


def _disable_actor(rows: dict[Place, Row], entry: Entry) -> None:
    _change(rows, ("actor", _name(entry, "actor")), {"disabled_at": to_text(entry.at)})


def _revoke_key(rows: dict[Place, Row], entry: Entry) -> None:
    _change(rows, ("key", _name(entry, "prefix")), {"revoked_at": to_text(entry.at)})


_RULES: Mapping[str, Callable[[dict[Place, Row], Entry], None]] = {
    "actor.create": _create_actor,
    "actor.roles": _change_roles,
    "actor.disable": _disable_actor,
    "key.create": _create_key,
    "key.rotate": _rotate_key,
    "key.revoke": _revoke_key,
}


def _change(rows: dict[Place, Row], place: Place, values: Row) -> None:
    if place in rows:
        rows[place] |= values


def _fact(entry: Entry, name: str) -> str | None:
    """A fact as it stands in a row: a list as one text."""
    value: Json = entry.facts.get(name)
    if value is None or isinstance(value, str):
        return value
    return joined(str(item) for item in value) if isinstance(value, list | tuple) else str(value)


def _name(entry: Entry, name: str) -> str:
    return _fact(entry, name) or ""


def _shown(value: str | int | None) -> str:
    return "not set" if value is None else "empty" if value == "" else str(value)
