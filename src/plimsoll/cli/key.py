"""The nouns key and actor: who may do what in this installation."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.errors import InvalidError

from ._state import State, json_option
from .show import keys as show

if TYPE_CHECKING:
    from plimsoll.access import Access, ActorKind, Right
    from plimsoll.ledger import By

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"([0-9]{1,9})([smhdw])")


class MomentUnfitError(InvalidError):
    """A text that is neither a length of time nor a date."""

    code = "moment_unfit"

    def __init__(self, text: str, wanted: str) -> None:
        super().__init__(f"`{text}` is not {wanted}", hint="write 30m, 24h, 90d or 12w, or a date such as 2027-01-01")


def duration_s(text: str) -> int:
    """A length of time such as `90d`, in seconds: a whole number and s, m, h, d or w. Raises MomentUnfitError."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise MomentUnfitError(text, "a length of time")
    return int(match[1]) * _SECONDS[match[2]]


def moment_after(text: str, now: datetime) -> datetime:
    """The moment that a length of time or a date means; a date is its first moment, in UTC. Raises MomentUnfitError."""
    try:
        if _DURATION.fullmatch(text.strip()):
            return now + timedelta(seconds=duration_s(text))
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise MomentUnfitError(text, "a length of time or a date") from None


@contextmanager
def _granted(state: State) -> "Iterator[tuple[Access, By]]":
    """Access, and who acts, for somebody who may change it. Raises RightMissingError."""
    with state.platform(state.project_root()) as platform:
        platform.acting.require("keys")
        yield platform.access, platform.acting.by


@click.group(short_help="Keys for callers: make, rotate, revoke", epilog="Example: plimsoll key create ci --only call")
def key() -> None:
    """API keys. A key is shown once, when it is made; after that only its visible part is."""


@key.command("list", epilog="Example: plimsoll key list")
@json_option
def list_keys(state: State) -> None:
    """Every key there ever was, with what it may do and whether it works."""
    with _granted(state) as (access, _):
        found, owners, now = access.keys(), access.actors(), utc_now()
    names = {actor.id: actor.label for actor in owners}
    disabled = {actor.id for actor in owners if actor.disabled_at is not None}
    state.output.result(
        [show.key_json(item, names, now, disabled=disabled) for item in found],
        lambda screen: show.keys(screen, found, names, now, disabled=disabled),
    )


@dataclass(frozen=True, slots=True)
class KeyOptions:
    """What `plimsoll key create` was told."""

    only: str | None
    models: str | None
    expires: str | None
    team: str
    project: str

    @property
    def chosen(self) -> "frozenset[Right] | None":
        """The rights that the key is narrowed to. Raises RightUnknownError."""
        from plimsoll.access import rights_named

        return None if self.only is None else rights_named(_listed(self.only))

    @property
    def usable(self) -> list[str] | None:
        """The names of what it may call; a list with nothing in it stays one, and is refused."""
        return None if self.models is None else _listed(self.models)

    def expires_at(self, now: datetime) -> datetime | None:
        """When the key ends. Raises MomentUnfitError."""
        return None if self.expires is None else moment_after(self.expires, now)


@key.command(
    "create", epilog="Example: plimsoll key create ci --only call --models 'my-app/ask,gpt-4.1*' --expires 90d"
)
@click.argument("actor")
@click.option(
    "--only", metavar="RIGHT,…", help="Narrow the key to these rights; otherwise it has all rights of its actor."
)
@click.option(
    "--models",
    metavar="NAME,…",
    help="Narrow the key to these endpoints and models, as callers write them; * stands for anything.",
)
@click.option("--expires", metavar="TIME", help="When it ends: 90d, 12w, or a date such as 2027-01-01 (UTC).")
@click.option("--team", default="", help="For the sharing of costs; the actor's otherwise.")
@click.option("--project", default="", help="For the sharing of costs; the actor's otherwise.")
@json_option
def create_key(state: State, actor: str, **given: Any) -> None:
    """Make a key for an actor, and show it this once."""
    told = KeyOptions(**given)
    with _granted(state) as (access, by):
        made = access.create_key(
            actor,
            rights=told.chosen,
            models=told.usable,
            expires_at=told.expires_at(utc_now()),
            by=by,
            team=told.team,
            project=told.project,
        )
        owner = access.actor(made.key.actor)
    state.output.result(show.new_key_json(made, owner), lambda screen: show.new_key(screen, made, owner))
    state.output.note("this key is not shown again: put it where your secrets are")


