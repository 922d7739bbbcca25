"""Labels: who may move them, which of them need the approval of others, and what is written down."""

from collections.abc import Callable

import pytest
from tests.flows.conftest import Workshop
from tests.flows.crew import APP, Crew

from plimsoll.access import Right, RightMissingError, Role
from plimsoll.bootstrap import Platform
from plimsoll.flows.audit import verify
from plimsoll.flows.label import (
    LabelFollowedError,
    LabelParts,
    LabelProtectedError,
    LabelStaysError,
    OwnVersionError,
    Placing,
    answer_label,
    move_label,
)
from plimsoll.flows.policy import PolicyChangedError, adopt
from plimsoll.registry import Version, parse_reference
from plimsoll.registry.labels import LabelMove
from plimsoll.reviews import Answer

KEY = "prompt:answer"
PROTECTED = "labels: {protected: [production]}\n"
PRODUCTION = Placing(KEY, "production", "because")
BETA = Placing(KEY, "beta", "because")

Verb = Callable[[Version, LabelParts], object]


@pytest.fixture
def crew(workshop: Workshop) -> Crew:
    return Crew(workshop)


def point(placing: Placing, which: str, platform: Platform) -> LabelMove | None:
    return move_label(APP, placing, parse_reference(f"{KEY}@{which}"), platform.label_parts())


def say(given: Answer, version: Version, platform: Platform, placing: Placing = PRODUCTION) -> None:
    answer_label(APP, placing, version, given, platform.label_parts())


def named(platform: Platform, label: str) -> int:
    return platform.labels.resolve(APP, f"{KEY}@{label}").number


VERBS: list[tuple[Verb, Role, Right]] = [
    (lambda _, parts: move_label(APP, BETA, parse_reference(f"{KEY}@1"), parts), "operator", "label"),
    (lambda _, parts: move_label(APP, BETA, None, parts), "approver", "label"),
    (lambda version, parts: answer_label(APP, PRODUCTION, version, "approve", parts), "developer", "approve"),
    (lambda version, parts: answer_label(APP, PRODUCTION, version, "withdraw", parts), "viewer", "approve"),
]


@pytest.mark.parametrize(("verb", "role", "right"), VERBS)
def test_who_lacks_a_right_is_told_which_and_nothing_is_written(
    crew: Crew, verb: Verb, role: Role, right: Right
) -> None:
    version = crew.prompt("One.")
    eve, stranger = crew.join("eve", role), crew.workshop.open("nobody whom anybody knows")
    size = crew.ada.ledger.size()
    for platform in (eve, stranger):
        with pytest.raises(RightMissingError, match=f"does not have the right `{right}`"):
            verb(version, platform.label_parts())
    assert crew.ada.ledger.size() == size


def test_a_label_moves_with_its_history(crew: Crew) -> None:
    dora = crew.join("dora", "developer")
    first, second = crew.prompt("One."), crew.prompt("Two.")
    point(BETA, "1", crew.ada)
    point(Placing(KEY, "beta", "shorter answers"), "2", dora)
    assert named(crew.ada, "beta") == 2
    assert point(BETA, "2", dora) is None, "it was there already"
    assert move_label(APP, Placing(KEY, "beta", "over"), None, dora.label_parts()) is not None
    assert crew.ada.labels.labels(APP) == ()
    moves = crew.ada.labels.moves(APP, KEY, "beta")
    assert [(crew.ada.named(move.actor), move.from_target, move.to_target, move.reason) for move in moves] == [
        ("ada", None, first.digest, "because"),
        ("dora", first.digest, second.digest, "shorter answers"),
        ("dora", second.digest, None, "over"),
    ]
    assert [entry.sequence for entry in crew.entries("label.move")] == [move.sequence for move in moves]
    assert not any("shorter answers" in line for line in crew.ada.ledger.lines())


def test_a_protected_label_needs_the_approval_of_somebody_else(crew: Crew) -> None:
    bob = crew.join("bob", "approver")
    version = crew.prompt("One.")
    crew.declare(PROTECTED)
    with pytest.raises(LabelProtectedError, match=r"prompt:answer@1 needs 1 more approval"):
        point(PRODUCTION, "1", crew.ada)
    with pytest.raises(OwnVersionError):
        say("approve", version, crew.ada)
    assert crew.entries("label.move") == []
    say("approve", version, bob)
    assert point(PRODUCTION, "1", crew.ada) is not None
    assert named(crew.ada, "production") == 1


def test_other_labels_of_the_same_artifact_stay_free(crew: Crew) -> None:
    crew.prompt("One.")
    crew.declare(PROTECTED)
    assert point(BETA, "1", crew.ada) is not None


