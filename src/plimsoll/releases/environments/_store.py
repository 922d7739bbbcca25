"""Environments, their moves and policies. A pointer, its move and its ledger entry are one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import json
from sqlalchemy import Column, Connection, Float, Integer, MetaData, RowMapping, Table, Text, column, select, table

from plimsoll.kernel.clock import from_text, to_text, utc_now
from plimsoll.kernel.digest import Digest, Json, canonical_json, short_name
from plimsoll.ledger import Act, By, Claim, Ledger
from plimsoll.registry import ReferencedError
from plimsoll.reviews import Answer, Question, ReviewAnswer, Reviews
from plimsoll.storage import Database, in_sequence, put_row

from .._errors import (
    NoEarlierReleaseError,
    NoSplitError,
    NothingLiveError,
    NothingToShareError,
    ReleaseMissingError,
    ShareInvalidError,
)
from .._history import rollback_target
from .._policy import EnvironmentPolicy
from .._split import TrafficSplit
from .._state import Promotion, check_rollback
from .._types import Environment, EnvironmentMove, Move, Release
from ._claims import move_claim, policy_claim, trust_moves, trust_pointer, trust_policies, trust_release, trust_ship

_metadata = MetaData()

_environment = Table(
    "environment",
    _metadata,
    Column("app", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("live", Text, nullable=False),
    Column("candidate", Text),
    Column("candidate_share", Float, nullable=False),
    Column("sequence", Integer, nullable=False),
)
_move = Table(
    "environment_move",
    _metadata,
    Column("sequence", Integer, primary_key=True),
    Column("app", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("move", Text, nullable=False),
    Column("from_release", Text),
    Column("to_release", Text, nullable=False),
    Column("share", Float, nullable=False),
    Column("moved_at", Text, nullable=False),
    Column("actor", Text, nullable=False),
)
_policy = Table(
    "environment_policy",
    _metadata,
    Column("app", Text, primary_key=True),
    Column("environment", Text, primary_key=True),
    Column("policy", Text, nullable=False),
    Column("adopted_at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
)
# Kept by the releases' own store; asked here inside the transaction that moves a pointer.
_release = table("release", column("digest", Text), column("app", Text))

_MAKES_LIVE = ("ship", "rollback")
_POINTER = ("live", "candidate", "candidate_share", "sequence")


class Environments:
    """Every environment of this installation, and what may run in it."""

    def __init__(self, database: Database, ledger: Ledger, reviews: Reviews) -> None:
        self._database = database
        self._ledger = ledger
        self._reviews = reviews
        self._trusted: dict[tuple[str, str], dict[Any, Any]] = {}

    def ship(
        self, release: Release, environment: str, *, by: By, reason: str, override: bool = False
    ) -> EnvironmentMove:
        """Make a release live, in one transaction. A candidate that shared the traffic does so no more.

        `override` breaks the glass: what it breaks is written down. Raises what `Promotion.check_ship` raises.
        """
        digest = release.manifest.digest
        with self._database.write() as connection:
            place = _Place(connection, release.manifest.app, environment)
            self._check(place, release, by, reason, override=override)
            return self._move(place, ("ship", digest, 1.0), {"live": digest, "candidate": None}, (by, reason))

    def share(
        self, release: Release, environment: str, share: float, *, by: By, reason: str, override: bool = False
    ) -> EnvironmentMove:
        """Let a candidate answer a share of the traffic (above 0, below 1) beside the live release.

        The same rules hold as for a ship. Raises NothingToShareError where nothing is live, and ShareInvalidError.
        """
        digest = release.manifest.digest
        with self._database.write() as connection:
            place = _Place(connection, release.manifest.app, environment)
            if place.live is None:
                raise NothingToShareError(release.manifest.name, environment)
            if not 0 < share < 1:
                raise ShareInvalidError(share)
            self._check(place, release, by, reason, override=override)
            pointer = {"live": place.live, "candidate": digest}
            return self._move(place, ("split", digest, share), pointer, (by, reason))

    def unshare(self, app: str, environment: str, *, by: By, reason: str) -> EnvironmentMove:
        """Give all traffic back to the live release. Raises NothingLiveError, NoSplitError and ReasonMissingError."""
        with self._database.write() as connection:
            place = _Place(connection, app, environment)
            live = place.must_be_live()
            if place.candidate is None:
                raise NoSplitError(environment)
            check_rollback(place.policy, environment, reason=reason)
            return self._move(place, ("unsplit", live, 1.0), {"live": live, "candidate": None}, (by, reason))

    def roll_back(self, app: str, environment: str, *, by: By, reason: str) -> EnvironmentMove:
        """Make the release live that was shipped before the live one, in one transaction; all traffic goes to it.

        Raises NothingLiveError, NoEarlierReleaseError, and ReasonMissingError where the policy asks for a reason.
        """
        with self._database.write() as connection:
            place = _Place(connection, app, environment)
            place.must_be_live()
            target = rollback_target(place.moves)
            if target is None:
                raise NoEarlierReleaseError(app, environment)
            trust_ship(self._ledger.witness(connection), target, place.move_rows)
            check_rollback(place.policy, environment, reason=reason)
            return self._move(place, ("rollback", target, 1.0), {"live": target, "candidate": None}, (by, reason))

    def answer(self, release: Release, environment: str, answer: Answer, *, by: By, reason: str) -> ReviewAnswer:
        """Approve or refuse a release for an environment, or withdraw that. Raises what `Promotion` raises."""
        question = Question(release.manifest.app, release.manifest.digest, environment)

        def guard(connection: Connection) -> None:
            promotion = self._promotion(_Place(connection, question.app, environment), release)
            checks = {
                "approve": promotion.check_approve,
                "refuse": promotion.check_refuse,
                "withdraw": promotion.check_withdraw,
            }
            checks[answer](by)

        policy = self.policy(question.app, environment)
        expires_at = policy.approval_expires_at(utc_now()) if answer == "approve" else None
        return self._reviews.answer(question, answer, by=by, reason=reason, expires_at=expires_at, guard=guard)

    def promotion(self, release: Release, environment: str) -> Promotion:
        """A release on its way into an environment, as the records say it now."""
        with self._database.read() as connection:
            return self._promotion(_Place(connection, release.manifest.app, environment), release)

    def adopt(self, app: str, environment: str, policy: EnvironmentPolicy, *, by: By, reason: str) -> bool:
        """Make a policy the one that holds in an environment; False when it is that already."""
        with self._database.write() as connection:
            before = _Place(connection, app, environment).policy_row
            content = policy.to_json()
            if before is not None and json.decode(before["policy"]) == json.decode(canonical_json(content)):
                return False
            old = None if before is None else EnvironmentPolicy.from_json(json.decode(before["policy"])).digest
            facts: dict[str, Json] = {"environment": environment, "from": old, "to": policy.digest, "policy": content}
            recorded = self._ledger.append(connection, Act("policy.adopt", app, by, facts, {"reason": reason}))
            values = {
                "policy": canonical_json(content).decode(),
                "adopted_at": to_text(recorded.at),
                "actor": by.actor,
                "sequence": recorded.sequence,
            }
            put_row(connection, _policy, {"app": app, "environment": environment}, values)
        return True

    def policy(self, app: str, environment: str) -> EnvironmentPolicy:
        """The policy that holds in an environment; one that asks nothing when none was adopted."""
        return self.adopted(app).get(environment, EnvironmentPolicy())

    def adopted(self, app: str) -> dict[str, EnvironmentPolicy]:
        """The policies that were adopted, by environment. Raises IntegrityError when the log says otherwise."""
        with self._database.read() as connection:
            rows = _policies(connection, app)
            trust_policies(self._ledger.witness(connection), app, rows)
        return {row["environment"]: EnvironmentPolicy.from_json(json.decode(row["policy"])) for row in rows}

    def live(self, app: str, environment: str) -> Digest:
        """The digest of the release that is live now. Raises NothingLiveError, and IntegrityError as `choose` does."""
        with self._database.read() as connection:
            return self._trusted_place(connection, app, environment).must_be_live()

    def choose(self, app: str, environment: str, key: str) -> Digest:
        """The release that answers `key`, the live one or the candidate; sticky.

        Raises NothingLiveError, and IntegrityError when the pointer is not where the log says that it was put.
        """
        return self.split(app, environment).choose(key)

    def split(self, app: str, environment: str) -> TrafficSplit:
        """How an environment's traffic is shared now; where there is no candidate, the live release has all of it.

        Raises as `choose` does.
        """
        with self._database.read() as connection:
            place = self._trusted_place(connection, app, environment)
        live = place.must_be_live()
        return TrafficSplit(live, place.candidate or live, place.share if place.candidate else 0.0)

    @property
    def state(self) -> int | None:
        """Another number as soon as anybody else changed the records; None where only time can tell."""
        return self._database.state

    def environments(self, app: str | None = None) -> tuple[Environment, ...]:
        """The environments in which something is live, of one application or of all.

        Each says when and by whom its live release was made live: what a candidate does beside it changes neither.
        """
        earlier = _move.alias()
        made_live = (
            select(earlier.c.sequence)
            .where(earlier.c.app == _environment.c.app, earlier.c.environment == _environment.c.name)
            .where(earlier.c.move.in_(_MAKES_LIVE))
            .order_by(earlier.c.sequence.desc())
            .limit(1)
            .correlate(_environment)
            .scalar_subquery()
        )
        query = (
            select(_environment, _move.c.moved_at, _move.c.actor)
            .select_from(_environment.join(_move, _move.c.sequence == made_live))
            .order_by(_environment.c.app, _environment.c.name)
        )
        if app is not None:
            query = query.where(_environment.c.app == app)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(_to_environment(row) for row in rows)

    def moves(
        self, app: str | None = None, *, environment: str | None = None, limit: int | None = None
    ) -> tuple[EnvironmentMove, ...]:
        """Every move there was, oldest first; with `limit` only the newest ones."""
        with self._database.read() as connection:
            rows = _moves(connection, app, environment, limit)
        reasons = self._ledger.private(row["sequence"] for row in rows)
        return tuple(_to_move(row, reasons) for row in rows)

    def refuse_pointed(self, connection: Connection, app: str, digests: Sequence[Digest]) -> None:
        """Raise ReferencedError when a pointer or a rollback leads to one of the releases; for another transaction."""
        wanted = set(digests)
        names = connection.scalars(select(_environment.c.name).where(_environment.c.app == app)).all()
        for name in names:
            place = _Place(connection, app, name)
            for digest in {place.live, place.candidate, rollback_target(place.moves)} & wanted:
                raise ReferencedError(f"release {digest}", f"the environment {name}")

    def move_claims(self) -> Iterator[Claim]:
        """What the row of every move says, in the order of the ledger."""
        return map(move_claim, in_sequence(self._database, _move))

    def policy_claims(self) -> Iterator[Claim]:
        """What the row of every policy says, in the order of the ledger."""
        return map(policy_claim, in_sequence(self._database, _policy))

    def strays(self) -> Iterator[str]:
        """Pointers that are not where their last move put them, each as a sentence."""
        with self._database.read() as connection:
            pointers = {(row["app"], row["name"]): row for row in connection.execute(select(_environment)).mappings()}
            moved: dict[tuple[str, str], tuple[Any, ...]] = {}
            for row in connection.execute(select(_move).order_by(_move.c.sequence)).mappings():
                moved[row["app"], row["environment"]] = _after(moved.get((row["app"], row["environment"])), row)
        for key in sorted({*pointers, *moved}):
            pointer = pointers.get(key)
            found = None if pointer is None else tuple(pointer[name] for name in _POINTER)
            if found != moved.get(key):
                yield f"the pointer of {key[0]} in {key[1]} is not where its last move put it"
        yield from self._stray_policies()

    def _stray_policies(self) -> Iterator[str]:
        """Policies that are not the ones adopted last: an old one put back would pass for genuine."""
        while True:
            size = self._ledger.size()
            with self._database.read() as connection:
                rows = connection.execute(select(_policy)).mappings().all()
            # One that is adopted between the two readings would look like a difference; read again.
            if not any(self._ledger.entries(size, self._ledger.size(), act="policy.adopt")):
                break
        found = {(row["app"], row["environment"]): row["sequence"] for row in rows}
        entries = self._ledger.entries(0, size, act="policy.adopt")
        adopted = {(entry.app, str(entry.facts.get("environment"))): entry.sequence for entry in entries}
        for key in sorted({*found, *adopted}):
            if found.get(key) != adopted.get(key):
                yield f"the policy of {key[0]} in {key[1]} is not the one that was adopted last"

    def _trusted_place(self, connection: Connection, app: str, environment: str) -> "_Place":
        """An environment whose pointer is where the log says; what did not change since is not asked again."""
        place = _Place(connection, app, environment)
        if place.pointer is not None and self._trusted.get((app, environment)) != (pointer := dict(place.pointer)):
            last = next(iter(_moves(connection, app, environment, 1)), None)
            trust_pointer(self._ledger.witness(connection), pointer, last)
            self._trusted[app, environment] = pointer
        return place

    def _promotion(self, place: "_Place", release: Release) -> Promotion:
        """Raises IntegrityError when anything that it goes by is not what the log says."""
        witness, rows = self._ledger.witness(place.connection), place.move_rows
        trust_release(witness, release)
        trust_policies(witness, place.app, _policies(place.connection, place.app))
        trust_moves(witness, release, place.name, rows)
        question = Question(place.app, release.manifest.digest, place.name)
        answers = self._reviews.trusted_in(place.connection, question, since=release.sequence)
        return Promotion(
            manifest=release.manifest,
            author=release.author,
            environment=place.name,
            policy=place.policy,
            answers=answers,
            moves=[_to_move(row, {}) for row in rows],
            now=utc_now(),
        )

    def _check(self, place: "_Place", release: Release, by: By, reason: str, *, override: bool) -> None:
        broken = self._promotion(place, release).check_ship(by, reason=reason, override=override)
        if broken:
            facts: dict[str, Json] = {
                "environment": place.name,
                "release": release.manifest.digest,
                "rules": list(broken),
            }
            act = Act("environment.override", place.app, by, facts, {"reason": reason})
            self._ledger.append(place.connection, act)

    def _move(
        self,
        place: "_Place",
        deed: tuple[Move, Digest, float],
        pointer: Mapping[str, Digest | None],
        said: tuple[By, str],
    ) -> EnvironmentMove:
        """Write the move down, add it and set the pointer; the caller's transaction makes them one."""
        move, release, share = deed
        by, reason = said
        place.must_be_kept(release)
        facts: dict[str, Json] = {"environment": place.name, "move": move, "from": place.live, "to": release}
        act = Act(f"environment.{move}", place.app, by, {**facts, "share": share}, {"reason": reason})
        recorded = self._ledger.append(place.connection, act)
        values: dict[str, Any] = {
            "sequence": recorded.sequence,
            "app": place.app,
            "environment": place.name,
            "move": move,
            "from_release": place.live,
            "to_release": release,
            "share": share,
            "moved_at": to_text(recorded.at),
            "actor": by.actor,
        }
        place.connection.execute(_move.insert().values(values))
        shared = share if move == "split" else 0.0
        put_row(
            place.connection,
            _environment,
            {"app": place.app, "name": place.name},
            {**pointer, "candidate_share": shared, "sequence": recorded.sequence},
        )
        return EnvironmentMove(**{**values, "moved_at": recorded.at, "reason": reason})


