"""Actors and keys in the database. Every change is one transaction with its entry in the ledger.

No name is kept here: an actor is a pseudonym, and only the ledger's key store knows whose. No secret is kept at all.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from heapq import merge
from itertools import count
from threading import Lock
from typing import Unpack, cast

from sqlalchemy import Column, Connection, Integer, MetaData, RowMapping, Table, Text, exists, select

from plimsoll.kernel.clock import from_text, to_text, utc_now
from plimsoll.kernel.digest import Json
from plimsoll.ledger import Act, By, Entry, Ledger, Recorded
from plimsoll.storage import Database

from ._errors import (
    AccessForgedError,
    ActorDisabledError,
    ActorErasedError,
    ActorExistsError,
    ActorMissingError,
    ExpiryPastError,
    KeyMissingError,
    KeyReplacedError,
    KeyUnknownError,
    LastAdminError,
    NoRightsError,
    OverlapUnfitError,
    RightNotHeldError,
)
from ._keys import check_usable, hash_commitment, hash_secret, is_secret_of, new_secret, prefix_of, visible_part
from ._names import actor_name, is_pseudonym, tag
from ._replay import ACTS, Place, Played, Row, differences, joined, replaced_by, replay_access
from ._rights import Right, Role, rights_named, rights_of, roles_named
from ._types import Acting, Actor, ActorDraft, ActorKind, ApiKey, KeyDraft, NewKey, Tags
from .models import AllowedModels, model_names

MOST_OVERLAP_S = 31 * 24 * 3600.0
"""The longest time that an old key may go on beside the new one."""

_FIRST_ADMIN = "first admin"
_metadata = MetaData()

_actor = Table(
    "actor",
    _metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("project", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("disabled_at", Text),
    Column("sequence", Integer, nullable=False),
)
_key = Table(
    "api_key",
    _metadata,
    Column("prefix", Text, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("rights", Text, nullable=False),
    Column("models", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("project", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("expires_at", Text),
    Column("revoked_at", Text),
    Column("replaced_by", Text),
    Column("sequence", Integer, nullable=False),
)


class Access:
    """Who may do what in this installation.

    - The name of an actor is unique among those whose personal data is there; an actor is never deleted, only disabled.
    - One enabled admin always stays: the last one cannot be disabled, and cannot lose the role.
    - A key has at most the rights that its actor has at the moment of use.
    - Whether the caller may change actors and keys is the caller's question: `Acting.require("keys")`.
    """

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger
        self._played = Played()
        # A transaction that began later must not be held against fewer entries than one that began before.
        self._playing = Lock()

    def create_actor(
        self, name: str, *, kind: ActorKind, roles: Collection[Role], team: str = "", project: str = "", by: By
    ) -> Actor:
        """Make an actor. Raises ActorExistsError, NameUnfitError and RoleUnknownError."""
        checked = roles_named(roles)
        draft = ActorDraft(actor_name(name), kind, checked, tag("team", team), tag("project", project))
        with self._database.write() as connection:
            return self._add_actor(connection, draft, by)

    def set_roles(self, actor: str, roles: Collection[Role], *, by: By) -> Actor:
        """Give an actor (a name or pseudonym) exactly these roles; the same again changes nothing.

        Raises ActorMissingError, RoleUnknownError and LastAdminError.
        """
        after = roles_named(roles)
        with self._database.write() as connection:
            before = self._actor(connection, actor)
            if before.roles == after:
                return before
            if "admin" not in after:
                self._check_admin_stays(connection, before)
            facts: dict[str, Json] = {"actor": before.id, "from": sorted(before.roles), "to": sorted(after)}
            self._ledger.append(connection, Act("actor.roles", "", by, facts))
            connection.execute(_actor.update().where(_actor.c.id == before.id).values(roles=joined(after)))
            return self._actor(connection, before.id)

    def disable(self, actor: str, *, by: By) -> Actor:
        """Let an actor (a name or pseudonym) act no more, and none of its keys work; for good.

        Raises ActorMissingError and LastAdminError.
        """
        with self._database.write() as connection:
            before = self._actor(connection, actor)
            if before.disabled_at is not None:
                return before
            self._check_admin_stays(connection, before)
            recorded = self._ledger.append(connection, Act("actor.disable", "", by, {"actor": before.id}))
            values = {"disabled_at": to_text(recorded.at)}
            connection.execute(_actor.update().where(_actor.c.id == before.id).values(values))
            return self._actor(connection, before.id)

    def actors(self) -> tuple[Actor, ...]:
        """Every actor there ever was, in the order of their making."""
        with self._database.read() as connection:
            rows = connection.execute(select(_actor).order_by(_actor.c.sequence)).mappings().all()
        return tuple(self._to_actors(rows))

    def actor(self, name_or_id: str) -> Actor:
        """An actor by name or pseudonym. Raises ActorMissingError."""
        with self._database.read() as connection:
            return self._actor(connection, name_or_id)

    def create_key(
        self,
        actor: str,
        *,
        rights: Collection[Right] | None = None,
        models: Collection[str] | None = None,
        expires_at: datetime | None = None,
        by: By,
        **tags: Unpack[Tags],
    ) -> NewKey:
        """Make a key for an actor (a name or pseudonym), narrowed to `rights` and to `models` where they are given.

        Raises ActorMissingError, ActorDisabledError, RightNotHeldError, NoRightsError, ExpiryPastError, and what
        `model_names` raises.
        """
        chosen = None if rights is None else rights_named(rights)
        usable = () if models is None else model_names(models)
        if expires_at is not None and expires_at <= utc_now():
            raise ExpiryPastError(expires_at)
        with self._database.write() as connection:
            owner = self._actor(connection, actor)
            _check_enabled(owner)
            _check_rights(owner, chosen)
            team, project = tag("team", tags.get("team", "")), tag("project", tags.get("project", ""))
            draft = KeyDraft(owner.id, chosen, usable, expires_at, team, project)
            return self._add_key(connection, draft, by)

    def rotate_key(self, prefix: str, *, overlap_s: float, by: By) -> NewKey:
        """Make a key that takes the place of another, with the same rights and models.

        Both work until the overlap ends, which never makes the old one last longer. The new one is given as long as
        the old one was. Raises KeyMissingError, KeyRevokedError, KeyExpiredError, KeyReplacedError, ActorDisabledError
        and OverlapUnfitError.
        """
        if not 0 <= overlap_s <= MOST_OVERLAP_S:
            raise OverlapUnfitError(overlap_s, MOST_OVERLAP_S)
        with self._database.write() as connection:
            old, now = _find_key(connection, prefix), utc_now()
            check_usable(old, now)
            if old.replaced_by is not None:
                raise KeyReplacedError(old.prefix, old.replaced_by)
            _check_enabled(self._actor(connection, old.actor))
            overlap_until = now + timedelta(seconds=overlap_s)
            if old.expires_at is not None:
                overlap_until = min(overlap_until, old.expires_at)
            draft = KeyDraft(old.actor, old.rights, old.models, _renewed(old, now), old.team, old.project)
            new = self._add_key(
                connection, draft, by, {"replaces": old.prefix, "overlap_until": to_text(overlap_until)}
            )
            values = {"replaced_by": new.key.prefix, "expires_at": to_text(overlap_until)}
            connection.execute(_key.update().where(_key.c.prefix == old.prefix).values(values))
        return new

    def revoke_key(self, prefix: str, *, by: By) -> ApiKey:
        """Let a key never work again; one that was revoked already stays as it is. Raises KeyMissingError."""
        with self._database.write() as connection:
            key = _find_key(connection, prefix)
            if key.revoked_at is not None:
                return key
            recorded = self._ledger.append(connection, Act("key.revoke", "", by, {"prefix": key.prefix}))
            values = {"revoked_at": to_text(recorded.at)}
            connection.execute(_key.update().where(_key.c.prefix == key.prefix).values(values))
            return _find_key(connection, key.prefix)

    def keys(self) -> tuple[ApiKey, ...]:
        """Every key there ever was, in the order of their making."""
        with self._database.read() as connection:
            rows = connection.execute(select(_key).order_by(_key.c.sequence)).mappings().all()
        return tuple(_to_key(row) for row in rows)

    def any_key(self) -> bool:
        """Whether a key was ever made; also when somebody took its row away."""
        with self._database.read() as connection:
            if _any(connection, _key):
                return True
        return bool(self._ledger.latest(1, act="key.create"))

    def authenticate(self, secret: str, now: datetime) -> Acting:
        """Who acts with this key at this moment.

        Raises NotAuthenticatedError: malformed, unknown, revoked, expired, or the actor disabled or erased. Only who
        has the whole key learns more than that it is unknown. Raises AccessForgedError when the key, or who owns it,
        is not what the ledger made it.
        """
        prefix = prefix_of(secret)
        with self._playing, self._database.read() as connection:
            row = connection.execute(select(_key).where(_key.c.prefix == prefix)).mappings().first()
            if not is_secret_of(secret, None if row is None else row["hash"]) or row is None:
                raise KeyUnknownError
            self._check_made(connection, _played_key(row))
            key = _to_key(row)
            check_usable(key, now)
            owner = self._trusted_actor(connection, key.actor)
            replaced = replaced_by(self._played.rows, prefix)
        if owner is None:
            raise ActorMissingError(key.actor)
        _check_enabled(owner)
        rights = rights_of(owner.roles)
        return Acting(
            actor=owner.id,
            name=owner.label,
            rights=rights if key.rights is None else rights & key.rights,
            via=f"key:{key.prefix}",
            team=key.team or owner.team,
            project=key.project or owner.project,
            models=AllowedModels.of(key.models),
            replaced=replaced,
        )

    def local(self, name: str) -> Acting:
        """The user of this machine as an actor.

        The first actor ever becomes admin by it. Later a name that nobody made an actor has no right at all.
        Raises NameUnfitError, ActorDisabledError, and AccessForgedError as `authenticate` does.
        """
        checked = actor_name(name)
        with self._playing, self._database.read() as connection:
            owner = self._trusted_actor(connection, checked)
        owner = owner or self._first_actor(checked)
        if owner is None:
            return Acting("", checked, frozenset(), "local", granted_by=self._admins())
        _check_enabled(owner)
        rights = rights_of(owner.roles)
        granted_by = () if "keys" in rights else self._admins()
        return Acting(owner.id, owner.label, rights, "local", owner.team, owner.project, granted_by)

    def start(self) -> NewKey | None:
        """The key of a first admin, made once in the life of an installation; None when there are keys already."""
        if self.any_key():
            return None
        with self._database.write() as connection:
            # Asked again under the write lock: of two processes that start together, one makes the key.
            if _any(connection, _key):
                return None
            names = (_FIRST_ADMIN if number == 1 else f"{_FIRST_ADMIN} {number}" for number in count(1))
            name = next(name for name in names if self._find_actor(connection, name) is None)
            admin = self._add_actor(connection, ActorDraft(name, "service", frozenset({"admin"})), None)
            return self._add_key(connection, KeyDraft(admin.id), By(admin.id))

    def strays(self) -> Iterator[str]:
        """Rows of actors and keys that are not what the ledger made them, each as a sentence."""
        while True:
            size = self._ledger.size()
            with self._database.read() as connection:
                found = dict(_rows(connection))
            # An act between the two readings would look like a difference; such acts are rare, so read again.
            if not any(self._entries(size, self._ledger.size())):
                break
        yield from differences(replay_access(self._entries(0, size)), found)

    def _entries(self, start: int, stop: int | None) -> Iterator[Entry]:
        acts = (self._ledger.entries(start, stop, act=act) for act in ACTS)
        return merge(*acts, key=lambda entry: entry.sequence)

    def _add_actor(self, connection: Connection, draft: ActorDraft, by: By | None) -> Actor:
        """Add an actor in the caller's transaction; without `by` it is the actor's own act."""
        taken = self._find_actor(connection, draft.name)
        if taken is not None:
            raise ActorExistsError(draft.name, taken.id)
        subject = self._ledger.subject(draft.name)
        values = {"kind": draft.kind, "team": draft.team, "project": draft.project}
        facts: dict[str, Json] = {"actor": subject, "roles": sorted(draft.roles), **values}
        act = Act("actor.create", "", by or By(subject), facts, {"name": draft.name}, subject)
        recorded = self._ledger.append(connection, act)
        row = {"id": subject, "roles": joined(draft.roles), **values, **_origin(recorded)}
        connection.execute(_actor.insert().values(row))
        return self._actor(connection, subject)

    def _add_key(
        self, connection: Connection, draft: KeyDraft, by: By, replacing: dict[str, Json] | None = None
    ) -> NewKey:
        """Add a key in the caller's transaction; `replacing` are the facts of a rotation."""
        secret = _new_secret(connection)
        kept = hash_secret(secret)
        values = {
            "prefix": prefix_of(secret),
            "actor": draft.actor,
            "expires_at": None if draft.expires_at is None else to_text(draft.expires_at),
            "team": draft.team,
            "project": draft.project,
        }
        facts: dict[str, Json] = {
            **values,
            "rights": None if draft.rights is None else sorted(draft.rights),
            "models": list(draft.models),
            "hash_commitment": hash_commitment(kept),
            **(replacing or {}),
        }
        recorded = self._ledger.append(connection, Act("key.rotate" if replacing else "key.create", "", by, facts))
        lists = {"rights": joined(draft.rights or ()), "models": joined(draft.models)}
        row = {**values, "hash": kept, **lists, **_origin(recorded)}
        connection.execute(_key.insert().values(row))
        return NewKey(_find_key(connection, prefix_of(secret)), secret)

    def _check_made(self, connection: Connection, *found: tuple[Place, Row]) -> None:
        """Hold rows against what the ledger makes of them; each of its entries is read once."""
        self._played.go_on(self._ledger.witness(connection).entries(ACTS, "", after=self._played.read_to))
        if wrong := differences(self._played.rows, dict(found), only_found=True):
            raise AccessForgedError(wrong[0])

    def _trusted_actor(self, connection: Connection, name_or_id: str) -> Actor | None:
        row = self._actor_row(connection, name_or_id)
        self._check_made(connection, *([] if row is None else [_played_actor(row)]))
        return None if row is None else self._named(row)

    def _first_actor(self, name: str) -> Actor | None:
        with self._database.read() as connection:
            # The first is first by the ledger too: whoever empties the table does not become admin by it.
            if _any(connection, _actor) or any(kind == "actor" for kind, _ in self._played.rows):
                return None
        with self._database.write() as connection:
            # Asked again under the write lock, as in `start`.
            if _any(connection, _actor):
                return self._find_actor(connection, name)
            return self._add_actor(connection, ActorDraft(name, "person", frozenset({"admin"})), None)

    def _actor(self, connection: Connection, name_or_id: str) -> Actor:
        found = self._find_actor(connection, name_or_id)
        if found is None:
            raise ActorMissingError(name_or_id)
        return found

    def _find_actor(self, connection: Connection, name_or_id: str) -> Actor | None:
        row = self._actor_row(connection, name_or_id)
        return None if row is None else self._named(row)

    def _named(self, row: RowMapping) -> Actor:
        return _to_actor(row, self._ledger.name(row["id"]))

    def _actor_row(self, connection: Connection, name_or_id: str) -> RowMapping | None:
        subject = name_or_id if is_pseudonym(name_or_id) else self._ledger.find_subject(actor_name(name_or_id))
        return connection.execute(select(_actor).where(_actor.c.id == subject)).mappings().first()

    def _to_actors(self, rows: Iterable[RowMapping]) -> list[Actor]:
        found = list(rows)
        names = self._ledger.names(row["id"] for row in found)
        return [_to_actor(row, names.get(row["id"])) for row in found]

    def _admins(self) -> tuple[str, ...]:
        """Names of those who can grant rights."""
        with self._database.read() as connection:
            return tuple(actor.label for actor in self._enabled_admins(connection))

    def _enabled_admins(self, connection: Connection) -> list[Actor]:
        """Those who can really act: nobody whose name was erased."""
        query = select(_actor).where(_actor.c.disabled_at.is_(None)).order_by(_actor.c.sequence)
        found = self._to_actors(connection.execute(query).mappings())
        return [actor for actor in found if "admin" in actor.roles and actor.name is not None]

    def _check_admin_stays(self, connection: Connection, leaving: Actor) -> None:
        if [actor.id for actor in self._enabled_admins(connection)] == [leaving.id]:
            raise LastAdminError(leaving.label)


