import pytest

from plimsoll.datasets import Row
from plimsoll.evaluation import Observation
from plimsoll.evaluation.scorers import Score, make_scorer

ROW = Row(
    id="1", question="How long?", answers=("sixty (60) days", "60 days"), documents=("a.pdf",), answerable=True, tags=()
)
NO_ANSWER = Row(id="2", question="Who?", answers=(), documents=(), answerable=False, tags=())
UNPLACED = Row(id="3", question="How long?", answers=("60 days",), documents=(), answerable=True, tags=())
RULES = (
    "answer_contains",
    "answered",
    "citation_correct",
    "exact_match",
    "refusal_correct",
    "retrieval_recall",
    "token_f1",
)


def said(scorer: str, row: Row, seen: Observation) -> float | None:
    found = make_scorer(scorer).score(row, seen)
    assert found is None or isinstance(found, Score)
    return None if found is None else found.value


@pytest.mark.parametrize(
    ("scorer", "seen", "score"),
    [
        ("answer_contains", Observation(answer='"The notice is Sixty (60) days."'), 1),
        ("answer_contains", Observation(answer="160 days"), 0),
        ("answer_contains", Observation(answer="60 days", answered=False), 0),
        ("answered", Observation(answered=True), 1),
        ("answered", Observation(answered=None), 1),
        ("answered", Observation(answered=False), 0),
        ("exact_match", Observation(answer="It is long.", span="60 Days."), 1),
        ("exact_match", Observation(answer="The 60 days!"), 1),
        ("exact_match", Observation(answer="about 60 days"), 0),
        ("token_f1", Observation(span="60 days notice"), 0.8),
        ("token_f1", Observation(span="nothing alike"), 0),
        ("citation_correct", Observation(cited=("b.pdf", "a.pdf")), 1),
        ("citation_correct", Observation(cited=()), 0),
        ("retrieval_recall", Observation(retrieved=("b.pdf", "a.pdf")), 1),
        ("retrieval_recall", Observation(retrieved=("b.pdf",)), 0),
        ("refusal_correct", Observation(), None),
    ],
)
def test_answerable_rows(scorer: str, seen: Observation, score: float | None) -> None:
    assert said(scorer, ROW, seen) == (None if score is None else pytest.approx(score))


@pytest.mark.parametrize(("answered", "score"), [(False, 1), (True, 0), (None, 0)])
def test_unanswerable_rows_are_scored_by_refusal_alone(answered: bool | None, score: float) -> None:
    seen = Observation(answer="60 days", answered=answered, cited=("a.pdf",), retrieved=("a.pdf",))
    scores = {name: said(name, NO_ANSWER, seen) for name in RULES}
    assert {name: found for name, found in scores.items() if found is not None} == {"refusal_correct": score}


def test_rows_that_name_no_document_are_not_scored_for_documents() -> None:
    assert said("citation_correct", UNPLACED, Observation()) is None
    assert said("retrieval_recall", UNPLACED, Observation()) is None
