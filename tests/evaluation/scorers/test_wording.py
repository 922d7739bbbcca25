"""ROUGE, BLEU and chrF say what their libraries say of the same texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.datasets import Row
from plimsoll.evaluation import Observation
from plimsoll.evaluation.figures import Asked, make_figure
from plimsoll.evaluation.scorers import Score, make_scorer
from plimsoll.evaluation.scorers.wording import bleu_of, bleu_sums, chrf_of, chrf_sums
from plimsoll.evaluation.scorers.wording._rouge import common_subsequence
from plimsoll.testing.scorers import told

# Of sacrebleu 2.6.0 (BLEU, chrF; times 100) and rouge-score 0.1.2 (ROUGE-1, 2 and L).
NAMES = ("bleu", "chrf", "rouge_1", "rouge_2", "rouge_l")
KNOWN: list[tuple[str, tuple[str, ...], float, float, float, float, float]] = [
    ("The dog bit the man.", ("The dog bit the man.", "The dog had bit the man."), 100, 100, 1, 1, 1),
    (
        "It wasn't surprising.",
        ("It was not unexpected.", "No one was surprised."),
        *(14.794015674776452, 35.34635301425291, 0.25, 0, 0.25),
    ),
    (
        "The man had just bitten him.",
        ("The man bit him first.", "The man had bitten the dog."),
        *(29.071536848410968, 51.87740799504779, 2 / 3, 0.4, 2 / 3),
    ),
    (
        "Rent is 1,200.50 EUR-a-month (net); 5-year term.",
        ("The rent is 1,200.50 EUR a month, net, for a 5-year term.",) * 2,
        *(25.28100987001951, 59.60286705509078, 8 / 9, 0.8, 8 / 9),
    ),
]
WORDS = (
    "the",
    "a",
    "cat,",
    "sat.",
    "(3.5)",
    "1,000-2",
    "&amp;",
    "wasn't",
    "don't-\n",
    "$5",
    "50%",
    "ünï",
    "日本",
    "\n",
)
TEXTS = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)


def row(answers: tuple[str, ...], number: int = 0) -> Row:
    return Row(f"row-{number}", "What?", answers, (), answerable=True, tags=())


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known[0])
def test_known_values(known: tuple[str, tuple[str, ...], float, float, float, float, float]) -> None:
    text, answers, *values = known
    for name, value, scale in zip(NAMES, values, (100, 100, 1, 1, 1), strict=True):
        score = told(make_scorer(name), row(answers), Observation(text))
        assert score is not None
        assert score.value == pytest.approx(value / scale, abs=1e-12), name


def test_known_values_of_all_answers_together() -> None:
    rows = [Asked(row(answers, at), Observation(text), {}) for at, (text, answers, *_) in enumerate(KNOWN)]
    for name, value in {"bleu_corpus": 36.39872060832182, "chrf_corpus": 59.66120704717981}.items():
        found = make_figure(name).of(rows)
        assert found.value == pytest.approx(value / 100, abs=1e-12)
        assert found.interval is not None
        assert found.interval.low < value / 100 < found.interval.high


@given(text=TEXTS, answers=st.lists(TEXTS, min_size=1, max_size=3))
def test_any_texts_have_the_values_of_sacrebleu(text: str, answers: list[str]) -> None:
    sacrebleu = pytest.importorskip("sacrebleu", reason="sacrebleu is not installed: it is in the extra `test`")
    assert bleu_of(bleu_sums(text, answers), of_one=True) == pytest.approx(
        sacrebleu.sentence_bleu(text, answers).score / 100, abs=1e-9
    )
    assert chrf_of(chrf_sums(text, answers)) == pytest.approx(
        sacrebleu.sentence_chrf(text, answers).score / 100, abs=1e-9
    )


@given(st.lists(st.sampled_from("abcd"), max_size=12), st.lists(st.sampled_from("abcd"), max_size=12))
def test_the_longest_common_subsequence_is_that_of_the_textbook(one: list[str], other: list[str]) -> None:
    table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, left in enumerate(one, 1):
        for j, right in enumerate(other, 1):
            table[i][j] = table[i - 1][j - 1] + 1 if left == right else max(table[i - 1][j], table[i][j - 1])
    assert common_subsequence(one, other) == table[-1][-1]


def test_words_of_other_scripts_are_words() -> None:
    score = told(make_scorer("rouge_1"), row(("порт открыт в девять",)), Observation("Порт открыт"))
    assert score is not None
    assert score.value == pytest.approx(2 / 3)


def test_meaning_tells_one_thing_from_another_and_a_model_must_run_here() -> None:
    near, far = (
        told(make_scorer("semantic_similarity"), row(("The harbour opens at nine.",)), Observation(text))
        for text in ("The port is open from 9 o'clock.", "Recipes for soup with beans.")
    )
    assert near is not None
    assert far is not None
    assert near.value is not None
    assert far.value is not None
    assert near.value > far.value + 0.2


def test_an_answer_about_something_else_is_less_relevant_and_a_refusal_not_at_all() -> None:
    asked = Row("1", "When does the harbour open?", ("nine",), (), answerable=True, tags=())
    scorer = make_scorer("answer_relevancy")
    texts = ("The harbour opens at nine.", "Beans need an hour in hot water.")
    right, other = (told(scorer, asked, Observation(text)) for text in texts)
    refused = told(scorer, asked, Observation(texts[0], answered=False))
    assert right is not None
    assert other is not None
    assert right.value is not None
    assert other.value is not None
    assert right.value > other.value + 0.2
    assert refused == Score(0.0)
