"""What goes wrong while settings are tuned: it is told, nothing is lost, and nothing is called certain that is not."""

import fcntl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.flows.conftest import Workshop
from tests.flows.test_tune import Yard, searched

from plimsoll.cli import main
from plimsoll.flows.tune import Interval, Proposal, TuneParts, TuneReport, TuneWish, tune
from plimsoll.flows.tune._errors import TuningRunsError
from plimsoll.flows.tune._figures import Question, chance_of
from plimsoll.flows.tune._proposal import difference, proposed_text
from plimsoll.flows.tune._study import rungs
from plimsoll.flows.tune._tune import _parted
from plimsoll.kernel.errors import UnavailableError
from plimsoll.project import load_project
from plimsoll.retrieval.search import Paraphraser, Retrieval, Scope


@pytest.fixture
def yard(workshop: Workshop) -> Yard:
    return Yard(workshop)


@pytest.mark.parametrize("lost", [1, 20, 200])
def test_a_search_that_was_killed_while_it_wrote_goes_on(tmp_path: Path, lost: int) -> None:
    file = tmp_path / "study.jsonl"
    whole = searched(tmp_path / "whole.jsonl", 12)
    searched(file, 5)
    file.write_bytes(file.read_bytes()[:-lost])
    # Whoever is killed while it writes also leaves this behind.
    Path(f"{file}.lock").symlink_to(file)
    assert searched(file, 12) == whole


def test_whoever_comes_second_is_told_and_disturbs_nothing(yard: Yard) -> None:
    folder = yard.workshop.home / "tuning"
    folder.mkdir(parents=True)
    with (folder / "texts.lock").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(TuningRunsError, match="texts is being tuned by another process"):
            yard.tune(trials=1)
        assert yard.opened == []
    assert yard.tune(trials=1).trials == 1


class Failing:
    """A searcher behind which something does not answer."""

    def __init__(self, searcher: Any, *, note: str = "") -> None:
        self._searcher = searcher
        self._note = note

    async def retrieve(self, question: str, _scope: Scope, _by: Paraphraser | None = None) -> Retrieval:
        if not self._note:
            raise UnavailableError("the reranker does not answer", hint="start it")
        return Retrieval((), (), 0.0, (question,), (self._note,))

    async def close(self) -> None:
        await self._searcher.close()


def failing(yard: Yard, *, since: int, note: str = "") -> TuneParts:
    """Parts whose indexes fail from one of them on; the first is that of the settings as they are."""
    parts = yard.parts()
    opened, open_index = 0, parts.trial.open_index

    def opening(index: Any, knowledge: Any, *variants_by: Any) -> Any:
        nonlocal opened
        opened += 1
        searcher = open_index(index, knowledge, *variants_by)
        return searcher if opened <= since else Failing(searcher, note=note)

    trial = type(parts.trial)(parts.trial.build, opening, parts.trial.segment_bytes)
    return TuneParts(trial, parts.folder)


def run(yard: Yard, parts: TuneParts, trials: int) -> TuneReport:
    return tune(load_project(yard.workshop.root), TuneWish("texts", trials=trials), parts)


def test_what_does_not_answer_ends_the_search_and_the_next_one_tries_it_again(yard: Yard) -> None:
    with pytest.raises(UnavailableError, match="does not answer"):
        run(yard, failing(yard, since=3), 4)
    found = run(yard, yard.parts(), 4)
    assert (found.trials, found.errors) == (4, ())


def test_settings_that_were_searched_without_a_part_of_theirs_have_no_figures(yard: Yard) -> None:
    """Otherwise a reranker that never answered would be proposed for what was found without it."""
    found = run(yard, failing(yard, since=1, note="ordered without the reranker"), 2)
    assert (found.trials, found.given_up, found.proposal) == (2, 2, None)
    assert "ordered without the reranker" in found.errors[0]


def test_who_was_asked_every_question_is_not_given_up(yard: Yard) -> None:
    """Of so few questions each trial is asked all: to throw the figures away would save nothing."""
    found = run(yard, yard.parts(), 4)
    assert found.questions - found.held_back <= 20
    assert (found.trials, found.given_up) == (4, 0)


