import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.datasets import Row
from plimsoll.evaluation import Observation, Retrieved
from plimsoll.evaluation.scorers import make_scorer
from plimsoll.testing.scorers import told

NAMES = ("recall_at_k", "precision_at_k", "hit_at_k", "mrr", "map", "ndcg_at_k")


def row(*documents: str, **more: Any) -> Row:
    return Row("1", "Where?", ("here",), documents, answerable=True, tags=(), **more)


def value(scorer: str, asked: Row, seen: Observation, **options: Any) -> float | None:
    score = told(make_scorer(scorer, options=options), asked, seen)
    return None if score is None else score.value


def found(*documents: str) -> Observation:
    return Observation(retrieved=documents)


@pytest.mark.parametrize(
    ("scorer", "options", "wanted"),
    [
        # Found: x, a, y, b; worth finding: a, b, c.
        ("recall_at_k", {"k": 2}, 1 / 3),
        ("recall_at_k", {}, 2 / 3),
        ("precision_at_k", {"k": 2}, 1 / 2),
        ("precision_at_k", {}, 2 / 10),  # over k, also where fewer were found
        ("hit_at_k", {"k": 1}, 0),
        ("hit_at_k", {"k": 2}, 1),
        ("mrr", {}, 1 / 2),
        ("mrr", {"k": 1}, 0),
        ("map", {}, (1 / 2 + 2 / 4) / 3),
        ("ndcg_at_k", {}, (1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3) + 1 / math.log2(4))),
        ("ndcg_at_k", {"k": 2}, (1 / math.log2(3)) / (1 + 1 / math.log2(3))),
    ],
)
def test_known_values(scorer: str, options: dict[str, Any], wanted: float) -> None:
    assert value(scorer, row("a", "b", "c"), found("x", "a", "x", "y", "a", "b"), **options) == pytest.approx(wanted)


def test_grades_count_by_the_gain_that_is_stated() -> None:
    asked = row("a", fields={"relevance": {"a": 3, "b": 1, "c": 0, "d": "high", "e": True}})
    seen = found("b", "c", "a")
    linear = (1 + 3 / 2) / (3 + 1 / math.log2(3))
    exponential = (1 + 7 / 2) / (7 + 1 / math.log2(3))
    assert value("ndcg_at_k", asked, seen, grades="relevance") == pytest.approx(linear)
    assert value("ndcg_at_k", asked, seen, grades="relevance", gain="exponential") == pytest.approx(exponential)
    assert value("ndcg_at_k", asked, seen, grades="other") is None


def test_passages_are_known_by_their_id_their_words_or_their_page() -> None:
    passages = (
        Retrieved("x.md", "Nothing of the kind.", 1, "x-1"),
        Retrieved("a.md", "It opens  at NINE o'clock, and closes at five.", 2, "a-7"),
    )
    seen = Observation(passages=passages)
    by_id, by_words = (row("a.md", fields={"passages": [one]}) for one in ("a-7", "opens at nine o'clock"))
    by_page = row("a.md", source="document:a.md#page=2")
    other = row("a.md", source="document:a.md#page=3")
    found = [value("mrr", asked, seen, level="passages") for asked in (by_id, by_words, by_page, other, row("a.md"))]
    assert found == [0.5, 0.5, 0.5, 0.0, None]


def test_one_passage_may_hold_two_that_a_row_names() -> None:
    asked = row(fields={"proof": ["opens at nine", "closes at five"]})
    seen = Observation(passages=(Retrieved("a.md", "It opens at nine and closes at five.", chunk="1"),))
    for name in NAMES:
        options = {"k": 1} if name == "precision_at_k" else {}
        got = value(name, asked, seen, level="passages", passages="proof", **options)
        assert got == pytest.approx(1 if name != "ndcg_at_k" else 1 / (1 + 1 / math.log2(3))), name


@given(st.lists(st.sampled_from("abcdefgh"), max_size=12), st.sets(st.sampled_from("abcdefgh"), min_size=1))
def test_the_best_order_has_the_best_score_and_what_follows_changes_nothing(ranked: list[str], good: set[str]) -> None:
    asked = row(*sorted(good))
    best = found(*sorted(good), "x")
    for name in ("recall_at_k", "hit_at_k", "mrr", "map", "ndcg_at_k"):
        assert value(name, asked, best) == pytest.approx(1)
        here, longer = (value(name, asked, found(*ranked, *rest)) for rest in ((), ("x", "y")))
        assert here == longer
        assert here is not None
        assert 0 <= here <= 1


def test_nothing_is_said_of_rows_that_name_nothing() -> None:
    none = Row("2", "Who?", (), ("a",), answerable=False, tags=())
    assert {value(name, asked, found("a")) for name in NAMES for asked in (row(), none)} == {None}
