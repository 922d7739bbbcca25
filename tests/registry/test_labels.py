"""Labels: names that move, a history that stays, and no label that leads back to itself."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, select, table, text

from plimsoll.kernel.digest import Digest
from plimsoll.kernel.errors import ConflictError, DeniedError, NotFoundError
from plimsoll.ledger import By, Ledger
from plimsoll.registry import Publication, ReferencedError, Registry, VersionMissingError, VersionRef
from plimsoll.registry._errors import LabelCycleError, LabelInvalidError, LabelMissingError
from plimsoll.registry._reference import parse_reference
from plimsoll.registry.labels import LabelMove, Labels, follow_labels
from plimsoll.storage import BlobFolder, Database

KEY = "prompt:answer"
TABLES = ("label", "label_move", "ledger_entry", "ledger_head", "ledger_payload")
Move = Callable[..., LabelMove | None]


@pytest.fixture
def registry(records: Database, blobs: BlobFolder, ledger: Ledger) -> Registry:
    return Registry(records, blobs, ledger)


@pytest.fixture
def labels(records: Database, ledger: Ledger, registry: Registry) -> Labels:
    return Labels(records, ledger, registry)


@pytest.fixture
def anna(ledger: Ledger) -> By:
    return By(ledger.subject("anna"), "key:pk_anna")


@pytest.fixture
def digests(registry: Registry, anna: By) -> list[Digest]:
    publications = [Publication("prompt", "answer", {"edition": number}) for number in range(3)]
    return [version.digest for version in registry.publish("app", publications, by=anna, source_commit="")]


@pytest.fixture
def move(labels: Labels, anna: By) -> Move:
    def moved(label: str, target: str | None, reason: str = "", *, key: str = KEY, by: By = anna) -> LabelMove | None:
        return labels.move("app", (key, label), target, by=by, reason=reason, guard=lambda _: None)

    return moved


@pytest.fixture
def stored(records: Database) -> Callable[[], dict[str, list[str]]]:
    def read() -> dict[str, list[str]]:
        with records.read() as connection:
            return {
                name: sorted(map(str, connection.execute(select(text("*")).select_from(table(name)))))
                for name in TABLES
            }

    return read


def test_a_label_moves_and_its_history_stays(labels: Labels, ledger: Ledger, move: Move, digests: list[Digest]) -> None:
    ben = By(ledger.subject("ben"))
    moves = [
        move("production", digests[0], "first"),
        move("production", digests[1], "better", by=ben),
        move("production", None, "withdrawn"),
        move("production", digests[0], "again"),
    ]
    assert labels.resolve("app", f"{KEY}@production").digest == digests[0]
    assert labels.moves("app", KEY, "production") == tuple(moves)
    told = [(each.from_target, each.to_target, each.reason) for each in labels.moves("app")]
    assert told == [
        (None, digests[0], "first"),
        (digests[0], digests[1], "better"),
        (digests[1], None, "withdrawn"),
        (None, digests[0], "again"),
    ]
    assert labels.moves("app")[1].actor == ben.actor
    for each in labels.moves("app"):
        (entry,) = ledger.entries(each.sequence, each.sequence + 1)
        assert (entry.act, entry.app, entry.actor, entry.at) == ("label.move", "app", each.actor, each.moved_at)
        assert entry.facts == {
            "kind": "prompt",
            "name": "answer",
            "label": "production",
            "from": each.from_target,
            "to": each.to_target,
        }
    (label,) = labels.labels("app")
    assert (label.key, label.label, label.target, label.moved_at) == (KEY, "production", digests[0], each.moved_at)
    assert list(labels.strays()) == []


def test_a_move_to_where_it_is_already_is_none(
    move: Move, digests: list[Digest], stored: Callable[[], dict[str, list[str]]]
) -> None:
    move("production", digests[0])
    before = stored()
    assert move("production", digests[0], "again") is None
    assert stored() == before


def test_a_label_of_another_label_follows_it(labels: Labels, move: Move, digests: list[Digest]) -> None:
    move("stable", digests[0])
    move("production", "@stable")
    move("live", "@production")
    assert labels.resolve("app", f"{KEY}@live").digest == digests[0]
    move("stable", digests[2])
    assert labels.resolve("app", f"{KEY}@live").digest == digests[2]
    assert labels.target_of("app", parse_reference(f"{KEY}@stable")) == "@stable"
    assert labels.target_of("app", parse_reference(f"{KEY}@2")) == digests[1]
    assert labels.target_of("app", parse_reference(KEY)) == digests[2]
    assert labels.named("app") == {
        VersionRef("prompt", "answer", digests[2]): ("live", "production", "stable"),
    }
    move("stable", None)
    with pytest.raises(LabelMissingError):
        labels.resolve("app", f"{KEY}@live")
    assert labels.named("app") == {}


@pytest.mark.parametrize("closing", [("a", "@a"), ("a", "@b"), ("a", "@c"), ("new", "@new")])
def test_a_circle_of_labels_is_refused(
    move: Move, digests: list[Digest], stored: Callable[[], dict[str, list[str]]], closing: tuple[str, str]
) -> None:
    move("a", digests[0])
    move("b", "@a")
    move("c", "@b")
    before = stored()
    with pytest.raises(LabelCycleError) as caught:
        move(*closing, "round and round")
    assert isinstance(caught.value, ConflictError)
    assert stored() == before


def test_what_cannot_be_is_said_and_changes_nothing(
    registry: Registry, move: Move, anna: By, digests: list[Digest], stored: Callable[[], dict[str, list[str]]]
) -> None:
    (other,) = registry.publish("app", [Publication("prompt", "other", {"o": 1})], by=anna, source_commit="")
    move("stable", digests[0])
    before = stored()
    for label, target, error in (
        ("production", "sha256:" + "0" * 64, VersionMissingError),
        ("production", other.digest, VersionMissingError),
        ("production", digests[0][:20], VersionMissingError),
        ("production", "@nowhere", LabelMissingError),
        ("nowhere", None, LabelMissingError),
        ("Production", digests[0], LabelInvalidError),
        ("3", digests[0], LabelInvalidError),
        ("a@b", digests[0], LabelInvalidError),
        ("", digests[0], LabelInvalidError),
    ):
        with pytest.raises(error):
            move(label, target)
    assert stored() == before


def test_what_a_guard_refuses_is_not_there(
    labels: Labels, move: Move, anna: By, digests: list[Digest], stored: Callable[[], dict[str, list[str]]]
) -> None:
    move("production", digests[0])
    before = stored()

    def guard(connection: Connection) -> None:
        assert connection.in_transaction()
        raise DeniedError("two approvals are missing")

    for target in (digests[1], None):
        with pytest.raises(DeniedError):
            labels.move("app", (KEY, "production"), target, by=anna, reason="now", guard=guard)
    assert stored() == before
    assert labels.resolve("app", f"{KEY}@production").digest == digests[0]


def test_who_waits_for_the_write_lock_holds_no_connection_that_the_writer_needs(
    labels: Labels, records: Database, anna: By, digests: list[Digest], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A move asks everything on its own connection, so that a crowd of movers never runs out of them."""

    def no_second() -> None:
        msg = "a second connection inside a write transaction"
        raise AssertionError(msg)

    monkeypatch.setattr(records, "read", no_second)
    moved = labels.move("app", (KEY, "production"), digests[0], by=anna, reason="why", guard=lambda _: None)
    assert moved is not None