@pytest.mark.parametrize(
    "before",
    [
        "{sources: [{path: documents}], search: {mode: vector}}\n",
        "sources: [{path: documents}]\nsearch: {mode: vector}\n...\n",
        "--- {sources: [{path: documents}]}\n",
        "sources: [{path: documents}]\nsearch: &s {mode: vector}\nload: {near_duplicates: keep}",
        "sources: &all\n- path: documents\nchunk: {size: 300,\n  overlap: 10}\n\nsearch:\n  mode: vector",
        'sources:\n- path: "a\u2028b"\nsearch: {mode: text}\n',
    ],
)
def test_a_proposal_changes_its_sections_and_nothing_else(before: str) -> None:
    sections = {"chunk": {"kind": "structure"}, "search": {"mode": "text"}}
    after = proposed_text(before, sections)
    assert yaml.safe_load(after) == {**yaml.safe_load(before), **sections}


@given(st.text("ab\n\r\u2028", max_size=12), st.text("ab\n\r\u2028", max_size=12))
def test_what_differs_can_be_applied(before: str, after: str) -> None:
    assert patched(before, difference("x", before, after)) == after


def patched(before: str, diff: str) -> str:
    """What `patch` makes of a text: a line ends with a newline, but where the one below says that it does not."""
    old, new = list[str](), list[str]()
    sides: tuple[list[str], ...] = ()
    for row in diff.split("\n")[2:-1]:
        if row.startswith("\\"):
            for side in sides:
                side[-1] = side[-1].removesuffix("\n")
        elif not row.startswith("@@"):
            sides = {" ": (old, new), "-": (old,), "+": (new,)}[row[0]]
            for side in sides:
                side.append(row[1:] + "\n")
    assert not diff or "".join(old) == before
    return "".join(new) if diff else before


@given(st.lists(st.floats(-1, 1, width=16), min_size=1, max_size=20))
def test_chance_is_a_share_and_the_larger_gain_is_the_less_likely(gains: list[float]) -> None:
    chance = chance_of(gains)
    assert 0 < chance <= 1
    assert chance == chance_of(gains)
    assert chance_of([gain + 0.5 for gain in gains]) <= chance + 0.02
    assert chance_of([0.0] * len(gains)) == 1


@pytest.mark.parametrize(("count", "certain"), [(3, False), (5, False), (6, True), (40, True)])
def test_a_few_questions_that_all_gain_are_no_certainty(count: int, *, certain: bool) -> None:
    """The bootstrap of three gains that are alike is short, and still three coins often fall on the same side."""
    gains = [0.2 + number / 1000 for number in range(count)]
    assert Gained(Interval(0.2, 0.19, 0.21), chance_of(gains)).is_certain == certain


def test_what_mostly_gains_a_little_and_sometimes_loses_as_much_is_no_certainty() -> None:
    assert not Gained(Interval(0.01, 0.001, 0.02), chance_of([0.1] * 9 + [-0.1] * 7)).is_certain


def Gained(gain: Interval, chance: float) -> Proposal:  # noqa: N802  # stands for the class
    nothing: Any = None
    return Proposal(nothing, nothing, nothing, gain, chance, "x", "", "")


@given(st.lists(st.sampled_from("abcdefghijklmnopqrst"), min_size=12, max_size=40).filter(lambda n: len(set(n)) >= 12))
def test_a_question_that_is_asked_twice_is_on_one_side(names: Sequence[str]) -> None:
    """Also where it is spelled in another way."""
    spelled = [f"Who is {name}?" if number % 2 else f"who is {name.upper()} ?" for number, name in enumerate(names)]
    questions = [Question(str(number), text, frozenset({"a"})) for number, text in enumerate(spelled)]
    ours, theirs = _parted(questions)
    assert len(ours) + len(theirs) == len(questions)
    assert min(len(ours), len(theirs)) >= 3
    assert {one.text[7].lower() for one in ours}.isdisjoint(one.text[7].lower() for one in theirs)


@given(st.integers(1, 5_000))
def test_each_rung_asks_more_than_the_one_before(count: int) -> None:
    found = rungs(count)
    assert found[-1] == count
    assert list(found) == sorted(set(found))


def test_a_place_for_what_differs_that_is_not_there_is_told_before_anything_is_tried(
    yard: Yard, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["-C", str(yard.workshop.root), "tune", "knowledge", "texts", "--out", "nowhere/better.diff"])
    assert ended.value.code == 2
    assert "nowhere" in capsys.readouterr().err
    assert not (yard.workshop.home / "tuning").exists()
