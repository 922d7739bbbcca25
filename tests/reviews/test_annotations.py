import json
import threading
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.kernel.errors import IntegrityError
from plimsoll.ledger import By, Ledger
from plimsoll.reviews.annotations import Annotations, Item, Task, standing
from plimsoll.reviews.annotations._errors import (
    ItemClosedError,
    ItemForgedError,
    ItemMissingError,
    LabelUnknownError,
    NothingToSettleError,
    OwnLabelError,
    QueueExistsError,
    QueueInvalidError,
    QueueMissingError,
)
from plimsoll.reviews.annotations._rules import settle, waiting
from plimsoll.reviews.annotations._types import Annotation
from plimsoll.storage import Database

TASK = Task("Is the answer right?", ("wrong", "right"))
ITEMS = tuple(Item(f"r{at}", f"question {at}", f"answer {at}", author="some-model", source="run:1") for at in range(3))


@pytest.fixture
def annotations(records: Database, ledger: Ledger) -> Annotations:
    return Annotations(records, ledger)


@pytest.fixture
def who(ledger: Ledger) -> Callable[[str], By]:
    return lambda name: By(ledger.subject(name))


def opened(annotations: Annotations, by: By, task: Task = TASK) -> None:
    annotations.open("app", "first", task, ITEMS, by=by)


def test_two_annotators_label_blind_and_what_both_say_holds(annotations: Annotations, who: Callable[[str], By]) -> None:
    opened(annotations, who("lea"))
    for name in ("anna", "ben"):
        for left in (3, 2, 1):
            shown = annotations.next("app", "first", who(name).actor)
            assert shown is not None
            assert (shown.left, shown.done, shown.item.author, shown.task) == (left, 3 - left, "", TASK)
            assert not any(hasattr(shown, what) for what in ("labels", "label"))
            annotations.label("app", "first", shown.item.id, "right", by=who(name))
        assert annotations.next("app", "first", who(name).actor) is None
    settled = annotations.settled("app", "first")
    assert [one.label for one in settled] == ["right"] * 3
    assert [one.item for one in settled] == list(ITEMS)
    assert annotations.next("app", "first", who("cleo").actor) is None
    assert annotations.trusted("app", "first") == settled


def test_answers_that_others_began_come_first(annotations: Annotations, who: Callable[[str], By]) -> None:
    opened(annotations, who("lea"))
    annotations.label("app", "first", "r2", "right", by=who("anna"))
    shown = annotations.next("app", "first", who("ben").actor)
    assert shown is not None
    assert shown.item.id == "r2"


def test_a_disagreement_is_settled_by_somebody_who_took_no_part(
    annotations: Annotations, who: Callable[[str], By]
) -> None:
    opened(annotations, who("lea"))
    annotations.label("app", "first", "r0", "right", by=who("anna"))
    with pytest.raises(NothingToSettleError, match="1 of 2 labels"):
        annotations.adjudicate("app", "first", "r0", "right", by=who("cleo"))
    annotations.label("app", "first", "r0", "wrong", by=who("ben"))
    disputed = annotations.settled("app", "first")[0]
    assert (disputed.is_disputed, disputed.label) == (True, "")
    with pytest.raises(OwnLabelError):
        annotations.adjudicate("app", "first", "r0", "right", by=who("anna"))
    annotations.adjudicate("app", "first", "r0", "wrong", by=who("cleo"), reason="the contract says so")
    after = annotations.settled("app", "first")[0]
    assert (after.is_disputed, after.label, after.adjudicated) == (False, "wrong", "wrong")
    with pytest.raises(ItemClosedError, match="settled"):
        annotations.label("app", "first", "r0", "right", by=who("anna"))


def test_where_all_agree_there_is_nothing_to_settle(annotations: Annotations, who: Callable[[str], By]) -> None:
    opened(annotations, who("lea"))
    for name in ("anna", "ben"):
        annotations.label("app", "first", "r0", "right", by=who(name))
    with pytest.raises(NothingToSettleError, match="same"):
        annotations.adjudicate("app", "first", "r0", "wrong", by=who("cleo"))


def test_an_annotator_corrects_a_label_until_all_are_in(annotations: Annotations, who: Callable[[str], By]) -> None:
    opened(annotations, who("lea"))
    annotations.label("app", "first", "r0", "right", by=who("anna"))
    annotations.label("app", "first", "r0", "wrong", by=who("anna"))
    annotations.label("app", "first", "r0", "wrong", by=who("ben"))
    assert annotations.settled("app", "first")[0].labels == {who("anna").actor: "wrong", who("ben").actor: "wrong"}
    for name in ("anna", "cleo"):
        with pytest.raises(ItemClosedError):
            annotations.label("app", "first", "r0", "right", by=who(name))


