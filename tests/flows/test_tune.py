"""Better settings are found on one part of the questions and judged on the other; a stopped search goes on."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.flows.conftest import Workshop

from plimsoll.bootstrap import Platform
from plimsoll.datasets import Row
from plimsoll.flows.tune import (
    DatasetUnclearError,
    Figures,
    Interval,
    Measured,
    TooFewQuestionsError,
    TrialParts,
    TuneParts,
    TuneReport,
    TuneWish,
    keep_draft,
    tune,
)
from plimsoll.flows.tune._figures import figures, plain, question_of, score
from plimsoll.flows.tune._proposal import proposed_text
from plimsoll.flows.tune._space import SPACE, applied, choose, space_with
from plimsoll.flows.tune._study import Ended, Report, Study, rungs
from plimsoll.flows.tune._types import Settings, pareto
from plimsoll.models import Passage
from plimsoll.project import load_project
from plimsoll.project.schemas import KnowledgeDefinition

SHEDS = 24
POOR = """sources: [{path: documents}]
# how it is cut
chunk: {size: 6000, overlap: 0}
search: {mode: vector, ranking: none}
"""


def passage(document: str, text: str = "", rank: int = 0) -> Passage:
    return Passage(f"{document}-{rank}", document, "", 1, 0, len(text), text, 1.0)


def row(answers: tuple[str, ...] = (), documents: tuple[str, ...] = ("a.md",)) -> Row:
    return Row("row-1", "What?", answers, documents, answerable=True, tags=())


TEXTS = {"a.md": plain("The notice period is ninety days."), "b.md": plain("Nothing."), "c.md": plain("More.")}


def test_where_an_answer_stands_word_by_word_only_a_hit_that_holds_it_counts() -> None:
    question = question_of(row(("Ninety days",)), TEXTS)
    assert question is not None
    miss, hit = passage("a.md", "The notice"), passage("a.md", "is NINETY days.")
    assert score(question, [hit]).ndcg == 1
    assert score(question, [miss, hit]).reciprocal_rank == 0.5
    assert score(question, [miss]).recall == 0
    assert score(question, [passage("b.md", "ninety days")]).recall == 0, "another document is no source of it"
    assert score(question, [hit, hit, hit]) == score(question, [hit]), "the same again gains nothing"


def test_elsewhere_the_documents_count_once_each() -> None:
    question = question_of(row(("three months",), ("a.md", "c.md")), TEXTS)
    assert question is not None
    both = score(question, [passage("a.md"), passage("a.md"), passage("c.md")])
    assert (both.ndcg, both.recall) == (1.0, 1.0)
    one = score(question, [passage("b.md"), passage("c.md")])
    assert (one.recall, one.reciprocal_rank) == (0.5, 0.5)


def test_a_large_chunk_does_not_win_by_being_large() -> None:
    question = question_of(row(("ninety days",)), TEXTS)
    assert question is not None
    filler = passage("b.md", "x" * 7_990)
    assert score(question, [filler, passage("a.md", "ninety days, as agreed")]).recall == 0
    assert score(question, [passage("a.md", "ninety days " + "x" * 9_000)]).recall == 1, "the first is always given"


@pytest.mark.parametrize(
    "wrong",
    [
        Row("r", "?", (), (), answerable=False, tags=()),
        Row("r", "?", ("yes",), (), answerable=True, tags=()),
        Row("r", "?", ("yes",), ("unknown.md",), answerable=True, tags=()),
    ],
)
def test_rows_that_do_not_say_what_should_be_found_are_left_out(wrong: Row) -> None:
    assert question_of(wrong, TEXTS) is None


@given(st.lists(st.sampled_from(["a.md", "b.md", "c.md"]), max_size=12))
def test_figures_are_from_0_to_1_and_a_better_order_is_never_worse(found: list[str]) -> None:
    question = question_of(row((), ("a.md", "c.md")), TEXTS)
    assert question is not None
    given_order = score(question, [passage(name, rank=rank) for rank, name in enumerate(found)])
    best = sorted(found, key=lambda name: name == "b.md")
    best_order = score(question, [passage(name, rank=rank) for rank, name in enumerate(best)])
    for one in (given_order, best_order):
        assert 0 <= one.ndcg <= 1
        assert 0 <= one.recall <= 1
    if len(found) <= 10:
        assert best_order.ndcg >= given_order.ndcg - 1e-12


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_an_interval_holds_its_mean_and_is_the_same_each_time(values: list[float]) -> None:
    scores = [score_of(value) for value in values]
    one = figures(scores)
    assert one == figures(scores)
    assert one.ndcg.low - 1e-9 <= one.ndcg.value <= one.ndcg.high + 1e-9


def score_of(value: float) -> Any:
    from plimsoll.flows.tune._figures import Scores

    return Scores(value, value, value)


@given(st.integers(1, 100_000))
def test_each_rung_asks_more_questions_and_the_last_asks_all(count: int) -> None:
    found = rungs(count)
    assert found[-1] == count
    assert list(found) == sorted(found)
    assert found[0] >= 1


@given(st.data())
def test_whatever_is_picked_can_stand_in_a_file(data: st.DataObject) -> None:
    definition = KnowledgeDefinition.model_validate({"sources": ({"path": "documents"},)})
    space = space_with(("builtin/static", "builtin/minilm"), ("builtin/late-interaction",))
    assert {line.place for line in space} == {line.place for line in SPACE}
    settings = choose(space, lambda _, values: data.draw(st.sampled_from(values)))
    content = applied(definition, settings).content()
    for place, value in settings.items():
        section, _, key = place.partition(".")
        found: Any = content[section]
        assert isinstance(found, dict)
        written = found[key]["model"] if key == "reranker" else found[key]
        assert written == value


def measured(quality: float, ms: float, size: int, number: int) -> Measured:
    one = Interval(quality, quality, quality)
    return Measured({"number": number}, Figures(1, one, one, one), (quality,), ms, size, 1, 1.0, number)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12))
def test_the_front_is_what_nothing_dominates_and_never_empty(found: list[tuple[int, int, int]]) -> None:
    trials = [measured(a / 4, b, c, number) for number, (a, b, c) in enumerate(found)]
    front = pareto(trials)
    assert front
    assert front[0].figures.ndcg.value == max(one.figures.ndcg.value for one in trials)
    for left in (one for one in trials if one not in front):
        assert any(
            other.figures.ndcg.value >= left.figures.ndcg.value
            and other.p50_ms <= left.p50_ms
            and other.index_bytes <= left.index_bytes
            for other in front
        )


def fake(settings: Settings) -> float:
    """Quality without building anything: best for small chunks found by both searches."""
    return 1.0 - abs(int(settings["chunk.size"] or 0) - 500) / 20_000 - (settings["search.mode"] != "hybrid") * 0.2


def attempt(_number: int, settings: Settings, report: Report) -> Ended:
    for rung in range(3):
        if report(rung, fake(settings)):
            return Ended()
    return Ended(replace(measured(fake(settings), 1.0, 1, _number), settings=dict(settings)))


def searched(file: Path, trials: int, stops: frozenset[int] = frozenset()) -> list[tuple[float, Any]]:
    """The trials of a search that is opened anew, or dies in the middle of a trial, after so many trials."""
    space = space_with(("builtin/static",), ())
    study = Study(file, "study", space, 7)
    while study.count < trials:
        if study.count in stops:
            stops -= {study.count}

            def die(*_: Any) -> Ended:
                raise KeyboardInterrupt

            with pytest.raises(KeyboardInterrupt):
                study.step(die)
            study = Study(file, "study", space, 7)
        study.step(attempt)
    return [(one.figures.ndcg.value, dict(one.settings)) for one in study.measured()]


def test_a_search_that_was_stopped_finds_what_one_finds_that_was_not(tmp_path: Path) -> None:
    whole = searched(tmp_path / "whole.jsonl", 25)
    assert searched(tmp_path / "parts.jsonl", 25, frozenset({3, 11, 19})) == whole
    assert len({json.dumps(settings) for _, settings in whole}) > 5


def test_the_search_finds_better_than_chance_and_gives_poor_settings_up(tmp_path: Path) -> None:
    found = searched(tmp_path / "study.jsonl", 40)
    assert len(found) < 40, "some are given up"
    first = max(value for value, _ in found[:4])
    assert max(value for value, _ in found) >= first
    assert max(value for value, _ in found) > 0.97


def test_only_sections_that_differ_are_written_and_every_other_line_stays() -> None:
    head = "# ours\nsources:\n  - path: documents # all\n\n# cut\n"
    tail = "\n# end\nsearch: {top_k: 4}\n"
    before = f"{head}chunk:\n  size: 400\n# odd\n  overlap: 40\n{tail}"
    after = proposed_text(before, {"chunk": {"kind": "structure"}, "embed": {"model": "builtin/static"}})
    assert after == f"{head}chunk:\n  kind: structure\n{tail}embed:\n  model: builtin/static\n"


class Yard:
    """A project of long documents, each with one sentence that answers a question, badly set."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        for path in workshop.documents.rglob("*.*"):
            path.unlink()
        rows = []
        for number in range(SHEDS):
            filler = " ".join(f"Rule {line} of shed {number} asks for clean floors." for line in range(60))
            text = (
                f"# Shed {number}\n\n{filler}\n\nThe key of shed {number} hangs on hook {number * 7 + 3}.\n\n{filler}\n"
            )
            workshop.write(f"documents/shed-{number}.md", text)
            rows.append(
                {
                    "question": f"On which hook hangs the key of shed {number}?",
                    "answers": [f"hook {number * 7 + 3}"],
                    "documents": [f"shed-{number}.md"],
                }
            )
        workshop.write("datasets/ask.jsonl", "".join(json.dumps(one) + "\n" for one in rows))
        workshop.write("knowledge/texts.yaml", POOR)
        self.platform: Platform = workshop.open()
        self.opened: list[str] = []

    def parts(self, *, monotonic: Callable[[], float] = lambda: 0.0) -> TuneParts:
        open_index = self.platform.serve_parts().open_index

        def counted(index: Any, knowledge: Any, *variants_by: Any) -> Any:
            self.opened.append(json.dumps(knowledge["search"], sort_keys=True))
            return open_index(index, knowledge, *variants_by)

        trial = TrialParts(self.platform.build_parts(lambda *_: None), counted, self.platform.blobs.size)
        return TuneParts(trial, self.workshop.home / "tuning", monotonic=monotonic)

    def tune(self, trials: int = 6, **wish: Any) -> TuneReport:
        return tune(load_project(self.workshop.root), TuneWish("texts", trials=trials, **wish), self.parts())


