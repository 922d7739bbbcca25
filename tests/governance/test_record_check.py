"""Whatever is changed in any table, any blob or any seal is found and named; what was not touched is sound."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import (
    ColumnElement,
    Delete,
    Insert,
    MetaData,
    NullPool,
    Table,
    Update,
    and_,
    create_engine,
    delete,
    insert,
    inspect,
    select,
    update,
)

from plimsoll.access import Access
from plimsoll.access.limits import Budget, Budgets
from plimsoll.governance.record_check import Checked, CheckParts, check_records
from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.digest import Digest, digest_bytes
from plimsoll.ledger import Act, By, Ledger
from plimsoll.registry import Publication, Registry, Version
from plimsoll.registry.labels import Labels
from plimsoll.releases import EnvironmentPolicy, Evidence, Manifest, Origin, Release, Releases
from plimsoll.releases.environments import Environments
from plimsoll.reviews import Question, Reviews
from plimsoll.storage import BlobFolder, Database, PostgresPlace

APP = "harbour"
Row = dict[str, object]

NAMED_BY = {
    "actor": "id",
    "api_key": "prefix",
    "artifact_version": "name",
    "version_parent": "name",
    "label": "label",
    "label_move": "label",
    "review_answer": "place",
    "release": "digest",
    "release_artifact": "release",
    "draft_verdict": "suite",
    "environment": "name",
    "environment_move": "environment",
    "environment_policy": "environment",
    "budget": "scope",
    "ledger_entry": "sequence",
    "ledger_payload": "sequence",
    "ledger_tile": "position",
}
"""Every table that says what happened, and what a finding calls its rows by."""
NOT_ACTS = {"application", "working_draft", "schema_version"}
"""Where a project folder is and what its last build left are nobody's acts, and are not written down."""
THEIR_OWN = {"annotation", "annotation_item", "annotation_queue", "judge_calibration"}
"""Forged row by row in the tests of their rooms: of annotations in `reviews`, of calibrations in `evaluation`."""
HEAD = "ledger_head"
KEYS: Mapping[str, tuple[str, ...]] = {
    "version_parent": ("digest", "parent_digest", "name"),
    "release_artifact": ("release", "kind", "name"),
    "label": ("label",),
    "ledger_tile": ("level", "position"),
    "environment": ("name",),
    "environment_policy": ("environment",),
    "budget": ("scope", "measure", "span"),
    "actor": ("id",),
    "api_key": ("prefix",),
}
"""What tells a row apart where it is not its `sequence`."""


class Harbour:
    """Some of everything that is written down, and the raw tables behind it."""

    def __init__(self, records: Database, place: Path | PostgresPlace, blobs: BlobFolder, ledger: Ledger) -> None:
        self.records, self.place, self.blobs, self.ledger = records, place, blobs, ledger
        self.tables = reflected(records)
        self.access = Access(records, ledger)
        self.registry = Registry(records, blobs, ledger)
        self.labels = Labels(records, ledger, self.registry)
        self.reviews = Reviews(records, ledger)
        self.releases = Releases(records, blobs, ledger)
        self.places = Environments(records, ledger, self.reviews)
        self.budgets = Budgets(records, ledger)

    @property
    def parts(self) -> CheckParts:
        return CheckParts(
            ledger=self.ledger,
            claims=[
                self.registry.claims,
                self.labels.claims,
                self.reviews.claims,
                self.releases.release_claims,
                self.releases.verdict_claims,
                self.places.move_claims,
                self.places.policy_claims,
                self.budgets.claims,
            ],
            strays=[
                self.ledger.strays,
                self.labels.strays,
                self.releases.strays,
                self.places.strays,
                self.access.strays,
                self.budgets.strays,
            ],
            blobs_named=self.blobs_named,
            check_blob=self.blobs.check,
            on_progress=lambda *_: None,
        )

    def blobs_named(self) -> Iterator[tuple[str, Digest]]:
        for version in self.registry.versions(APP):
            yield f"version {version.ref.key}@{version.number}", version.digest
        for digest in self.releases.digests(APP):
            yield f"release {digest}", digest

    def check(self) -> Checked:
        return check_records(self.parts)

    def findings(self) -> list[str]:
        return [f"{finding.place}: {finding.what}" for finding in self.check().findings]

    @contextmanager
    def raw(self, change: Insert | Update | Delete) -> Iterator[None]:
        """A change that no rule of the schema stops, for as long as the block lasts."""
        name = str(change.table)
        before = self.rows(name)
        self._execute([change])
        assert self.rows(name) != before, "nothing was changed"
        yield
        self._execute([self.tables[name].delete(), *(self.tables[name].insert().values(row) for row in before)])
        assert self.rows(name) == before

    def rows(self, table: str) -> list[Row]:
        with self.records.read() as connection:
            found = [dict(row) for row in connection.execute(select(self.tables[table])).mappings()]
        return sorted(found, key=str)

    def change(self, table: str, row: Row, **values: object) -> Update:
        """Other values in one row."""
        return update(self.tables[table]).where(self._is(table, row)).values(values)

    def removal(self, table: str, row: Row) -> Delete:
        """One row less."""
        return delete(self.tables[table]).where(self._is(table, row))

    def _is(self, table: str, row: Row) -> ColumnElement[bool]:
        columns = self.tables[table].c
        return and_(*(columns[name] == row[name] for name in KEYS.get(table, ("sequence",))))

    def _execute(self, changes: Sequence[Insert | Update | Delete]) -> None:
        if isinstance(self.place, PostgresPlace):
            with self.records.write() as connection:
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
                for each in changes:
                    connection.execute(each)
            return
        # An engine of its own does not hold SQLite to its foreign keys.
        engine = create_engine(f"sqlite:///{self.place}", poolclass=NullPool)
        with engine.begin() as connection:
            for each in changes:
                connection.execute(each)


