"""Labels in the database. A move, its history and its ledger entry are one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Integer, MetaData, RowMapping, Table, Text, select

from plimsoll.kernel.clock import from_text, to_text
from plimsoll.kernel.digest import Digest, Json
from plimsoll.ledger import Act, By, Claim, Ledger
from plimsoll.storage import Database, put_row

from .._errors import LabelMissingError
from .._reference import Reference, check_label, parse_reference
from .._store import Guard, Registry
from .._types import Version, VersionRef, split_key
from ._path import follow_labels
from ._types import ALIAS, Label, LabelMove

_metadata = MetaData()

_label = Table(
    "label",
    _metadata,
    Column("app", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("label", Text, primary_key=True),
    Column("target", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
)
_move = Table(
    "label_move",
    _metadata,
    Column("sequence", Integer, primary_key=True),
    Column("app", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("from_target", Text),
    Column("to_target", Text),
    Column("moved_at", Text, nullable=False),
    Column("actor", Text, nullable=False),
)
_PER_PAGE = 1000


class Labels:
    """The labels of every artifact, and what they name."""

    def __init__(self, database: Database, ledger: Ledger, registry: Registry) -> None:
        self._database = database
        self._ledger = ledger
        self._registry = registry

    def resolve(self, app: str, text: str) -> Version:
        """The version that a person names: KIND:NAME (the newest), or with @3, @LABEL or @sha256:….

        Raises InvalidError for a text that names nothing, and NotFoundError for what does not exist.
        """
        reference = parse_reference(text)
        if reference.label is not None:
            digest = self._digest(app, reference.key, reference.label)
            return self._registry.version(app, VersionRef(reference.kind, reference.name, digest))
        if reference.digest is not None:
            return self._registry.by_digest(app, reference.key, reference.digest)
        return self._registry.find(app, reference.key, reference.number)

    def target_of(self, app: str, reference: Reference) -> str:
        """What a label that is moved to a reference points at: the digest of a version, or another label."""
        if reference.label is not None:
            return ALIAS + reference.label
        return self.resolve(app, _text(reference)).digest

    def move(
        self, app: str, place: tuple[str, str], target: str | None, *, by: By, reason: str, guard: Guard
    ) -> LabelMove | None:
        """Point a label, named by (`kind:name`, label), at a version or another label; None takes it away.

        None comes back when it pointed there already, and then nothing was done. `guard` is called inside the
        transaction, to refuse a move that needs an approval. Raises VersionMissingError, LabelMissingError,
        LabelCycleError and LabelInvalidError.
        """
        key, label = place
        kind, name = split_key(key)
        check_label(label)
        with self._database.write() as connection:
            targets = _targets(connection, app, key)
            before = targets.get(label)
            if before == target and target is not None:
                return None
            if target is None and before is None:
                raise LabelMissingError(key, label)
            if target is not None:
                digest = follow_labels(key, label, {**targets, label: target})
                self._registry.refuse_missing(connection, app, VersionRef(kind, name, digest))
            guard(connection)
            facts: dict[str, Json] = {"kind": kind, "name": name, "label": label, "from": before, "to": target}
            recorded = self._ledger.append(connection, Act("label.move", app, by, facts, {"reason": reason}))
            artifact = {"app": app, "kind": kind, "name": name, "label": label}
            history: dict[str, Any] = {
                **artifact,
                "sequence": recorded.sequence,
                "from_target": before,
                "to_target": target,
                "moved_at": to_text(recorded.at),
                "actor": by.actor,
            }
            connection.execute(_move.insert().values(history))
            if target is None:
                connection.execute(
                    _label.delete().where(*(_label.c[column] == artifact[column] for column in artifact))
                )
            else:
                put_row(connection, _label, artifact, {"target": target, "sequence": recorded.sequence})
        return LabelMove(**{**history, "moved_at": recorded.at, "reason": reason})

    def labels(self, app: str, key: str | None = None) -> tuple[Label, ...]:
        """The labels of one artifact, or of all, in the order of their names."""
        query = select(_label, _move.c.moved_at, _move.c.actor).join(_move, _move.c.sequence == _label.c.sequence)
        query = query.where(_label.c.app == app).order_by(_label.c.kind, _label.c.name, _label.c.label)
        if key is not None:
            kind, name = split_key(key)
            query = query.where(_label.c.kind == kind, _label.c.name == name)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(_to_label(row) for row in rows)

    def moves(self, app: str, key: str | None = None, label: str | None = None) -> tuple[LabelMove, ...]:
        """Every move there was, oldest first, of all labels or of those of one artifact."""
        query = select(_move).where(_move.c.app == app).order_by(_move.c.sequence)
        if key is not None:
            kind, name = split_key(key)
            query = query.where(_move.c.kind == kind, _move.c.name == name)
        if label is not None:
            query = query.where(_move.c.label == label)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        reasons = self._ledger.private(row["sequence"] for row in rows)
        return tuple(_to_move(row, reasons) for row in rows)

    def named(self, app: str) -> dict[VersionRef, tuple[str, ...]]:
        """Every version that labels name, with those labels; a label that leads nowhere is left out."""
        found: dict[VersionRef, list[str]] = {}
        labels = self.labels(app)
        targets: dict[str, dict[str, str]] = {}
        for label in labels:
            targets.setdefault(label.key, {})[label.label] = label.target
        for label in labels:
            try:
                digest = follow_labels(label.key, label.label, targets[label.key])
            except LabelMissingError:
                continue
            found.setdefault(VersionRef(label.kind, label.name, digest), []).append(label.label)
        return {ref: tuple(names) for ref, names in found.items()}

    def refuse_named(self, connection: Connection, app: str, refs: Sequence[VersionRef]) -> None:
        """Raise ReferencedError when a label points at one of the versions; for another room's transaction."""
        from .._errors import ReferencedError

        wanted = {(ref.kind, ref.name, ref.digest): ref for ref in refs}
        rows = connection.execute(select(_label).where(_label.c.app == app)).mappings()
        for row in rows:
            ref = wanted.get((row["kind"], row["name"], row["target"]))
            if ref is not None:
                raise ReferencedError(ref.key, f"the label `{row['label']}`")

    def claims(self) -> Iterator[Claim]:
        """What every row says, in the order of the ledger."""
        last = -1
        while True:
            query = select(_move).where(_move.c.sequence > last).order_by(_move.c.sequence).limit(_PER_PAGE)
            with self._database.read() as connection:
                rows = connection.execute(query).mappings().all()
            yield from (_claim(row) for row in rows)
            if not rows:
                return
            last = rows[-1]["sequence"]

    def strays(self) -> Iterator[str]:
        """Labels that are not where their last move put them, each as a sentence."""
        with self._database.read() as connection:
            labels = {_place(row): row for row in connection.execute(select(_label)).mappings()}
            last = {_place(row): row for row in connection.execute(select(_move).order_by(_move.c.sequence)).mappings()}
        for place in sorted({*labels, *last}):
            label, move = labels.get(place), last.get(place)
            target = None if label is None else label["target"]
            wanted = None if move is None else move["to_target"]
            key = f"{place[1]}:{place[2]}@{place[3]}"
            if target != wanted:
                yield f"the label {key} points at {_shown(target)}, and its last move at {_shown(wanted)}"
            elif label is not None and (move is None or label["sequence"] != move["sequence"]):
                yield f"the label {key} names another entry than that of its last move"

    def _digest(self, app: str, key: str, label: str) -> Digest:
        with self._database.read() as connection:
            return follow_labels(key, label, _targets_from(connection, app, key, label))