def test_artifacts_and_applications_have_labels_of_their_own(
    labels: Labels, registry: Registry, move: Move, anna: By, digests: list[Digest]
) -> None:
    same = Publication("prompt", "other", {"edition": 1})
    registry.publish("app", [same], by=anna, source_commit="")
    registry.publish("app2", [Publication("prompt", "answer", {"edition": 0})], by=anna, source_commit="")
    move("production", digests[0])
    move("production", same.ref.digest, key="prompt:other")
    labels.move("app2", (KEY, "production"), digests[0], by=anna, reason="", guard=lambda _: None)
    assert [label.key for label in labels.labels("app")] == [KEY, "prompt:other"]
    assert [label.app for label in labels.labels("app2", KEY)] == ["app2"]
    move("production", None)
    assert labels.labels("app", KEY) == ()
    assert labels.resolve("app", "prompt:other@production").digest == same.ref.digest
    assert labels.resolve("app2", f"{KEY}@production").digest == digests[0]
    with pytest.raises(NotFoundError):
        labels.resolve("app", f"{KEY}@production")


def test_what_labels_name_is_not_collected(
    labels: Labels, registry: Registry, records: Database, move: Move, digests: list[Digest]
) -> None:
    move("stable", digests[0])
    move("alias", "@stable")
    refs = [VersionRef("prompt", "answer", digest) for digest in digests]
    with records.read() as connection:
        labels.refuse_named(connection, "app", refs[1:])
        labels.refuse_named(connection, "other", refs)
        with pytest.raises(ReferencedError, match="the label `stable`"):
            labels.refuse_named(connection, "app", refs)
    assert registry.versions("app")


