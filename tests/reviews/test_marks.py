"""Marks of triggers: entries of the ledger, and what they say together."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.ledger import By, Ledger
from plimsoll.reviews.marks import Mark, Marked, Marks, Said, settled

BEGAN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ABOUT = Marked("app", "ab" * 16, BEGAN, "ask", "input", "injection", "override", "block", "75ebbb1e", 0.95)


@pytest.fixture
def marks(ledger: Ledger) -> Marks:
    return Marks(ledger)


@pytest.fixture
def anna(ledger: Ledger) -> By:
    return By(ledger.subject("anna"), "key:pk_anna")


def test_a_mark_comes_back_as_it_was_said(marks: Marks, anna: By) -> None:
    other = replace(ABOUT, trace="cd" * 16, kind="")
    said = (*marks.add([ABOUT], "wrong", by=anna, note="a quotation"), *marks.add([other], "missed", by=anna))
    assert [replace(mark, note="") for mark in said] == list(marks.all("app"))
    assert [(mark.said, mark.actor, mark.via) for mark in said] == [
        ("wrong", anna.actor, "key:pk_anna"),
        ("missed", anna.actor, "key:pk_anna"),
    ]
    assert marks.of_trace("app", ABOUT.trace) == said[:1]
    assert list(marks.all("another")) == []


def test_a_mark_is_an_entry_and_its_note_is_sealed(marks: Marks, ledger: Ledger, anna: By) -> None:
    (mark,) = marks.add([ABOUT], "wrong", by=anna, note="a quotation")
    entry = next(ledger.entries(act="trigger.mark"))
    assert (entry.sequence, entry.actor, entry.facts["said"], entry.facts["score"]) == (
        mark.sequence,
        anna.actor,
        "wrong",
        0.95,
    )
    assert not any("a quotation" in line for line in ledger.lines())


def test_an_erased_note_is_gone_and_the_mark_stays(marks: Marks, ledger: Ledger, anna: By) -> None:
    marks.add([ABOUT], "wrong", by=anna, note="a quotation")
    ledger.erase(anna.actor, {}, by=By(ledger.subject("ben")))
    assert [(mark.said, mark.note) for mark in marks.of_trace("app", ABOUT.trace)] == [("wrong", None)]


def test_windows_are_about_the_request_and_not_about_the_mark(marks: Marks, anna: By) -> None:
    late = replace(ABOUT, happened_at=BEGAN + timedelta(hours=1))
    marks.add([ABOUT, late], "right", by=anna)
    assert [mark.about for mark in marks.all("app", since=BEGAN + timedelta(minutes=1))] == [late]
    assert [mark.about for mark in marks.all("app", until=BEGAN + timedelta(minutes=1))] == [ABOUT]


def said_by(*words: tuple[str, Said]) -> list[Mark]:
    return [Mark(place, ABOUT, said, actor, "local", BEGAN) for place, (actor, said) in enumerate(words)]


@pytest.mark.parametrize(
    ("words", "holds"),
    [
        ([("anna", "right")], "right"),
        ([("anna", "right"), ("ben", "right")], "right"),
        ([("anna", "right"), ("ben", "wrong")], "disputed"),
        ([("anna", "wrong"), ("anna", "right")], "right"),
        ([("anna", "right"), ("ben", "wrong"), ("ben", "withdrawn")], "right"),
        ([("anna", "missed")], "missed"),
    ],
)
def test_the_last_word_of_each_person_counts(words: list[tuple[str, Said]], holds: str) -> None:
    assert [one.said for one in settled(said_by(*words))] == [holds]


def test_what_everybody_took_back_is_left_out() -> None:
    assert settled(said_by(("anna", "right"), ("anna", "withdrawn"))) == ()


@given(st.lists(st.tuples(st.sampled_from(["anna", "ben", "cleo"]), st.sampled_from(["right", "wrong", "withdrawn"]))))
def test_what_holds_does_not_hang_on_the_order_in_which_marks_are_read(words: list[tuple[str, Said]]) -> None:
    marks = said_by(*words)
    assert settled(marks) == settled(reversed(marks))


def test_triggers_of_two_stages_are_two() -> None:
    marks = [*said_by(("anna", "right")), Mark(9, replace(ABOUT, stage="output"), "wrong", "anna", "local", BEGAN)]
    assert [(one.about.stage, one.said) for one in settled(marks)] == [("input", "right"), ("output", "wrong")]