def test_what_is_named_must_be_there(annotations: Annotations, who: Callable[[str], By]) -> None:
    with pytest.raises(QueueMissingError) as missing:
        annotations.next("app", "first", "s-1")
    assert "open one" in missing.value.hint
    opened(annotations, who("lea"))
    with pytest.raises(QueueMissingError) as near:
        annotations.queue("app", "fist")
    assert "`first`" in near.value.hint
    with pytest.raises(QueueMissingError):
        annotations.queue("other", "first")
    with pytest.raises(ItemMissingError):
        annotations.label("app", "first", "r9", "right", by=who("anna"))
    with pytest.raises(LabelUnknownError, match="perfect"):
        annotations.label("app", "first", "r0", "perfect", by=who("anna"))
    with pytest.raises(QueueExistsError):
        opened(annotations, who("lea"))
    assert [queue.name for queue in annotations.queues("app")] == ["first"]


@pytest.mark.parametrize(
    ("task", "items", "what"),
    [
        (TASK, (), "0 answers"),
        (TASK, (ITEMS[0], ITEMS[0]), "stands there twice"),
        (Task("?", ("one",)), ITEMS, "two labels"),
        (Task("?", ("one", "one")), ITEMS, "two labels"),
        (Task("?", ("one", "")), ITEMS, "two labels"),
        (Task("?", ("a", "b"), 0), ITEMS, "0 annotators"),
        (Task("?", ("a", "b"), 21), ITEMS, "21 annotators"),
    ],
)
def test_what_is_no_queue_is_refused_and_not_written(
    annotations: Annotations, ledger: Ledger, who: Callable[[str], By], task: Task, items: tuple[Item, ...], what: str
) -> None:
    with pytest.raises(QueueInvalidError, match=what):
        annotations.open("app", "bad", task, items, by=who("lea"))
    assert ledger.size() == 0


def test_the_ledger_says_the_same_as_every_row_in_its_order(
    annotations: Annotations, ledger: Ledger, who: Callable[[str], By]
) -> None:
    opened(annotations, who("lea"))
    annotations.label("app", "first", "r0", "right", by=who("anna"), note="anna@example.org was unsure")
    annotations.open("app", "second", TASK, ITEMS[:1], by=who("lea"))
    annotations.label("app", "first", "r0", "wrong", by=who("ben"))
    annotations.adjudicate("app", "first", "r0", "wrong", by=who("cleo"))
    claims = list(annotations.claims())
    assert [claim.sequence for claim in claims] == sorted(claim.sequence for claim in claims)
    assert [claim.act.removeprefix("annotation.") for claim in claims] == [
        "open",
        "label",
        "open",
        "label",
        "adjudicate",
    ]
    for claim in claims:
        [entry] = ledger.entries(claim.sequence, claim.sequence + 1)
        assert claim.differences(entry) == ()
    lines = "".join(ledger.lines())
    assert "example.org" not in lines
    assert "question 0" not in lines


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE annotation SET label = 'wrong' WHERE item = 'r0'",
        "UPDATE annotation SET actor = 's-0000000000000000'",
        "UPDATE annotation SET item = 'r1', digest = 'sha256:0'",
        "DELETE FROM annotation WHERE item = 'r0'",
        'UPDATE annotation_queue SET task = \'{"question":"?","labels":["right","wrong"],"annotators":2}\'',
        "UPDATE annotation_item SET digest = 'sha256:0' WHERE item = 'r1'",
        "DELETE FROM annotation_item WHERE item = 'r2'",
        'UPDATE annotation_item SET content = \'{"id":"r0","question":"another","answer":"x"}\' WHERE item = \'r0\'',
        "UPDATE annotation_item SET content = 'no json' WHERE item = 'r0'",
    ],
)
def test_whoever_depends_on_labels_sees_that_they_were_changed(
    annotations: Annotations, records: Database, who: Callable[[str], By], forgery: str
) -> None:
    opened(annotations, who("lea"))
    for name in ("anna", "ben"):
        annotations.label("app", "first", "r0", "right", by=who(name))
    with records.write() as connection:
        connection.exec_driver_sql(forgery)
    with pytest.raises(IntegrityError):
        annotations.trusted("app", "first")


def test_a_made_up_label_is_seen(annotations: Annotations, records: Database, who: Callable[[str], By]) -> None:
    opened(annotations, who("lea"))
    annotations.label("app", "first", "r0", "right", by=who("anna"))
    with records.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO annotation SELECT 999, app, queue, item, digest, given, label, 's-1', given_at FROM annotation"
        )
    with pytest.raises(IntegrityError):
        annotations.trusted("app", "first")