def _targets(connection: Connection, app: str, key: str) -> dict[str, str]:
    kind, name = split_key(key)
    query = select(_label.c.label, _label.c.target).where(
        _label.c.app == app, _label.c.kind == kind, _label.c.name == name
    )
    return dict(connection.execute(query).all())


def _targets_from(connection: Connection, app: str, key: str, label: str) -> dict[str, str]:
    """The targets on the way from one label, read one by one: an artifact may have a label for every build."""
    kind, name = split_key(key)
    rows = _label.c
    found: dict[str, str] = {}
    following = label
    while following not in found:
        query = select(rows.target).where(
            rows.app == app, rows.kind == kind, rows.name == name, rows.label == following
        )
        target = connection.scalar(query)
        if target is None:
            break
        found[following] = target
        if not target.startswith(ALIAS):
            break
        following = target.removeprefix(ALIAS)
    return found


def _shown(target: str | None) -> str:
    return "nothing" if target is None else target


def _text(reference: Reference) -> str:
    which = reference.digest or reference.number
    return reference.key if which is None else f"{reference.key}@{which}"


def _place(row: RowMapping) -> tuple[str, str, str, str]:
    return row["app"], row["kind"], row["name"], row["label"]


def _claim(row: RowMapping) -> Claim:
    facts: dict[str, Json] = {"kind": row["kind"], "name": row["name"], "label": row["label"]}
    return Claim(
        sequence=row["sequence"],
        act="label.move",
        app=row["app"],
        actor=row["actor"],
        at=Claim.moment(row["moved_at"]),
        facts={**facts, "from": row["from_target"], "to": row["to_target"]},
        place=f"move of the label {row['kind']}:{row['name']}@{row['label']}",
    )


def _to_label(row: RowMapping) -> Label:
    names = [name for name in Label.__dataclass_fields__ if name != "moved_at"]
    return Label(moved_at=from_text(row["moved_at"]), **{name: row[name] for name in names})


def _to_move(row: RowMapping, private: Mapping[int, Mapping[str, str]]) -> LabelMove:
    opened = private.get(row["sequence"])
    reason = None if opened is None else opened.get("reason", "")
    return LabelMove(**{**row, "moved_at": from_text(row["moved_at"]), "reason": reason})