def reflected(database: Database) -> Mapping[str, Table]:
    """The tables as they are in the database."""
    tables = MetaData()
    with database.read() as connection:
        tables.reflect(connection)
    return {table.name: table for table in tables.sorted_tables}


def fill(harbour: Harbour) -> None:
    """A little story with every act that leaves a row; some of it is collected, and somebody is erased."""
    ledger, access = harbour.ledger, harbour.access
    access.local("ada")
    ada = access.local("ada").by
    ben = By(access.create_actor("ben", kind="person", roles=["approver"], team="dock", by=ada).id, "key:pk_ben")
    erin = By(access.create_actor("erin", kind="person", roles=["developer"], by=ada).id)
    key = access.create_key("ben", by=ada).key
    access.rotate_key(key.prefix, overlap_s=60, by=ada)
    ledger.record([Act("storage.backup", "", ada, {"n": number}) for number in range(270)])
    versions = publish(harbour, ada, erin)
    labels = harbour.labels
    first = versions["answer"][0].digest
    for label, target, by in (("stable", first, erin), ("production", "@stable", ada), ("old", first, ada)):
        labels.move(APP, ("prompt:answer", label), target, by=by, reason=f"reason of {label}", guard=lambda _: None)
    labels.move(APP, ("prompt:answer", "old"), None, by=ada, reason="", guard=lambda _: None)
    one, two, gone = (release(harbour, versions["answer"][number], ada) for number in range(3))
    imported = Manifest(APP, {"prompt:answer": versions["answer"][1].digest}, (Evidence("x", "d", "d", "pass"),))
    harbour.releases.keep_release(imported, by=ada, source_commit="", origin=Origin("plimsoll/0badcafe", "key"))
    harbour.releases.collect(APP, [gone.manifest.digest], by=ada, guard=lambda _: None)
    harbour.places.adopt(APP, "production", EnvironmentPolicy(), by=ada, reason="lax")
    policy = EnvironmentPolicy(approvals=1, approvers=(ben.actor, erin.actor), approval_valid_s=3600)
    harbour.places.adopt(APP, "production", policy, by=ada, reason="strict")
    harbour.places.answer(one, "production", "approve", by=ben, reason="read")
    harbour.reviews.answer(Question(APP, first, "prompt:answer@production"), "refuse", by=erin, reason="no")
    harbour.places.ship(one, "production", by=ada, reason="go")
    harbour.places.share(two, "production", 0.25, by=ada, reason="try", override=True)
    harbour.places.ship(one, "staging", by=ada, reason="")
    harbour.places.ship(two, "staging", by=ada, reason="next")
    harbour.places.roll_back(APP, "staging", by=ben, reason="back")
    for budget in (
        Budget("everyone", "usd", "day", 5_000_000),
        Budget("team:dock", "tokens", "day", 900),
        Budget("each key", "requests", "day", 3),
    ):
        harbour.budgets.set(APP, budget, by=ada)
    harbour.budgets.set(APP, Budget("team:dock", "tokens", "day", 1000), by=ada)
    harbour.budgets.remove(APP, "each key", "requests", "day", by=ada)
    ledger.erase(erin.actor, {"basis": "art. 17", "blobs": []}, by=ada)