class _Place:
    """One environment as a transaction sees it."""

    def __init__(self, connection: Connection, app: str, name: str) -> None:
        self.connection = connection
        self.app = app
        self.name = name
        query = select(_environment).where(_environment.c.app == app, _environment.c.name == name)
        row = self.pointer = connection.execute(query).mappings().first()
        self.live: Digest | None = None if row is None else row["live"]
        self.candidate: Digest | None = None if row is None else row["candidate"]
        self.share: float = 0.0 if row is None else row["candidate_share"]

    @property
    def policy_row(self) -> RowMapping | None:
        query = select(_policy).where(_policy.c.app == self.app, _policy.c.environment == self.name)
        return self.connection.execute(query).mappings().first()

    @property
    def policy(self) -> EnvironmentPolicy:
        row = self.policy_row
        return EnvironmentPolicy() if row is None else EnvironmentPolicy.from_json(json.decode(row["policy"]))

    @property
    def move_rows(self) -> list[RowMapping]:
        return _moves(self.connection, self.app, self.name, None)

    @property
    def moves(self) -> tuple[EnvironmentMove, ...]:
        """Without their reasons, which no rule asks for."""
        return tuple(_to_move(row, {}) for row in self.move_rows)

    def must_be_kept(self, release: Digest) -> None:
        """What was live once may have been collected since."""
        query = select(_release.c.digest).where(_release.c.digest == release, _release.c.app == self.app)
        if self.connection.scalar(query) is None:
            raise ReleaseMissingError(self.app, short_name("r", release))

    def must_be_live(self) -> Digest:
        if self.live is None:
            raise NothingLiveError(self.app, self.name)
        return self.live


