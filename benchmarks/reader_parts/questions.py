"""XQuAD: spans by SQuAD's rules, quotations, and refusals."""

import collections
import re
import string
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plimsoll.models.providers.reader._evidence import Embed, find, may_answer
from plimsoll.models.providers.reader._question import read_question
from plimsoll.models.providers.reader._refusal import AT_LEAST, answer_probability
from plimsoll.models.providers.reader._spans import best_candidate, candidate_rows
from plimsoll.models.providers.reader._weights import load_weights
from plimsoll.models.providers.reader.linear import Linear
from plimsoll.models.providers.reader.ranking import Network
from plimsoll.models.providers.reader.training import Asked, asked_rows, fit_refusal, fit_spans, folds
from plimsoll.models.providers.reader.training._questions import passage_of, passages_of

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_FIRST_SENTENCE = re.compile(r".+?[.!?](?=\s|$)", re.DOTALL)
_FOLDS = 5
_BINS = 10


def normalised(text: str) -> str:
    """SQuAD's normal form: small letters, no punctuation, no articles, single spaces."""
    plain = "".join(char for char in text.lower() if char not in string.punctuation)
    return " ".join(_ARTICLES.sub(" ", plain).split())


def token_f1(said: str, gold: str) -> float:
    """Harmonic mean of token precision and recall."""
    said_tokens, gold_tokens = normalised(said).split(), normalised(gold).split()
    both = sum((collections.Counter(said_tokens) & collections.Counter(gold_tokens)).values())
    return 2 * both / (len(said_tokens) + len(gold_tokens)) if both else 0.0


def measure(rows: list[dict[str, Any]], embed: Embed, *, is_dev: bool) -> dict[str, float]:
    """All figures; on development rows the weights are fitted anew without the articles that are measured."""
    asked = asked_rows(rows, embed)
    results: list[dict[str, float]] = []
    chances: list[tuple[float, ...]] = []
    parts = list(folds([one.article for one in asked], _FOLDS)) if is_dev else [([], list(range(len(asked))))]
    for fitted, measured in parts:
        spans, refusal = _models([asked[place] for place in fitted], embed)
        for place in measured:
            result, chance = _one(asked[place], embed, spans, refusal)
            results.append(result)
            chances.append(chance)
    means = {name: float(np.mean([one[name] for one in results])) for name in results[0]}
    return {name: round(value, 4) for name, value in {**means, **_refusals(np.array(chances))}.items()}


def _models(asked: Sequence[Asked], embed: Embed) -> tuple[Network, Linear]:
    if not asked:
        weights = load_weights()
        return weights.spans, weights.refusal
    return fit_spans(asked, embed), fit_refusal(asked, embed)


def _one(one: Asked, embed: Embed, spans: Network, refusal: Linear) -> tuple[dict[str, float], tuple[float, ...]]:
    span, sentence = _span(one, embed, spans)
    given = ([one.context], [one.foreign], [one.similar], one.together(answers=True), one.together(answers=False))
    chances = [_chance(one.question, texts, embed, refusal) for texts in given]
    first = _FIRST_SENTENCE.match(one.context)
    floor = first.group() if first else one.context
    f1, exact = token_f1(span, one.gold), float(normalised(span) == normalised(one.gold))
    answers = chances[0][1]
    result = {
        "f1": f1,
        "exact_match": exact,
        "f1_where_it_may_refuse": f1 * answers,
        "floor_f1": token_f1(floor, one.gold),
        "floor_exact_match": float(normalised(floor) == normalised(one.gold)),
        "sentence_accuracy": float(one.gold in sentence),
        "answer_rate": float(answers),
        "refusal_accuracy": float(not chances[1][1]),
        "refusal_accuracy_similar": float(not chances[2][1]),
        "answer_rate_of_8": float(chances[3][1]),
        "refusal_accuracy_of_8": float(not chances[4][1]),
    }
    return result, tuple(chance for chance, _ in chances)


def _span(one: Asked, embed: Embed, spans: Network) -> tuple[str, str]:
    """The span that the reader points at when it must answer, and the sentence that it quotes."""
    question = read_question(one.question)
    findings = find(question, [passage_of(one.context)], embed)
    if not findings.units:
        return "", ""
    unit = findings.units[0]
    found = candidate_rows(question, unit, findings.weights, embed)
    if found is None:
        return "", unit.text
    best = best_candidate(found, spans)
    return unit.text[best.start : best.end], unit.text


def _chance(question: str, texts: Sequence[str], embed: Embed, model: Linear) -> tuple[float, bool]:
    """The probability that texts answer, and whether the reader would answer from them."""
    asked = read_question(question)
    findings = find(asked, passages_of(texts), embed)
    chance = answer_probability(asked, findings, embed, model=model)
    return chance, chance >= AT_LEAST and may_answer(asked, findings)


def _refusals(chances: NDArray[np.float64]) -> dict[str, float]:
    """Of single paragraphs; and of eight that are most like the question, with and without the one that answers."""
    answerable, foreign, similar, with_it, without_it = chances.T
    everything = np.concatenate([answerable, foreign, similar])
    truth = np.concatenate([np.ones(len(answerable)), np.zeros(len(foreign) + len(similar))])
    return {
        "auroc_foreign": auroc(answerable, foreign),
        "auroc_similar": auroc(answerable, similar),
        "auroc": auroc(answerable, np.concatenate([foreign, similar])),
        "calibration_error": calibration_error(everything, truth),
        "auroc_of_8": auroc(with_it, without_it),
    }


def auroc(positives: NDArray[np.float64], negatives: NDArray[np.float64]) -> float:
    """How often a positive has more than a negative; ties count half (Mann and Whitney, 1947)."""
    both = np.sort(negatives)
    below = np.searchsorted(both, positives, side="left")
    upto = np.searchsorted(both, positives, side="right")
    return float(((below + upto) / 2).mean() / len(negatives))


def calibration_error(chances: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Expected calibration error over ten equal bins (Guo et al., On calibration of modern neural networks, 2017)."""
    bins = np.minimum((chances * _BINS).astype(int), _BINS - 1)
    gaps = [
        abs(chances[bins == one].mean() - truth[bins == one].mean()) * (bins == one).mean() for one in np.unique(bins)
    ]
    return float(sum(gaps))