def publish(harbour: Harbour, ada: By, erin: By) -> dict[str, list[Version]]:
    """Versions with parents, one of which came later; an old one is collected."""
    base, more = (Publication("source", name, {"documents": [name]}) for name in ("texts", "letters"))
    answers = [
        Publication("prompt", "answer", {"system": f"edition {number}"}, (base.ref, more.ref)) for number in range(3)
    ]
    route = Publication("route", "default", {"model": "builtin/reader"})
    registry = harbour.registry
    registry.publish(APP, [base, more], by=ada, source_commit="abc")
    published = registry.publish(APP, [*answers, route], by=erin, source_commit="")
    late = Publication("prompt", "answer", answers[0].content, (route.ref,))
    registry.publish(APP, [late], by=ada, source_commit="")
    drafts = [Publication("suite", "ask", {"n": number}, (base.ref,)) for number in range(3)]
    suites = registry.publish(APP, drafts, by=ada, source_commit="")
    registry.publish(APP, [Publication("suite", "ask", {"n": 0}, (more.ref,))], by=ada, source_commit="")
    registry.collect(APP, [suites[0].ref, suites[1].ref], by=ada, guard=lambda _: None)
    return {"answer": list(published[:3])}


def release(harbour: Harbour, version: Version, by: By) -> Release:
    run = digest_bytes(version.digest.encode())
    evidence = (Evidence("ask", digest_bytes(b"suite"), run, "pass"),)
    harbour.releases.judge(Manifest(APP, {version.ref.key: version.digest}), evidence, by=by)
    return harbour.releases.keep_release(
        Manifest(APP, {version.ref.key: version.digest}, evidence), by=by, source_commit=""
    )


@pytest.fixture
def harbour(records: Database, records_place: Path | PostgresPlace, blobs: BlobFolder, ledger: Ledger) -> Harbour:
    harbour = Harbour(records, records_place, blobs, ledger)
    fill(harbour)
    return harbour


def other(value: object) -> object:
    """Another value of the same type, as small a change as there is."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1000
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1, *value[1:]]) if value else b"x"
    if isinstance(value, str) and value:
        return value[:-1] + chr(ord(value[-1]) ^ 1)
    return "x"


def names(table: str, row: Row) -> set[str]:
    """By what a finding may name a row: what a person calls it, and the number of its entry."""
    name = str(row[NAMED_BY[table]])
    short = {name.removeprefix("sha256:")[:6]} if name.startswith("sha256:") else {name}
    return short | ({f"entry {row['sequence']}"} if "sequence" in row else set())


def chosen(rows: list[Row]) -> list[Row]:
    """Some rows of a table: all of a small one, and first, middle and last of a large one."""
    return rows if len(rows) <= 4 else [rows[0], rows[len(rows) // 2], rows[-1]]


def test_an_untouched_installation_is_sound(harbour: Harbour) -> None:
    checked = harbour.check()
    assert checked.findings == []
    assert checked.sound
    assert checked.entries == harbour.ledger.size()
    assert checked.rows > 25
    assert checked.blobs == 10
    assert checked.sealed > checked.erased_payloads == 3


def test_every_table_is_looked_at(harbour: Harbour) -> None:
    with harbour.records.read() as connection:
        assert set(inspect(connection).get_table_names()) == {*NAMED_BY, *NOT_ACTS, *THEIR_OWN, HEAD}
    for table in NAMED_BY:
        assert harbour.rows(table), f"there is nothing in {table} that could be changed"


@pytest.mark.parametrize("table", NAMED_BY)
def test_a_change_in_any_column_and_a_row_that_is_gone_are_found(harbour: Harbour, table: str) -> None:
    missed: list[tuple[str, object, list[str]]] = []
    for row in chosen(harbour.rows(table)):
        for column, value in row.items():
            changed = other(value)
            with harbour.raw(harbour.change(table, row, **{column: changed})):
                findings = harbour.findings()
            said = names(table, row) | {str(changed)}
            # Which line of the log was changed is for the verifier of the log to say.
            named = (table, column) == ("ledger_entry", "body") or table == "ledger_tile"
            if not findings or not (named or any(name in each for name in said for each in findings)):
                missed.append((column, value, findings))
        with harbour.raw(harbour.removal(table, row)):
            if not harbour.findings():
                missed.append(("the whole row", row, []))
    assert missed == []
    assert harbour.check().sound


def test_a_change_of_the_head_is_found(harbour: Harbour) -> None:
    """By the entries alone; nothing else counts on a head that counts them wrong."""
    (row,) = harbour.rows(HEAD)
    parts = harbour.parts
    for column, value in row.items():
        for changed in (other(value), "" if isinstance(value, str) else 0):
            with harbour.raw(update(harbour.tables[HEAD]).values({column: changed})):
                assert check_records(parts).findings, column
    with harbour.raw(delete(harbour.tables[HEAD])):
        assert check_records(parts).findings
    assert harbour.check().sound


@pytest.mark.parametrize("table", ["artifact_version", "label_move", "release", "environment_move", "draft_verdict"])
def test_a_row_that_nobody_wrote_is_found(harbour: Harbour, table: str) -> None:
    """Wherever it says that its entry is: at another's, or after the last one."""
    row = harbour.rows(table)[0]
    row |= {column: other(row[column]) for column in ("digest", "number") if column in row}
    for sequence in (0, 3, 100_000):
        with harbour.raw(insert(harbour.tables[table]).values({**row, "sequence": sequence})):
            assert harbour.findings(), sequence
    assert harbour.check().sound


