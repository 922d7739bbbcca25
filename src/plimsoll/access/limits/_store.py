"""What is used of windows, and the budgets that were set by command.

Use has a database of its own. Every change of it is one write transaction, so that what is read under its lock stays
true until the commit: after each, `spent + leased <= cap + overrun` for every window whose cap was not lowered.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Float,
    Integer,
    MetaData,
    RowMapping,
    Table,
    Text,
    bindparam,
    delete,
    func,
    or_,
    select,
    union,
)

from plimsoll.kernel.clock import from_text, to_text
from plimsoll.kernel.digest import Json
from plimsoll.ledger import Act, By, Claim, Ledger
from plimsoll.storage import Database, in_sequence, put_row, put_rows

from ._errors import BudgetMissingError
from ._records import BUDGET_ACTS, budget_claim, budget_facts, budget_strays, to_budget, trust_budgets
from ._spans import ends_at, stretch
from ._types import SPANS, Alert, Budget, Window, WindowUse, scope_of
from .escrow import Answer, Ask, Batch, Lease, Outcome, Row, alert, exchange, expire

_metadata = MetaData()

_window = Table(
    "usage_window",
    _metadata,
    Column("key", Text, primary_key=True),
    Column("app", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("measure", Text, nullable=False),
    Column("span", Text, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("cap", BigInteger, nullable=False),
    Column("spent", BigInteger, nullable=False),
    Column("leased", BigInteger, nullable=False),
    Column("overrun", BigInteger, nullable=False),
    Column("alerted", Float, nullable=False),
    Column("wanted_until_ms", BigInteger, nullable=False),
)
_lease = Table(
    "usage_lease",
    _metadata,
    Column("worker", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Column("on_crash", Text, nullable=False),
    Column("charged", Boolean, nullable=False),
)
_worker = Table(
    "usage_worker",
    _metadata,
    Column("id", Text, primary_key=True),
    Column("tick", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)
_alert = Table(
    "usage_alert",
    _metadata,
    Column("key", Text, primary_key=True),
    Column("share", Float, primary_key=True),
    Column("app", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("measure", Text, nullable=False),
    Column("span", Text, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("spent", BigInteger, nullable=False),
    Column("cap", BigInteger, nullable=False),
    Column("at", Text, nullable=False),
)
_budget = Table(
    "budget",
    _metadata,
    Column("app", Text, primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("measure", Text, primary_key=True),
    Column("span", Text, primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Column("alert_at", Float, nullable=False),
    Column("unknown_price", Text, nullable=False),
    Column("on_crash", Text, nullable=False),
    Column("set_at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
)

MOST_WINDOWS: Final = 1_000
_MS: Final = 1000
_PER_QUERY: Final = 500
_PER_RECLAIM: Final = 2_000
_DAY_S: Final = 86_400
_KEPT_S: Final = {"minute": 3_600, "hour": _DAY_S, "day": 8 * _DAY_S, "month": 100 * _DAY_S}
"""For how long windows stay after they began, so that a clock that is put back finds them as they were."""
_DEAD_KEPT_S: Final = 900
"""For how long it is known of a process that was taken for dead what it said last: should it come back, it looks."""
_TOLD_KEPT_S: Final = {"minute": _DAY_S, "hour": 8 * _DAY_S, "day": 62 * _DAY_S, "month": 400 * _DAY_S}
"""For how long it is known that a window reached a share: the shorter the window, the more of them there are."""

# Made once: what a statement means is worked out when it is first run, and kept with it.
_WORKERS = select(_worker)
_ADD_WORKER = _worker.insert()
_TELL_WORKER = _worker.update().where(_worker.c.id == bindparam("of"))
_DROP_WORKER = _worker.delete().where(_worker.c.id == bindparam("of"))
_STATE_COLUMNS = (
    _window.c.key,
    _window.c.spent,
    _window.c.leased,
    _window.c.overrun,
    _window.c.alerted,
    _window.c.wanted_until_ms,
)
_FIND_WINDOWS = select(*_STATE_COLUMNS).where(_window.c.key.in_(bindparam("keys", expanding=True)))
_ADD_WINDOWS = _window.insert()
_SET_WINDOWS = _window.update().where(_window.c.key == bindparam("of"))
_FIND_LEASES = select(_lease).where(
    _lease.c.worker == bindparam("of"), _lease.c.key.in_(bindparam("keys", expanding=True))
)
_LEASES_OF = select(_lease).where(_lease.c.worker == bindparam("of"), _lease.c.charged.is_(False)).limit(_PER_RECLAIM)
_DROP_LEASES = _lease.delete().where(_lease.c.worker == bindparam("of"), _lease.c.key == bindparam("held"))
_FULLEST_FIRST = ((_window.c.spent * 1.0 / func.nullif(_window.c.cap, 0)).desc().nulls_first(), _window.c.key)
_WANTED = select(_window.c.key).where(_window.c.wanted_until_ms > bindparam("now"))


class Consumption:
    """What is used of windows, in a database. Safe for several processes, on one machine or many.

    - A process is taken for dead when it did not say a word until its time was over, and a little longer.
    - A batch that was written down is never written down again: its tick stands beside its process.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._state: int | None = None
        self._wanted: frozenset[str] = frozenset()

    def exchange(self, batch: Batch) -> Outcome:
        """Write down what a process says, and decide what it holds from now on; one transaction."""
        now_ms = int(batch.now_s * _MS)
        with self._database.write() as connection:
            workers = {row["id"]: row for row in connection.execute(_WORKERS).mappings()}
            if batch.reclaims:
                _reclaim(connection, [row for row in workers.values() if row["id"] != batch.worker], batch)
            crowd = sum(row["expires_ms"] > now_ms for row in workers.values() if row["id"] != batch.worker) + 1
            outcome = _settle_asks(connection, batch, crowd)
            _tell_worker(connection, batch, known=batch.worker in workers)
        return outcome

    def outcome_of(self, batch: Batch) -> Outcome | None:
        """What came of a batch whose exchange raised; None when nothing of it was written down."""
        with self._database.read() as connection:
            told = connection.scalar(select(_worker.c.tick).where(_worker.c.id == batch.worker))
            if told != batch.tick:
                return None
            rows, leases = _found(connection, batch)
        # A window may be gone meanwhile: its user was erased, or it was pruned.
        return Outcome(
            tuple(_as_left(rows.get(ask.window.key, Row()), leases.get(ask.window.key), ask) for ask in batch.asks)
        )

    def wanted(self, now_s: float) -> frozenset[str]:
        """The keys of windows of which somebody wants back what others do not use; free while nothing changed."""
        state = self._database.state
        if state is None or state != self._state or self._wanted:
            with self._database.read() as connection:
                self._wanted = frozenset(connection.scalars(_WANTED, {"now": int(now_s * _MS)}))
            self._state = state
        return self._wanted

    def prune(self, now_s: float) -> int:
        """Take away windows that ended long ago and of which nobody holds anything, and their alerts; how many."""
        gone = 0
        with self._database.write() as connection:
            for span, kept_s in _KEPT_S.items():
                old = (_window.c.span == span, _window.c.start < int(now_s - kept_s))
                # A lease that was charged stays for as long as its process could come back and say what it really used.
                gone += connection.execute(delete(_window).where(*old, _window.c.leased == 0)).rowcount
            for span, kept_s in _TOLD_KEPT_S.items():
                connection.execute(delete(_alert).where(_alert.c.span == span, _alert.c.start < int(now_s - kept_s)))
            kept = select(_window.c.key).where(_window.c.key == _lease.c.key).exists()
            connection.execute(delete(_lease).where(_lease.c.charged.is_(True), ~kept))
        return gone

    def count_subject(self, identifier: str) -> int:
        """How many windows are kept, or known to have reached a share, of a user who is named exactly so."""
        scope = scope_of("user", identifier)
        known = union(*(select(table.c.key).where(table.c.scope == scope) for table in (_window, _alert))).subquery()
        with self._database.read() as connection:
            return connection.scalar(select(func.count()).select_from(known)) or 0

    def purge_subject(self, identifier: str) -> int:
        """Take away what is written down about a user, present windows too; how many windows those were."""
        found, scope = self.count_subject(identifier), scope_of("user", identifier)
        with self._database.write() as connection:
            keys = select(_window.c.key).where(_window.c.scope == scope)
            connection.execute(delete(_lease).where(_lease.c.key.in_(keys)))
            for table in (_alert, _window):
                connection.execute(delete(table).where(table.c.scope == scope))
        if found:
            self._database.scrub()
        return found

    def windows(
        self, app: str, now: datetime, *, scope: str | None = None, most: int = MOST_WINDOWS
    ) -> tuple[WindowUse, ...]:
        """The fullest present windows of an application, or of one scope in it, the fullest first.

        At most so many of users, and so many of all others: there may be one for every user that ever came.
        """
        present = [(span, stretch(span, now.timestamp())[0]) for span in SPANS]
        wanted = [or_(*((_window.c.span == span) & (_window.c.start == start) for span, start in present))]
        wanted += [_window.c.scope == scope] if scope is not None else []
        of_users = _window.c.scope.startswith("user:", autoescape=True)
        found: list[WindowUse] = []
        with self._database.read() as connection:
            for whose in (of_users, ~of_users):
                query = select(_window).where(_window.c.app == app, *wanted, whose).order_by(*_FULLEST_FIRST)
                found += map(_to_use, connection.execute(query.limit(most)).mappings())
        return tuple(sorted(found, key=lambda use: (-use.fullness, use.window.scope, use.window.key)))

    def alerts(self, app: str, since: datetime, *, most: int = MOST_WINDOWS) -> tuple[Alert, ...]:
        """The latest that was told about the windows of an application since a moment, the newest first."""
        query = select(_alert).where(_alert.c.app == app, _alert.c.at >= to_text(since)).order_by(_alert.c.at.desc())
        with self._database.read() as connection:
            return tuple(_to_alert(row) for row in connection.execute(query.limit(most)).mappings())