def test_a_reason_goes_with_its_author_and_the_move_stays(
    labels: Labels, ledger: Ledger, move: Move, anna: By, digests: list[Digest]
) -> None:
    ben = By(ledger.subject("ben"))
    move("production", digests[0], "anna's reason")
    move("production", digests[1], "ben's reason", by=ben)
    move("production", digests[2])
    before = labels.moves("app")
    ledger.erase(anna.actor, {}, by=ben)
    after = labels.moves("app")
    assert [each.reason for each in before] == ["anna's reason", "ben's reason", ""]
    assert [each.reason for each in after] == [None, "ben's reason", ""]
    assert [(each.sequence, each.actor, each.to_target) for each in after] == [
        (each.sequence, each.actor, each.to_target) for each in before
    ]


def test_no_reason_stands_in_a_row_or_a_line(
    move: Move, ledger: Ledger, digests: list[Digest], stored: Callable[[], dict[str, list[str]]]
) -> None:
    move("production", digests[0], "anna@example.org asked for it")
    assert "example.org" not in str(stored())
    assert "example.org" not in "".join(ledger.lines())


def test_every_row_says_the_same_as_its_entry(
    labels: Labels, ledger: Ledger, move: Move, digests: list[Digest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plimsoll.registry.labels._store._PER_PAGE", 2)
    for target in (digests[0], "@other", None):
        if target == "@other":
            move("other", digests[1])
        move("production", target)
    claims = list(labels.claims())
    assert len(claims) == 4
    for claim in claims:
        (entry,) = ledger.entries(claim.sequence, claim.sequence + 1)
        assert (claim.act, claim.app, claim.actor, claim.at) == (entry.act, entry.app, entry.actor, entry.at)
        assert claim.facts == entry.facts


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE label SET target = 'sha256:00' WHERE label = 'a'", "prompt:answer@a points at sha256:00"),
        ("UPDATE label SET sequence = 1 WHERE label = 'a'", "prompt:answer@a names another entry"),
        ("UPDATE label SET label = 'x' WHERE label = 'a'", "prompt:answer@x points at"),
        ("DELETE FROM label WHERE label = 'a'", "prompt:answer@a points at nothing, and its last move at sha256:"),
        ("INSERT INTO label VALUES ('app', 'prompt', 'answer', 'y', 'sha256:00', 1)", "and its last move at nothing"),
        ("DELETE FROM label_move WHERE label = 'a'", "prompt:answer@a points at"),
    ],
)
def test_a_label_that_was_moved_behind_the_ledgers_back_is_named(
    labels: Labels, records: Database, move: Move, digests: list[Digest], statement: str, said: str
) -> None:
    move("a", digests[0])
    move("b", "@a")
    move("c", digests[1])
    move("c", None)
    assert list(labels.strays()) == []
    with records.write() as connection:
        assert connection.exec_driver_sql(statement).rowcount == 1
    assert any(said in sentence for sentence in labels.strays())


def test_the_rule_of_following_is_apart_from_any_store() -> None:
    targets = {"a": "sha256:1", "b": "@a", "c": "@d", "d": "@c", "e": "@gone"}
    assert follow_labels(KEY, "b", targets) == "sha256:1"
    with pytest.raises(LabelCycleError, match="c → d → c"):
        follow_labels(KEY, "c", targets)
    with pytest.raises(LabelMissingError, match="no label `gone`"):
        follow_labels(KEY, "e", targets)