def _policies(connection: Connection, app: str) -> Sequence[RowMapping]:
    return connection.execute(select(_policy).where(_policy.c.app == app)).mappings().all()


def _moves(connection: Connection, app: str | None, environment: str | None, limit: int | None) -> list[RowMapping]:
    query = select(_move).order_by(_move.c.sequence.desc()).limit(limit)
    if app is not None:
        query = query.where(_move.c.app == app)
    if environment is not None:
        query = query.where(_move.c.environment == environment)
    return list(reversed(connection.execute(query).mappings().all()))


def _after(before: tuple[Any, ...] | None, row: RowMapping) -> tuple[Any, ...]:
    """The pointer after a move, in the order of `_POINTER`."""
    if row["move"] == "split":
        return (None if before is None else before[0]), row["to_release"], row["share"], row["sequence"]
    return row["to_release"], None, 0.0, row["sequence"]


def _to_move(row: RowMapping, private: Mapping[int, Mapping[str, str]]) -> EnvironmentMove:
    opened = private.get(row["sequence"])
    reason = None if opened is None else opened.get("reason", "")
    return EnvironmentMove(**{**row, "moved_at": from_text(row["moved_at"]), "reason": reason})


def _to_environment(row: RowMapping) -> Environment:
    return Environment(
        app=row["app"],
        name=row["name"],
        live=row["live"],
        live_name=short_name("r", row["live"]),
        moved_at=from_text(row["moved_at"]),
        actor=row["actor"],
        candidate=row["candidate"],
        candidate_share=row["candidate_share"],
    )
