"""Actors and keys."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from plimsoll.kernel.clock import to_text

from ._text import line, table, when

if TYPE_CHECKING:
    from rich.console import Console

    from plimsoll.access import Actor, ApiKey, NewKey


_ROTATED = "rotated"


def actors(screen: "Console", found: "Sequence[Actor]") -> None:
    """Actors, in the order of their making."""
    rows = [
        (
            actor.label,
            actor.kind,
            ", ".join(sorted(actor.roles)) or "(none)",
            actor.team,
            actor.project,
            when(actor.created_at),
            "erased" if actor.name is None else "disabled" if actor.disabled_at is not None else "",
            actor.id,
        )
        for actor in found
    ]
    columns = ["actor", "kind", "roles", "team", "project", "made (UTC)", "state", "pseudonym"]
    table(screen, "actors", columns, rows)


def actor_json(actor: "Actor") -> dict[str, Any]:
    """For programs."""
    return {
        "id": actor.id,
        "name": actor.name,
        "kind": actor.kind,
        "roles": sorted(actor.roles),
        "team": actor.team,
        "project": actor.project,
        "created_at": to_text(actor.created_at),
        "disabled_at": _text(actor.disabled_at),
    }


def keys(
    screen: "Console",
    found: "Sequence[ApiKey]",
    names: Mapping[str, str],
    now: datetime,
    *,
    disabled: Collection[str] = (),
) -> None:
    """Keys by their visible parts, in the order of their making.

    `names` are the labels of actors by pseudonym, `disabled` the pseudonyms of those who act no more.
    """
    rows = [
        (
            _visible(key),
            names.get(key.actor, key.actor),
            _rights(key),
            ", ".join(key.models) or "all",
            key.team,
            key.project,
            when(key.created_at),
            when(key.expires_at) or "never",
            _state(key, names, now, disabled),
        )
        for key in found
    ]
    columns = ["key", "actor", "rights", "models", "team", "project", "made (UTC)", "expires (UTC)", "state"]
    table(screen, "keys", columns, rows)
    if not rows:
        line(screen, "there is no key yet: `plimsoll key create ACTOR` makes one")


def key_json(
    key: "ApiKey", names: Mapping[str, str], now: datetime, *, disabled: Collection[str] = ()
) -> dict[str, Any]:
    """For programs."""
    state = _state(key, names, now, disabled)
    return {
        "key": _visible(key),
        "prefix": key.prefix,
        "actor": key.actor,
        "name": names.get(key.actor),
        "rights": None if key.rights is None else sorted(key.rights),
        "models": list(key.models),
        "team": key.team,
        "project": key.project,
        "created_at": to_text(key.created_at),
        "expires_at": _text(key.expires_at),
        "revoked_at": _text(key.revoked_at),
        "replaced_by": key.replaced_by,
        "state": state,
        "works": state in {"", _ROTATED},
    }


def new_key(screen: "Console", made: "NewKey", owner: "Actor") -> None:
    """A key just made: what it is, and on a line of its own the key itself."""
    until = f"until {when(made.key.expires_at)} UTC" if made.key.expires_at is not None else "without an end"
    line(
        screen,
        f"key {_visible(made.key)} for {owner.label}: {_rights(made.key)}{_models(made.key)}, {until}",
        style="bold green",
    )
    line(screen, made.secret)


def new_key_json(made: "NewKey", owner: "Actor") -> dict[str, Any]:
    """For programs; the only place where the key itself is."""
    return {**key_json(made.key, {owner.id: owner.label}, made.key.created_at), "secret": made.secret}


def _visible(key: "ApiKey") -> str:
    """The part of a key that people see."""
    return f"plim_{key.prefix}"


def _rights(key: "ApiKey") -> str:
    return "all rights of its actor" if key.rights is None else ", ".join(sorted(key.rights))


def _models(key: "ApiKey") -> str:
    return f", for {', '.join(key.models)} alone" if key.models else ""


def _state(key: "ApiKey", names: Mapping[str, str], now: datetime, disabled: Collection[str]) -> str:
    """Why a key does not work, or that another one takes its place; empty for one that is nothing special."""
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is not None and now >= key.expires_at:
        return "expired"
    # Nobody knows the name of an erased actor any more: the label is the pseudonym.
    if names.get(key.actor) == key.actor:
        return "actor erased"
    if key.actor in disabled:
        return "actor disabled"
    return _ROTATED if key.replaced_by is not None else ""


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else to_text(moment)