class Budgets:
    """The budgets that were set by command, each with its entry in the ledger.

    A budget for one user stands here under the pseudonym of that person, whose name only the key store knows. Whether
    the caller may set budgets is the caller's question: `Acting.require("policy")`.
    """

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    def set(self, app: str, budget: Budget, *, by: By) -> bool:
        """Make a budget hold, instead of the one of the same name; False when it is that already."""
        stored = self._stored(budget)
        facts = budget_facts(stored)
        with self._database.write() as connection:
            before = _budget_row(connection, app, stored.name)
            if before is not None and budget_facts(to_budget(before)) == facts:
                return False
            recorded = self._ledger.append(connection, Act("budget.set", app, by, facts))
            keys = {"app": app, "scope": stored.scope, "measure": stored.measure, "span": stored.span}
            values = {
                "amount": stored.amount,
                "alert_at": stored.alert_at,
                "unknown_price": stored.unknown_price,
                "on_crash": stored.on_crash,
                "set_at": to_text(recorded.at),
                "actor": by.actor,
                "sequence": recorded.sequence,
            }
            put_row(connection, _budget, keys, values)
        return True

    def remove(self, app: str, scope: str, measure: str, span: str, *, by: By) -> Budget:
        """Let a budget hold no more; what was used stays written down. Raises BudgetMissingError."""
        name = (self._known_scope(scope), measure, span)
        with self._database.write() as connection:
            before = _budget_row(connection, app, name)
            if before is None:
                raise BudgetMissingError(scope, measure, span)
            facts: dict[str, Json] = {"scope": name[0], "measure": measure, "span": span}
            self._ledger.append(connection, Act("budget.remove", app, by, facts))
            connection.execute(delete(_budget).where(*_is_named(app, name)))
        return self._with_name(before)

    def held(self, app: str) -> tuple[Budget, ...]:
        """The budgets that hold for an application, by scope. Raises IntegrityError when the log says otherwise."""
        query = select(_budget).where(_budget.c.app == app).order_by(_budget.c.scope, _budget.c.measure, _budget.c.span)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
            trust_budgets(self._ledger.witness(connection), app, rows)
        return tuple(self._with_name(row) for row in rows)

    def watched(self, app: str, declared: tuple[Budget, ...]) -> Callable[[], tuple[Budget, ...]]:
        """What a meter asks every few seconds: `declared` (of plimsoll.yaml), and those that were set by command.

        The records are read again only when somebody changed them. It raises as `held` does.
        """
        last: list[tuple[int | None, tuple[Budget, ...]]] = []

        def read() -> tuple[Budget, ...]:
            state = self._database.state
            if not last or state is None or last[0][0] != state:
                last[:] = [(state, (*declared, *self.held(app)))]
            return last[0][1]

        return read

    def claims(self) -> Iterator[Claim]:
        """What every row says, to be held against the ledger."""
        return (budget_claim(row) for row in in_sequence(self._database, _budget))

    def strays(self) -> Iterator[str]:
        """Budgets that are there and should not be, or the other way round, each as a sentence."""
        with self._database.read() as connection:
            rows = connection.execute(select(_budget)).mappings().all()
        entries = sorted(
            (entry for act in BUDGET_ACTS for entry in self._ledger.entries(act=act)), key=lambda entry: entry.sequence
        )
        return budget_strays(entries, rows)

    def _stored(self, budget: Budget) -> Budget:
        kind, _, name = budget.scope.partition(":")
        return replace(budget, scope=f"user:{self._ledger.subject(name)}") if kind == "user" else budget

    def _known_scope(self, scope: str) -> str:
        kind, _, name = scope.partition(":")
        return f"user:{self._ledger.find_subject(name)}" if kind == "user" else scope

    def _with_name(self, row: RowMapping) -> Budget:
        """A budget with the name of its user; that of one who was erased keeps the pseudonym, and meets nobody."""
        budget = to_budget(row)
        kind, _, subject = budget.scope.partition(":")
        name = self._ledger.name(subject) if kind == "user" else None
        return budget if name is None else replace(budget, scope=f"user:{name}")


