from dataclasses import replace

import pytest

from plimsoll.datasets import Row
from plimsoll.evaluation import Observation, Retrieved
from plimsoll.evaluation.scorers import make_scorer
from plimsoll.testing.scorers import told

OPEN = "The harbour of Oslo opens at nine o'clock in the morning."
MOOR = "Ships of members may moor at the northern pier for a week."
WRONG = "The lighthouse was painted red by Ingrid Solberg in 1987."
PASSAGES = (Retrieved("a.md", OPEN), Retrieved("b.md", MOOR))
ROW = Row("1", "When does the harbour of Oslo open?", (OPEN,), ("a.md",), answerable=True, tags=())
SEEN = Observation(OPEN, answered=True, passages=PASSAGES, cited=("a.md",))
NONE = (
    "groundedness",
    "grounded_answer",
    "trace_adherence",
    "citation_validity",
    "citation_coverage",
)


def value(scorer: str, row: Row, seen: Observation) -> float | None:
    score = told(make_scorer(scorer), row, seen)
    return None if score is None else score.value


def test_claims_that_the_passages_do_not_bear_out_are_counted() -> None:
    half = replace(SEEN, answer=f"{OPEN} {WRONG}")
    assert value("groundedness", ROW, SEEN) == 1
    assert value("groundedness", ROW, half) == 0.5
    assert value("grounded_answer", ROW, half) == 0
    assert value("trace_adherence", ROW, half) == 0


@pytest.mark.parametrize("scorer", NONE)
@pytest.mark.parametrize(
    "seen",
    [
        replace(SEEN, answer=""),
        replace(SEEN, answer="Shall I look for more?"),
        replace(SEEN, answered=False),
        replace(SEEN, answer="I do not know."),
    ],
)
def test_without_a_claim_nothing_is_grounded_and_nothing_is_not(scorer: str, seen: Observation) -> None:
    assert value(scorer, ROW, seen) is None
    assert make_scorer(scorer).applies(ROW)


def test_without_a_passage_no_claim_is_borne_out_and_trace_is_not_defined() -> None:
    alone = replace(SEEN, passages=())
    assert value("groundedness", ROW, alone) == 0
    for part in ("relevance", "utilization", "completeness", "adherence"):
        assert value(f"trace_{part}", ROW, alone) is None
        assert value(f"trace_{part}", ROW, replace(SEEN, passages=(Retrieved("a.md", " "),))) in {None, 0.0}


def test_trace_counts_characters() -> None:
    whole = len(OPEN) + len(MOOR)
    assert value("trace_relevance", ROW, SEEN) == pytest.approx(len(OPEN) / whole)
    assert value("trace_utilization", ROW, SEEN) == pytest.approx(len(OPEN) / whole)
    assert value("trace_completeness", ROW, SEEN) == 1
    other = replace(SEEN, answer=MOOR)
    assert value("trace_utilization", ROW, other) == pytest.approx(len(MOOR) / whole)
    assert value("trace_completeness", ROW, other) == 0


def test_completeness_is_not_defined_where_nothing_is_relevant() -> None:
    off = replace(SEEN, passages=(Retrieved("b.md", WRONG),))
    assert value("trace_relevance", ROW, off) == 0
    assert value("trace_completeness", ROW, off) is None


def test_facts_are_compared_with_the_accepted_answer_and_not_with_the_passages() -> None:
    row = replace(ROW, answers=(f"{OPEN} {MOOR}",))
    assert value("factual_precision", row, SEEN) == 1
    assert value("factual_recall", row, SEEN) == 0.5
    assert value("factual_f1", row, SEEN) == pytest.approx(2 / 3)
    assert value("factual_precision", row, replace(SEEN, answer=WRONG)) == 0
    assert value("factual_f1", row, replace(SEEN, answered=False)) == 0
    assert value("factual_f1", replace(ROW, answers=("Why?",)), SEEN) is None


def test_citations_must_exist_and_bear_out_their_claim() -> None:
    def cited(text: str) -> tuple[float | None, float | None]:
        seen = replace(SEEN, answer=text)
        return value("citation_validity", ROW, seen), value("citation_coverage", ROW, seen)

    assert cited(f"{OPEN[:-1]} [1]. {MOOR[:-1]} [2].") == (1, 1)
    assert cited(f"{OPEN} [1] {MOOR} [2]") == (1, 1)
    assert cited(f"{OPEN[:-1]} [2]. {MOOR[:-1]} [2].") == (0.5, 1)
    assert cited(f"{OPEN[:-1]} [9]. {MOOR}") == (0, 0)
    assert cited(f"{OPEN[:-1]} [1]. {MOOR}") == (1, 0.5)
    assert cited(f"{OPEN[:-1]} [1-3].") == (1 / 3, 1)
    assert cited(f"{OPEN[:-1]} [1].\n\n[1] a.md, page 1\n[2] b.md, page 7") == (1, 1)


def test_documents_that_are_cited_stand_for_all_claims_where_there_are_no_markers() -> None:
    assert value("citation_validity", ROW, SEEN) == 1
    assert value("citation_coverage", ROW, replace(SEEN, cited=())) == 0
    assert value("citation_validity", ROW, replace(SEEN, cited=())) is None
    assert value("citation_validity", ROW, replace(SEEN, cited=("c.md",))) == 0