def test_two_approvals_are_of_two_people(crew: Crew) -> None:
    bob, carol = crew.join("bob", "approver"), crew.join("carol", "approver")
    version = crew.prompt("One.")
    crew.declare("labels: {protected: [production], approvals: 2}\n")
    for _ in range(2):
        say("approve", version, bob)
        with pytest.raises(LabelProtectedError, match="needs 1 more approval"):
            point(PRODUCTION, "1", crew.ada)
    say("approve", version, carol)
    point(PRODUCTION, "1", crew.ada)


def test_an_approval_is_for_one_version_and_one_label(crew: Crew) -> None:
    bob = crew.join("bob", "approver")
    first = crew.prompt("One.")
    crew.prompt("Two.")
    crew.declare("labels: {protected: [production, gold]}\n")
    say("approve", first, bob)
    with pytest.raises(LabelProtectedError, match=r"prompt:answer@2"):
        point(PRODUCTION, "2", crew.ada)
    with pytest.raises(LabelProtectedError, match=r"prompt:answer@gold"):
        point(Placing(KEY, "gold"), "1", crew.ada)
    point(PRODUCTION, "1", crew.ada)


def test_a_refusal_stands_until_it_is_withdrawn(crew: Crew) -> None:
    bob, carol = crew.join("bob", "approver"), crew.join("carol", "approver")
    version = crew.prompt("One.")
    crew.declare(PROTECTED)
    say("approve", version, bob)
    say("refuse", version, carol)
    with pytest.raises(LabelProtectedError):
        point(PRODUCTION, "1", crew.ada)
    say("withdraw", version, carol)
    point(PRODUCTION, "1", crew.ada)


def test_an_approval_that_was_withdrawn_does_not_count(crew: Crew) -> None:
    bob, version = crew.join("bob", "approver"), crew.prompt("One.")
    crew.declare(PROTECTED)
    say("approve", version, bob)
    say("withdraw", version, bob)
    with pytest.raises(LabelProtectedError):
        point(PRODUCTION, "1", crew.ada)


def test_a_protected_label_never_follows_one_that_is_free(crew: Crew) -> None:
    """Whoever may move the free label would otherwise move the protected one with it."""
    bob, version = crew.join("bob", "approver"), crew.prompt("One.")
    crew.prompt("Two.")
    crew.declare(PROTECTED)
    point(BETA, "1", crew.ada)
    say("approve", version, bob)
    point(PRODUCTION, "beta", crew.ada)
    point(BETA, "2", crew.ada)
    assert (named(crew.ada, "beta"), named(crew.ada, "production")) == (2, 1)


def test_a_protected_label_is_not_taken_away(crew: Crew) -> None:
    bob, version = crew.join("bob", "approver"), crew.prompt("One.")
    crew.declare(PROTECTED)
    say("approve", version, bob)
    point(PRODUCTION, "1", crew.ada)
    with pytest.raises(LabelStaysError):
        move_label(APP, PRODUCTION, None, crew.ada.label_parts())
    assert named(crew.ada, "production") == 1


def test_the_whole_story_verifies(crew: Crew) -> None:
    bob, version = crew.join("bob", "approver"), crew.prompt("One.")
    crew.prompt("Two.")
    crew.declare(PROTECTED)
    say("approve", version, bob)
    point(PRODUCTION, "1", crew.ada)
    point(BETA, "production", crew.ada)
    move_label(APP, BETA, None, crew.ada.label_parts())
    audited = verify(crew.ada.audit_parts(lambda *_: None))
    assert audited.sound, (audited.log.findings, audited.records.findings)


def test_protection_that_was_taken_out_of_the_file_holds_until_an_administrator_agrees(crew: Crew) -> None:
    """Who may edit plimsoll.yaml could otherwise move a protected label alone."""
    crew.prompt("One.")
    protected = crew.declare(PROTECTED)
    with pytest.raises(LabelProtectedError):
        point(PRODUCTION, "1", protected)
    open_again = crew.declare("")
    with pytest.raises(PolicyChangedError, match="@production"):
        point(PRODUCTION, "1", open_again)
    assert adopt(APP, "@production", "nobody reads it", open_again.policy_parts()) == ("approvals 1 → 0",)
    assert point(PRODUCTION, "1", open_again) is not None


def test_what_a_label_follows_stands_still_once_the_label_is_protected(crew: Crew) -> None:
    crew.prompt("One.")
    crew.prompt("Two.")
    point(BETA, "1", crew.ada)
    point(PRODUCTION, "beta", crew.ada)
    protected = crew.declare(PROTECTED)
    with pytest.raises(LabelProtectedError):
        point(PRODUCTION, "2", protected)
    with pytest.raises(LabelFollowedError, match="production"):
        point(BETA, "2", protected)
    assert (named(protected, "beta"), named(protected, "production")) == (1, 1)
