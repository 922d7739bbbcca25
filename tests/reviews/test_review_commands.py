"""The commands about labels and calibration, as people run them one after another."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.flows.conftest import Workshop

from plimsoll.access import Role
from plimsoll.cli import main
from plimsoll.cli._exits import DONE, REFUSED
from plimsoll.cli._output import Output
from plimsoll.cli._state import State
from plimsoll.cli.nouns.calibrate import JudgeRouteMissingError, calibrate
from plimsoll.cli.nouns.review import LABELLING, AnswersInvalidError, RunMissingError, StillBlindError
from plimsoll.flows.calibrate import LabelsDifferError
from plimsoll.kernel.errors import DeniedError
from plimsoll.reviews.annotations import Annotations
from plimsoll.reviews.annotations._errors import OwnLabelError

Says = Callable[..., tuple[int, str]]
STAFF: tuple[tuple[str, Role], ...] = (("ben", "developer"), ("cleo", "admin"), ("viola", "viewer"))
COMMANDS = {str(command.name): command for command in (*LABELLING, calibrate)}
ANSWERS = [
    {
        "id": f"r{at}",
        "question": "How high is the rent?",
        "answer": f"The rent is {1000 + at % 2} euros.",
        "reference": ["The rent is 1000 euros."],
    }
    for at in range(40)
]


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    workshop = Workshop(tmp_path / "harbour")
    monkeypatch.chdir(workshop.root)
    yield workshop
    workshop.close()


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in ANSWERS))
    return path


def run(root: Path, command: str, *arguments: str | Path) -> int:
    state = State(Output(), root)
    state.output.json = "--json" in arguments
    found: Any = COMMANDS[command].main([str(one) for one in arguments], obj=state, standalone_mode=False)
    return DONE if found is None else int(found)


@pytest.fixture
def says(workshop: Workshop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Says:
    """Run a command as somebody; gives back its exit code and what it printed."""
    opened = workshop.open()
    for name, role in STAFF:
        opened.access.create_actor(name, kind="person", roles=[role], by=opened.acting.by)
    opened.close()

    def says(who: str, command: str, *arguments: str | Path) -> tuple[int, str]:
        monkeypatch.setenv("PLIMSOLL_ACTOR", who)
        capsys.readouterr()
        code = run(workshop.root, command, *arguments)
        return code, capsys.readouterr().out

    return says


def test_labels_are_collected_agreed_and_hold_a_judge(says: Says, answers: Path, tmp_path: Path) -> None:
    assert "opened first: 40 answers, each for 2 annotators" in says("ada", "queue", "first", "--file", answers)[1]
    assert json.loads(says("ada", "queue", "--json")[1])[0]["name"] == "first"
    for who in ("ada", "ben"):
        for at in range(40):
            wrong = at % 2 == 1 or (who == "ben" and at == 0)
            assert says(who, "label", "first", f"r{at}", "wrong" if wrong else "right")[0] == DONE
        assert "nothing is left" in says(who, "next", "first")[1]
    shown = says("ada", "agreement", "first")[1]
    assert "40 of 40" in shown
    assert "r0" in shown
    with pytest.raises(OwnLabelError):
        says("ada", "adjudicate", "first", "r0", "right")
    assert says("cleo", "adjudicate", "first", "r0", "right", "--reason", "clause 4")[0] == DONE
    exported = tmp_path / "labels.jsonl"
    found = json.loads(says("ben", "agreement", "first", "--export", exported, "--json")[1])
    assert (found["complete"], found["disputed"], found["adjudicated"]) == (40, 0, 1)
    assert found["krippendorff_alpha"] > 0.9
    rows = [json.loads(line) for line in exported.read_text().splitlines()]
    assert [row["label"] for row in rows[:2]] == ["right", "wrong"]
    assert rows[0]["labels"] == ["right", "wrong"]
    code, said = says("ada", "calibrate", "answer_graded", "--queue", "first", "--json")
    calibration = json.loads(said)
    assert (code, calibration["may_decide"], calibration["rows"]) == (DONE, True, 40)
    assert calibration["values"]["kappa"]["value"] == 1.0
    code, said = says("ada", "calibrate", "answer_graded", "--queue", "first", "--fewest-rows", "100")
    assert code == REFUSED
    assert "40 rows, and 100 are asked for" in said


def test_nobody_sees_labels_before_they_gave_theirs(says: Says, answers: Path, tmp_path: Path) -> None:
    says("ada", "queue", "first", "--file", answers)
    says("ada", "label", "first", "r0", "right")
    shown = says("ben", "next", "first")[1]
    assert "How high is the rent?" in shown
    assert "40 left" in shown
    assert "ada" not in shown
    with pytest.raises(StillBlindError):
        says("ben", "agreement", "first", "--export", tmp_path / "x.jsonl")


def test_who_may_not_read_requests_may_not_read_queues(says: Says, answers: Path) -> None:
    says("ada", "queue", "first", "--file", answers)
    for command, *arguments in (
        ("queue",),
        ("next", "first"),
        ("label", "first", "r0", "right"),
        ("agreement", "first"),
    ):
        with pytest.raises(DeniedError):
            says("viola", command, *arguments)
    with pytest.raises(DeniedError):
        says("ben", "adjudicate", "first", "r0", "right")


@pytest.mark.parametrize("text", ["no json", "[]", "1", '{"id": 1}', '{"answer": "x", "labels": []', '\n{"id": []}'])
def test_a_file_that_holds_no_answers_is_named_with_its_line(says: Says, tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(text)
    with pytest.raises(AnswersInvalidError, match="line"):
        says("ada", "queue", "first", "--file", path)


def test_answers_must_be_named_and_labels_must_be_those_of_the_judge(says: Says, answers: Path, tmp_path: Path) -> None:
    with pytest.raises(RunMissingError):
        says("ada", "queue", "first")
    with pytest.raises(AnswersInvalidError, match="No such file"):
        says("ada", "queue", "first", "--file", tmp_path / "absent.jsonl")
    says("ada", "queue", "first", "--file", answers, "--judge", "judge_coherence")
    shown = says("ada", "next", "first")[1]
    assert "1: No line of thought" in shown
    with pytest.raises(LabelsDifferError):
        says("ada", "calibrate", "answer_graded", "--queue", "first")
    with pytest.raises(JudgeRouteMissingError):
        says("ada", "calibrate", "judge_coherence", "--queue", "first")


def test_a_route_that_answers_with_prose_judges_nothing_and_may_not_decide(says: Says, answers: Path) -> None:
    """The embedded reader answers from passages, and never with a verdict."""
    says("ada", "queue", "first", "--file", answers, "--annotators", "1", "--labels", "fail,pass")
    for at in range(3):
        says("ada", "label", "first", f"r{at}", "pass")
    code, said = says("ada", "calibrate", "judge_pass", "--queue", "first", "--route", "default", "--json")
    found = json.loads(said)
    assert (code, found["rows"], found["missing"], found["may_decide"]) == (REFUSED, 0, 3, False)
    shown = says("ada", "calibrate", "judge_pass", "--queue", "first", "--route", "default")[1]
    assert "3 rows could not be judged" in shown
    assert "may not decide" in shown


def test_the_answers_of_a_run_are_queued_with_their_references(
    says: Says, workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    says("ada", "queue")
    with pytest.raises(SystemExit):
        main(["-C", str(workshop.root), "eval", "ask", "--json"])
    (evaluated,) = json.loads(capsys.readouterr().out)
    opened = workshop.open()
    run_digest = next(one for one in opened.blobs.addresses() if b'"plimsoll-run-' in opened.blobs.get(one))
    opened.close()
    says("ada", "queue", "first", "--run", run_digest, "--judge", "judge_factuality")
    opened = workshop.open()
    items = [one.item for one in Annotations(opened.records, opened.ledger).settled(opened.app, "first") if one.item]
    opened.close()
    assert {item.id for item in items} == {row["row"] for row in evaluated["rows"] if row["answer"]}
    assert any(item.reference and item.passages for item in items)
    assert {item.source for item in items} == {f"run:{run_digest}"}
