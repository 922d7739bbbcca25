"""What is wrong with rows that can be read."""

from typing import Any

import pytest

from plimsoll.datasets import Row
from plimsoll.datasets.findings import Around, Finding, check_rows

LONG = "How much notice do we have to give Lumenfrost to leave the maintenance agreement early?"


def row(name: str, question: str = "", **said: Any) -> Row:
    given = {"answers": ("x",), "documents": (), "answerable": True, "tags": (), **said}
    return Row(name, question or f"What is the rent of shed {name} at the quay?", **given)


def enough(**said: Any) -> list[Row]:
    """Rows with which nothing is wrong."""
    words = ["lease", "pump", "crane", "gate", "roof", "boat", "fish", "lamp", "dock", "wall", "rope", "tank"]
    rows = [row(word, f"Who pays for the {word}, and since when?", answers=(word,), **said) for word in words]
    return [*rows, row("none", "Who was here before us?", answers=(), answerable=False, **said)]


def found(rows: list[Row], around: Around | None = None, *, level: str = "wrong") -> dict[str, tuple[str, ...]]:
    return {one.code: one.rows for one in check_rows(rows, around or Around()) if one.level == level}


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    assert check_rows(enough()) == ()


@pytest.mark.parametrize(
    ("rows", "code", "ids"),
    [
        ([row("a"), row("a", LONG)], "duplicate_id", ("a",)),
        ([row("a", LONG), row("b", LONG.lower())], "duplicate", ("a", "b")),
        ([row("a", LONG), row("b", LONG, answers=("y",))], "contradiction", ("a", "b")),
        ([row("a", LONG), row("b", LONG, answers=(), answerable=False)], "contradiction", ("a", "b")),
        ([row("a", split="dev"), row("b", LONG)], "without_split", ("b",)),
        (
            [row("a", group="g", split="dev"), row("b", LONG, group="g", split="test")],
            "group_across_splits",
            ("a", "b"),
        ),
        (
            [row("a", LONG, split="train"), row("b", LONG.replace("early", "soon"), split="test")],
            "near_duplicate_across_splits",
            ("a", "b"),
        ),
    ],
)
def test_rows_that_make_figures_untrue_are_named(rows: list[Row], code: str, ids: tuple[str, ...]) -> None:
    assert found([*rows, *enough(split="dev" if rows[0].split else "")])[code] == ids


def test_answers_that_agree_in_one_spelling_contradict_nothing() -> None:
    rows = [row("a", LONG, answers=("90 days", "three months")), row("b", LONG, answers=("Three months.",))]
    assert "contradiction" not in found(rows)
    assert "contradiction" not in found([rows[0], row("b", LONG, answers=())])


def test_rows_that_judge_and_stand_in_a_prompt_are_leaks_and_those_to_learn_from_are_not() -> None:
    prompts = {"answer": f"Examples:\n\nQ: {LONG}\nA: ninety days\n"}
    assert found([*enough(), row("a", LONG)], Around(prompts=prompts))["in_prompt"] == ("a",)
    learnt = [*enough(split="train"), row("a", LONG, split="train")]
    assert "in_prompt" not in found(learnt, Around(prompts=prompts))


def test_rows_that_judge_and_stand_in_what_models_learn_from_are_leaks() -> None:
    around = Around(
        learnt={"datasets/more": [f"Mail: {LONG}"]},
        others={"other": [row("z", "Who was here, and why?", split="train")]},
    )
    rows = [*enough(), row("a", LONG), row("b", "who was here, and why")]
    findings = [one for one in check_rows(rows, around) if one.code == "in_training"]
    assert [one.rows for one in findings] == [("a",), ("b",)]


def test_documents_that_no_knowledge_base_has_are_named() -> None:
    rows = [*enough(), row("a", LONG, documents=("gone.md", "here.md"))]
    findings = check_rows(rows, Around(documents=frozenset({"here.md"})))
    assert [(one.code, one.rows) for one in findings] == [("document_unknown", ("a",))]
    assert "gone.md" in findings[0].message
    assert found(rows, Around()) == {}


def test_classes_and_slices_that_are_too_small_are_named() -> None:
    answers = ["yes"] * 30 + ["no"] * 30 + ["maybe"] * 2
    rows = [
        row(str(n), f"Is the {chr(97 + n % 26)}{chr(97 + n // 26)} paid by the harbour office already?", answers=(one,))
        for n, one in enumerate(answers)
    ]
    assert found(rows)["rare_class"] == ("60", "61")
    mostly = [row(one.id, one.question, answers=("yes",)) for one in rows[:59]]
    assert "one_class" in found([*mostly, *rows[30:34]])
    assert "empty_slice" in found(enough(), Around(slices=frozenset({"hard"})))
    assert "small_slice" in found(enough(tags=("hard",)), level="note")


def test_splits_with_one_side_alone_and_a_single_row_say_nothing() -> None:
    rows = [*enough(split="dev"), row("a", LONG, split="test"), row("b", "Why is the roof red?", split="test")]
    assert "one_sided_split" in found(rows)
    assert "one_row" in found([row("a")])


def test_what_is_worth_knowing_is_no_finding_that_stops_anybody() -> None:
    rows = [row("a", LONG), row("b", LONG.replace("early", "soon")), row("c", "What next?", answers=())]
    assert set(found(rows, level="note")) == {"near_duplicate", "unlabelled", "no_unanswerable"}
    grouped = [row("a", LONG, group="g"), row("b", LONG.replace("early", "soon"), group="g")]
    assert "near_duplicate" not in found(grouped, level="note")


def test_a_finding_is_json_for_programs() -> None:
    said = Finding("code", "wrong", "what", ("a",), "instead").to_json()
    assert said == {"code": "code", "level": "wrong", "message": "what", "rows": ["a"], "instead": "instead"}