@pytest.fixture
def yard(workshop: Workshop) -> Yard:
    return Yard(workshop)


def test_tuning_proposes_what_did_best_with_figures_of_questions_it_has_not_seen(yard: Yard) -> None:
    file = yard.workshop.root / "knowledge/texts.yaml"
    versions = len(yard.platform.registry.versions("harbour"))
    found = yard.tune()
    assert (found.questions, found.trials) == (SHEDS, 6)
    assert 3 <= found.held_back < SHEDS / 2
    proposal = found.proposal
    assert proposal is not None
    assert proposal.best.figures.questions == SHEDS - found.held_back
    assert proposal.held_back.questions == found.held_back
    gain = proposal.held_back.ndcg.value - proposal.current_held_back.ndcg.value
    assert proposal.gain.value == pytest.approx(gain)
    assert "# how it is cut" in proposal.text
    assert proposal.diff.startswith("--- a/knowledge/texts.yaml")
    assert file.read_text() == POOR, "the project is not changed"
    assert len(yard.platform.registry.versions("harbour")) == versions, "nothing is published"
    again = yard.tune()
    assert again.proposal is not None
    assert again.proposal.best == proposal.best
    yard.workshop.write("knowledge/texts.yaml", proposal.text)
    assert load_project(yard.workshop.root).knowledge["texts"].content() != {}