@key.command("rotate", epilog="Example: plimsoll key rotate plim_k7wq03fa9c --overlap 24h")
@click.argument("prefix", metavar="KEY")
@click.option("--overlap", default="24h", show_default=True, metavar="TIME", help="How long the old one goes on.")
@json_option
def rotate_key(state: State, prefix: str, overlap: str) -> None:
    """Make a key that takes the place of another, and show it this once. KEY is the visible part of the old one."""
    with _granted(state) as (access, by):
        made = access.rotate_key(prefix, overlap_s=duration_s(overlap), by=by)
        owner = access.actor(made.key.actor)
    state.output.result(show.new_key_json(made, owner), lambda screen: show.new_key(screen, made, owner))
    state.output.note(f"this key is not shown again; the old one goes on for at most {overlap}")


@key.command("revoke", epilog="Example: plimsoll key revoke plim_k7wq03fa9c")
@click.argument("prefix", metavar="KEY")
@json_option
def revoke_key(state: State, prefix: str) -> None:
    """Let a key never work again. KEY is its visible part."""
    with _granted(state) as (access, by):
        revoked = access.revoke_key(prefix, by=by)
        names, now = {revoked.actor: access.actor(revoked.actor).label}, utc_now()
    state.output.result(show.key_json(revoked, names, now), lambda screen: show.keys(screen, (revoked,), names, now))


@click.group(
    short_help="People and services, and their roles", epilog="Example: plimsoll actor create Ada --role developer"
)
def actor() -> None:
    """Who may do what: people and services, and the roles they have."""


@actor.command("list", epilog="Example: plimsoll actor list")
@json_option
def list_actors(state: State) -> None:
    """Every actor there ever was, with roles."""
    with _granted(state) as (access, _):
        found = access.actors()
    state.output.result([show.actor_json(item) for item in found], lambda screen: show.actors(screen, found))


@actor.command("create", epilog="Example: plimsoll actor create ci --kind service --role developer --team search")
@click.argument("name")
@click.option("--kind", type=click.Choice(["person", "service"]), default="person", show_default=True)
@click.option("--role", "roles", multiple=True, help="A role it has; may be given several times.")
@click.option("--team", default="", help="For the sharing of costs.")
@click.option("--project", default="", help="For the sharing of costs.")
@json_option
def create_actor(state: State, name: str, kind: "ActorKind", roles: tuple[str, ...], team: str, project: str) -> None:
    """Make an actor. Without a role it has no right."""
    from plimsoll.access import roles_named

    with _granted(state) as (access, by):
        made = access.create_actor(name, kind=kind, roles=roles_named(roles), team=team, project=project, by=by)
    state.output.result(show.actor_json(made), lambda screen: show.actors(screen, (made,)))


@actor.command("roles", epilog="Example: plimsoll actor roles Ada developer approver")
@click.argument("name")
@click.argument("roles", nargs=-1)
@click.option("--none", "no_roles", is_flag=True, help="Take every role away.")
@json_option
def set_roles(state: State, name: str, roles: tuple[str, ...], no_roles: bool) -> None:
    """Give an actor exactly these roles, instead of those it has."""
    from plimsoll.access import roles_named

    if bool(roles) == no_roles:
        raise click.UsageError("name the roles that the actor shall have, or --none")
    with _granted(state) as (access, by):
        changed = access.set_roles(name, roles_named(roles), by=by)
    state.output.result(show.actor_json(changed), lambda screen: show.actors(screen, (changed,)))


@actor.command("disable", epilog="Example: plimsoll actor disable ci")
@click.argument("name")
@json_option
def disable_actor(state: State, name: str) -> None:
    """Let an actor act no more, and none of its keys work; for good."""
    with _granted(state) as (access, by):
        disabled = access.disable(name, by=by)
    state.output.result(show.actor_json(disabled), lambda screen: show.actors(screen, (disabled,)))


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


COMMANDS = (key, actor)