def test_damaged_text_is_a_finding_and_stops_nothing(harbour: Harbour) -> None:
    for table, column in (
        ("artifact_version", "created_at"),
        ("label_move", "moved_at"),
        ("release", "created_at"),
        ("draft_verdict", "judged_at"),
        ("environment_move", "moved_at"),
        ("environment_policy", "adopted_at"),
        ("environment_policy", "policy"),
        ("ledger_entry", "body"),
    ):
        row = harbour.rows(table)[0]
        for damaged in ("2026-02-30T00:00:00Z", "", "2026-03-04T12:00:00", "{"):
            with harbour.raw(harbour.change(table, row, **{column: damaged})):
                assert harbour.findings(), (table, column)
    assert harbour.check().sound


def test_one_flipped_bit_of_any_content_is_found_and_named(harbour: Harbour) -> None:
    for place, digest in harbour.blobs_named():
        path = harbour.blobs._path(digest)
        whole = path.read_bytes()
        for position in (0, len(whole) // 2, len(whole) - 1):
            path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
            findings = harbour.findings()
            assert any(place in finding and digest in finding for finding in findings)
        path.write_bytes(whole)
    assert harbour.check().sound


def test_a_content_that_is_gone_is_found_unless_it_was_erased(harbour: Harbour) -> None:
    place, digest = next(iter(harbour.blobs_named()))
    harbour.blobs.remove(digest)
    (finding,) = harbour.check().findings
    assert finding.place == place
    facts = {"subject": "s-0000000000000001", "blobs": [digest]}
    harbour.ledger.record([Act("subject.erase", "", By("s-0000000000000002"), facts)])
    checked = harbour.check()
    assert checked.sound
    assert checked.erased_blobs == 1


def test_one_broken_seal_hides_no_other(harbour: Harbour) -> None:
    sealed = [row for row in harbour.rows("ledger_payload") if row["sealed"]]
    first, second = sealed[0], sealed[-1]
    with (
        harbour.raw(harbour.change("ledger_payload", first, sealed=other(first["sealed"]))),
        harbour.raw(harbour.change("ledger_payload", second, sealed=other(second["sealed"]))),
    ):
        places = {finding.place for finding in harbour.check().findings}
    assert places == {f"entry {first['sequence']}", f"entry {second['sequence']}"}


def test_sealed_content_does_not_vanish_as_if_it_were_erased(harbour: Harbour) -> None:
    """Emptied like after an erasure, also under the pseudonym of somebody who was erased: neither passes for one."""
    rows = harbour.rows("ledger_payload")
    erased = next(row["subject"] for row in rows if not row["sealed"])
    row = next(row for row in rows if row["sealed"])
    with harbour.raw(harbour.change("ledger_payload", row, sealed=b"")):
        (finding,) = harbour.check().findings
        assert "was not erased" in finding.what
    with harbour.raw(harbour.change("ledger_payload", row, sealed=b"", subject=erased)):
        (finding,) = harbour.check().findings
        assert "under another subject" in finding.what


def test_an_edge_that_hangs_on_another_version_is_found(harbour: Harbour) -> None:
    """The parents of the entry are all still there, only not those of its version."""
    edge = next(
        row for row in harbour.rows("version_parent") if row["name"] == "answer" and row["parent_name"] == "texts"
    )
    (route,) = (row for row in harbour.rows("artifact_version") if row["kind"] == "route")
    child = {name: route[name] for name in ("kind", "name", "digest")}
    with harbour.raw(harbour.change("version_parent", edge, **child)):
        assert any("prompt:answer" in finding for finding in harbour.findings())


def test_who_is_sealed_for_is_whom_the_entry_names(harbour: Harbour) -> None:
    """Names of new actors are sealed for them, and not for whoever made them."""
    created = list(harbour.ledger.entries(act="actor.create"))
    assert any(entry.actor != entry.facts["actor"] for entry in created)
    subjects = {row["sequence"]: row["subject"] for row in harbour.rows("ledger_payload")}
    assert all(subjects[entry.sequence] == entry.facts["actor"] for entry in created)
    assert utc_now() >= created[-1].at