def _check_enabled(actor: Actor) -> None:
    if actor.name is None:
        raise ActorErasedError(actor.id)
    if actor.disabled_at is not None:
        raise ActorDisabledError(actor.name)


def _check_rights(owner: Actor, rights: frozenset[Right] | None) -> None:
    held = rights_of(owner.roles)
    if rights is not None and rights - held:
        raise RightNotHeldError(owner.label, sorted(rights - held))
    if rights is not None and not rights:
        raise NoRightsError(owner.label)


def _renewed(old: ApiKey, now: datetime) -> datetime | None:
    return None if old.expires_at is None else now + (old.expires_at - old.created_at)


def _new_secret(connection: Connection) -> str:
    """A secret whose visible part no key has: it is their name."""
    while True:
        secret = new_secret()
        if connection.scalar(select(_key.c.prefix).where(_key.c.prefix == prefix_of(secret))) is None:
            return secret


def _find_key(connection: Connection, prefix: str) -> ApiKey:
    visible = visible_part(prefix)
    row = connection.execute(select(_key).where(_key.c.prefix == visible)).mappings().first()
    if row is None:
        raise KeyMissingError(visible)
    return _to_key(row)


def _to_actor(row: RowMapping, name: str | None) -> Actor:
    return Actor(
        id=row["id"],
        kind=cast("ActorKind", row["kind"]),
        name=name,
        roles=roles_named(_split(row["roles"])),
        team=row["team"],
        project=row["project"],
        created_at=from_text(row["created_at"]),
        disabled_at=_moment(row["disabled_at"]),
    )