def test_a_damaged_queue_is_named_by_its_claim_and_stops_nothing(
    annotations: Annotations, ledger: Ledger, records: Database, who: Callable[[str], By]
) -> None:
    opened(annotations, who("lea"))
    with records.write() as connection:
        connection.exec_driver_sql("UPDATE annotation_queue SET task = 'no json', opened_at = 'yesterday'")
    [claim] = annotations.claims()
    [entry] = ledger.entries(claim.sequence, claim.sequence + 1)
    assert {what for what, _, _ in claim.differences(entry)} == {"time", "task"}


def test_a_person_is_forgotten_and_labels_stay(
    annotations: Annotations, records: Database, who: Callable[[str], By]
) -> None:
    item = Item("r0", "Who is Carla Conti?", "The tenant.")
    annotations.open("app", "first", TASK, (item, ITEMS[1]), by=who("lea"))
    annotations.label("app", "first", "r0", "right", by=who("anna"))
    assert annotations.count_subject("carla conti") == 1
    assert annotations.purge_subject("carla conti") == 1
    assert annotations.count_subject("carla conti") == annotations.count_subject("x") == 0
    erased = annotations.trusted("app", "first")[0]
    assert (erased.item, erased.digest, list(erased.labels.values())) == (None, item.digest, ["right"])
    shown = annotations.next("app", "first", who("ben").actor)
    assert shown is not None
    assert shown.item.id == "r1"
    with records.read() as connection:
        assert "Carla" not in str(connection.exec_driver_sql("SELECT * FROM annotation_item").all())


def test_labels_of_several_people_at_once_are_all_there_and_not_one_too_many(
    annotations: Annotations, who: Callable[[str], By]
) -> None:
    opened(annotations, who("lea"))
    people = [who(f"person {at}") for at in range(6)]
    refused: list[str] = []

    def give(by: By) -> None:
        try:
            annotations.label("app", "first", "r0", "right", by=by)
        except ItemClosedError as error:
            refused.append(error.item if hasattr(error, "item") else "r0")

    threads = [threading.Thread(target=give, args=(by,)) for by in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(annotations.trusted("app", "first")[0].labels) == 2
    assert len(refused) == 4


def test_agreement_is_told_of_complete_answers(annotations: Annotations, who: Callable[[str], By]) -> None:
    opened(annotations, who("lea"))
    for item, labels in (("r0", ("right", "right")), ("r1", ("right", "wrong")), ("r2", ("wrong", "wrong"))):
        for name, label in zip(("anna", "ben"), labels, strict=True):
            annotations.label("app", "first", item, label, by=who(name))
    found = standing(TASK, annotations.settled("app", "first"))
    assert (found.items, found.complete, found.disputed, found.adjudicated) == (3, 3, 1, 0)
    assert found.by_label == {"wrong": 1, "right": 1}
    assert found.alpha.value == pytest.approx(4 / 9)


def test_an_answer_comes_back_as_it_was_queued() -> None:
    item = Item("r", "q", "a", ("ref",), ("p",), ("tag",), "g", "m", "trace:1")
    assert Item.from_json(json.loads(json.dumps(item.to_json()))) == item


said = st.builds(
    Annotation,
    sequence=st.integers(0, 1000),
    item=st.sampled_from(["r0", "r1"]),
    given=st.just("label"),
    label=st.sampled_from(["wrong", "right"]),
    actor=st.sampled_from(["a", "b", "c"]),
    at=st.just(None),
)


@given(st.lists(said, unique_by=lambda one: one.sequence), st.randoms(use_true_random=False))
@settings(max_examples=50)
def test_the_order_in_which_labels_are_read_changes_nothing(found: list[Annotation], random_: object) -> None:
    rows = [(item.id, item.digest, item) for item in ITEMS]
    base = settle(TASK, rows, found)
    random_.shuffle(found)  # type: ignore[attr-defined]  # a random.Random
    assert settle(TASK, rows, found) == base
    for actor in "abc":
        assert all(actor not in item.labels for item in waiting(base, actor))


def test_a_forged_answer_is_refused_when_it_would_be_shown(
    annotations: Annotations, records: Database, who: Callable[[str], By]
) -> None:
    opened(annotations, who("lea"))
    with records.write() as connection:
        connection.exec_driver_sql('UPDATE annotation_item SET content = \'{"id":"r0","answer":"other"}\'')
    with pytest.raises(ItemForgedError):
        annotations.next("app", "first", who("anna").actor)
