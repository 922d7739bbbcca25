from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from plimsoll.evaluation import Retrieved
from plimsoll.evaluation.judges import RUBRICS, PairJudge, PassJudge, RubricJudge
from plimsoll.evaluation.judges.embedded import AnswerGraded
from plimsoll.evaluation.scorers import Scorer
from plimsoll.testing.scorers import Sample, ScorerConformance

from .askers import ANSWER, QUESTION, Reader, model

PERFECT = [Sample(QUESTION, ANSWER)]


def fair(parts: dict[str, str]) -> object:
    """Prefers the answer that names the period, in whichever place it stands."""
    said = [
        "A" if "It is three months." in parts["Answer A"] else "",
        "B" if "It is three" in parts["Answer B"] else "",
    ]
    return {"reason": "names it", "better": said[0] or said[1] or "tie"}


class Judged(ScorerConformance):
    @pytest.fixture
    def samples(self) -> Sequence[Sample]:
        return PERFECT


class TestAnswerGraded(Judged):
    @pytest.fixture
    def make(self) -> Callable[[], Scorer]:
        return AnswerGraded


class TestRubric(Judged):
    @pytest.fixture
    def make(self) -> Callable[[], Scorer]:
        return lambda: RubricJudge(
            "r", RUBRICS["factuality"], model(Reader(lambda _: {"reason": "good", "score": 5})), 3
        )


class TestFaithfulness(ScorerConformance):
    @pytest.fixture
    def make(self) -> Callable[[], Scorer]:
        return lambda: RubricJudge(
            "f", RUBRICS["faithfulness"], model(Reader(lambda _: {"reason": "good", "score": 5}))
        )

    @pytest.fixture
    def samples(self) -> Sequence[Sample]:
        return [Sample(QUESTION, replace(ANSWER, passages=(Retrieved("a.md", "Three months."),)))]


class TestPass(Judged):
    @pytest.fixture
    def make(self) -> Callable[[], Scorer]:
        return lambda: PassJudge("p", "Right?", model(Reader(lambda _: {"reason": "good", "verdict": "pass"})))


class TestPair(Judged):
    @pytest.fixture
    def make(self) -> Callable[[], Scorer]:
        return lambda: PairJudge("b", model(Reader(fair)))