def _settle_asks(connection: Connection, batch: Batch, crowd: int) -> Outcome:
    """Decide every ask, and write down what changed."""
    if not batch.asks:
        return Outcome(())
    now_ms = int(batch.now_s * _MS)
    rows, leases = _found(connection, batch)
    new = [ask for ask in batch.asks if ask.window.key not in rows]
    answers: list[Answer] = []
    after: dict[str, tuple[Ask, Row]] = {}
    told: list[Alert] = []
    for ask in batch.asks:
        key = ask.window.key
        row, leases[key], answer = exchange(rows.get(key, Row()), leases.get(key), ask, crowd=crowd, now_ms=now_ms)
        share = alert(row, ask)
        if share is not None:
            row = replace(row, alerted=share)
            told.append(Alert(ask.window, share, row.spent, ask.cap, datetime.fromtimestamp(batch.now_s, UTC)))
        after[key] = (ask, row)
        answers.append(answer)
    fresh = {ask.window.key for ask in new}
    _put_windows(connection, after, fresh)
    _put_leases(connection, batch.worker, leases)
    if told:
        put_rows(connection, _alert, ("key", "share"), [_alert_row(item) for item in told])
    return Outcome(tuple(answers), tuple(told))


def _found(connection: Connection, batch: Batch) -> tuple[dict[str, Row], dict[str, Lease]]:
    """The windows that a batch is about, and what its process holds of them."""
    keys = [ask.window.key for ask in batch.asks]
    rows: dict[str, Row] = {}
    leases: dict[str, Lease] = {}
    for first in range(0, len(keys), _PER_QUERY):
        some = keys[first : first + _PER_QUERY]
        for key, *state in connection.execute(_FIND_WINDOWS, {"keys": some}):
            rows[key] = Row(*state)
        for _, key, amount, on_crash, charged in connection.execute(_FIND_LEASES, {"of": batch.worker, "keys": some}):
            leases[key] = Lease(amount, on_crash, charged)
    return rows, leases