def _to_key(row: RowMapping) -> ApiKey:
    return ApiKey(
        prefix=row["prefix"],
        actor=row["actor"],
        rights=rights_named(_split(row["rights"])) or None,
        models=tuple(_split(row["models"])),
        team=row["team"],
        project=row["project"],
        created_at=from_text(row["created_at"]),
        expires_at=_moment(row["expires_at"]),
        revoked_at=_moment(row["revoked_at"]),
        replaced_by=row["replaced_by"],
    )


def _rows(connection: Connection) -> Iterator[tuple[Place, Row]]:
    """Both tables, in the form in which the ledger is played again."""
    yield from map(_played_actor, connection.execute(select(_actor)).mappings())
    yield from map(_played_key, connection.execute(select(_key)).mappings())


def _played_actor(row: RowMapping) -> tuple[Place, Row]:
    return ("actor", row["id"]), {name: value for name, value in row.items() if name != "id"}


def _played_key(row: RowMapping) -> tuple[Place, Row]:
    values = {name: value for name, value in row.items() if name not in {"prefix", "hash"}}
    return ("key", row["prefix"]), {**values, "hash_commitment": hash_commitment(row["hash"])}


def _origin(recorded: Recorded) -> dict[str, str | int]:
    return {"created_at": to_text(recorded.at), "sequence": recorded.sequence}


def _any(connection: Connection, table: Table) -> bool:
    return bool(connection.scalar(select(exists(select(table.c.sequence)))))


def _split(names: str) -> list[str]:
    return names.split(",") if names else []


def _moment(text: str | None) -> datetime | None:
    return None if text is None else from_text(text)