def test_what_was_made_ready_for_trials_does_not_stay(yard: Yard) -> None:
    yard.workshop.build()
    before = ready(yard)
    yard.tune(trials=3)
    assert len(set(yard.opened)) > 1
    assert ready(yard) == before


def ready(yard: Yard) -> set[str]:
    folder = yard.workshop.home / "indexes"
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_tuning_goes_on_where_it_was(yard: Yard) -> None:
    first = yard.tune(trials=3)
    opened = len(yard.opened)
    more = yard.tune(trials=3)
    assert more.trials == first.trials == 3
    assert len(yard.opened) - opened <= 2, "only the settings as they are, and the proposal, are asked again"


def test_a_budget_of_time_ends_the_search(yard: Yard) -> None:
    moments = iter([0.0, 1.0, 500.0])
    parts = yard.parts(monotonic=lambda: next(moments))
    found = tune(load_project(yard.workshop.root), TuneWish("texts", trials=50, budget_s=100), parts)
    assert found.trials == 1


def test_a_proposal_can_become_the_working_draft(yard: Yard) -> None:
    before = yard.workshop.build().draft
    found = yard.tune()
    assert found.proposal is not None
    parts = yard.platform.build_parts(lambda *_: None)
    draft = keep_draft(load_project(yard.workshop.root), "texts", found.proposal, parts)
    assert yard.platform.releases.working_draft("harbour") == draft
    differ = {key for key in draft.artifacts if draft.artifacts[key] != before.artifacts[key]}
    assert "knowledge:texts" in differ
    assert differ <= {"knowledge:texts", "index:texts", "source:texts"}


def test_too_few_questions_and_no_dataset_are_told(workshop: Workshop) -> None:
    platform = workshop.open()
    trial = TrialParts(platform.build_parts(lambda *_: None), platform.serve_parts().open_index, platform.blobs.size)
    parts = TuneParts(trial, workshop.home / "tuning")
    with pytest.raises(TooFewQuestionsError, match="2 questions"):
        tune(load_project(workshop.root), TuneWish("texts"), parts)
    with pytest.raises(DatasetUnclearError, match="nothing"):
        tune(load_project(workshop.root), TuneWish("texts", "nothing"), parts)