def _put_windows(connection: Connection, after: Mapping[str, tuple[Ask, Row]], fresh: set[str]) -> None:
    added = [
        {"key": key, **ask.window._asdict(), "cap": ask.cap, **_state(row)}
        for key, (ask, row) in after.items()
        if key in fresh
    ]
    changed = [{"of": key, "cap": ask.cap, **_state(row)} for key, (ask, row) in after.items() if key not in fresh]
    if added:
        connection.execute(_ADD_WINDOWS, added)
    if changed:
        connection.execute(_SET_WINDOWS, changed)


def _put_leases(connection: Connection, worker: str, leases: Mapping[str, Lease]) -> None:
    held = [
        {"worker": worker, "key": key, "amount": lease.amount, "on_crash": lease.on_crash, "charged": lease.charged}
        for key, lease in leases.items()
        if lease.amount
    ]
    given_back = [{"of": worker, "held": key} for key, lease in leases.items() if not lease.amount]
    put_rows(connection, _lease, ("worker", "key"), held)
    if given_back:
        connection.execute(_DROP_LEASES, given_back)


def _tell_worker(connection: Connection, batch: Batch, *, known: bool) -> None:
    if batch.leaves:
        held = connection.scalar(select(_lease.c.key).where(_lease.c.worker == batch.worker).limit(1))
        if held is None:
            connection.execute(_DROP_WORKER, {"of": batch.worker})
            return
    values = {"tick": batch.tick, "expires_ms": int((batch.now_s + batch.lease_s) * _MS)}
    if known:
        connection.execute(_TELL_WORKER, {"of": batch.worker, **values})
    else:
        connection.execute(_ADD_WORKER, {"id": batch.worker, **values})


def _reclaim(connection: Connection, workers: Sequence[RowMapping], batch: Batch) -> None:
    """Take back, or charge, what processes held that are taken for dead; some at a time."""
    for worker in workers:
        if worker["expires_ms"] >= (batch.now_s - batch.skew_s) * _MS:
            continue
        found = {row["key"]: row for row in connection.execute(_LEASES_OF, {"of": worker["id"]}).mappings()}
        for key, row in found.items():
            _expire(connection, worker["id"], key, Lease(row["amount"], row["on_crash"]))
        long_ago = worker["expires_ms"] < (batch.now_s - batch.skew_s - _DEAD_KEPT_S) * _MS
        if long_ago and len(found) < _PER_RECLAIM:
            connection.execute(_DROP_WORKER, {"of": worker["id"]})


def _expire(connection: Connection, worker: str, key: str, lease: Lease) -> None:
    state = connection.execute(_FIND_WINDOWS, {"keys": [key]}).first()
    row, left = expire(Row() if state is None else Row(*state[1:]), lease)
    if state is not None:
        connection.execute(_SET_WINDOWS, [{"of": key, **_state(row)}])
    if left is None:
        connection.execute(_DROP_LEASES, [{"of": worker, "held": key}])
    else:
        _put_leases(connection, worker, {key: left})


def _state(row: Row) -> dict[str, int | float]:
    return {
        "spent": row.spent,
        "leased": row.leased,
        "overrun": row.overrun,
        "alerted": row.alerted,
        "wanted_until_ms": row.wanted_until_ms,
    }


def _as_left(row: Row, lease: Lease | None, ask: Ask) -> Answer:
    """The answer that a batch got whose exchange raised after it was written down."""
    # What was charged went to nobody and is not held: it is corrected when the process says more.
    amount = 0 if lease is None or lease.charged else lease.amount
    return Answer(amount, max(0, ask.cap - row.spent - row.leased), row.spent, row.leased - amount, contested=False)


def _budget_row(connection: Connection, app: str, name: tuple[str, str, str]) -> RowMapping | None:
    return connection.execute(select(_budget).where(*_is_named(app, name))).mappings().first()


def _is_named(app: str, name: tuple[str, str, str]) -> tuple[ColumnElement[bool], ...]:
    scope, measure, span = name
    return _budget.c.app == app, _budget.c.scope == scope, _budget.c.measure == measure, _budget.c.span == span


def _to_window(row: RowMapping) -> Window:
    return Window(row["app"], row["scope"], row["measure"], row["span"], row["start"])


def _to_use(row: RowMapping) -> WindowUse:
    window = _to_window(row)
    ends = ends_at(window.span, window.start)
    return WindowUse(window, row["cap"], row["spent"], row["leased"], row["overrun"], ends, row["alerted"])


def _to_alert(row: RowMapping) -> Alert:
    return Alert(_to_window(row), row["share"], row["spent"], row["cap"], from_text(row["at"]))


def _alert_row(item: Alert) -> dict[str, Any]:
    values = {"share": item.share, "spent": item.spent, "cap": item.cap, "at": to_text(item.at)}
    return {"key": item.window.key, **item.window._asdict(), **values}
