"""The embedded graders, on rows that people judged."""

import gzip
import json
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from plimsoll.evaluation.judges.embedded import grade, prefer
from plimsoll.evaluation.judges.embedded._numbers import closeness, read_numbers
from plimsoll.kernel.statistics import mean_interval
from plimsoll.kernel.statistics.agreement import Agreement, balanced_accuracy, cohen_kappa

from . import Given, Measured

_LABELS: Final = {"Correct Answer": "correct", "Incorrect Answer": "incorrect", "Refusal": "refusal"}
_RESAMPLES: Final = 1_000
_SEED: Final = 20_240_601
Rows = list[dict[str, Any]]


def llmbar(given: Given) -> Measured:
    """Which of two outputs follows the instruction; every pair in both orders."""
    rows = _read(given, "")
    truth, probabilities, right, consistent = [], [], [], []
    for row in rows:
        one, other = (row["output_1"], row["output_2"])
        straight, turned = prefer(row["input"], one, other), prefer(row["input"], other, one)
        second = row["label"] == 2  # noqa: PLR2004  # as the set says it
        truth.append(second)
        probabilities.append(straight.probability)
        right += [_right(straight.which, "second" if second else "first")]
        right += [_right(turned.which, "first" if second else "second")]
        consistent.append(float(abs(straight.probability + turned.probability - 1) < 1e-9))  # noqa: PLR2004  # rounding
    pairs = [row["id"] for row in rows for _ in range(2)]
    said = [probability > 0.5 for probability in probabilities]  # noqa: PLR2004  # the middle
    metrics = {
        **_share("accuracy", right, pairs),
        **_told("auroc", _auroc(truth, probabilities), _spread(truth, probabilities, [row["id"] for row in rows])),
        **_agreement("balanced_accuracy", balanced_accuracy(truth, said)),
        **_agreement("kappa", cohen_kappa(truth, said)),
        "swap_consistency": float(np.mean(consistent)),
    }
    for subset in sorted({row["subset"] for row in rows}):
        some = [score for place, score in enumerate(right) if rows[place // 2]["subset"] == subset]
        metrics |= _share(f"accuracy.{subset}", some, [pair for pair in range(len(some) // 2) for _ in range(2)])
    return Measured(len(rows), metrics)


def financebench(given: Given) -> Measured:
    """Whether a model's answer is right."""
    rows = _read(given, "_graded_answers")
    labels = [_LABELS[row["human_label"]] for row in rows]
    found = [grade(row["question"], row["gold_answer"], row["model_answer"]) for row in rows]
    companies = [row["company"] for row in rows]
    scores = [one.probability for one in found]
    floor = [_number_match(row) for row in rows]
    answered = [place for place, label in enumerate(labels) if label != "refusal"]
    metrics = _told_apart("", labels, scores, companies, answered)
    metrics |= _told_apart("with_refusals.", labels, scores, companies, range(len(rows)))
    metrics["floor.auroc"] = _auroc([labels[place] == "correct" for place in answered], [floor[p] for p in answered])
    said = [one.said for one in found]
    metrics |= _share("accuracy_three_labels", [float(a == b) for a, b in zip(labels, said, strict=True)], companies)
    metrics |= _agreement("kappa_three_labels", cohen_kappa(labels, said))
    refusals = [label == "refusal" for label in labels]
    metrics |= _agreement("refusals.balanced_accuracy", balanced_accuracy(refusals, [one == "refusal" for one in said]))
    for name, chosen in _kinds(found):
        some = [place for place in answered if chosen[place]]
        truth = [labels[place] == "correct" for place in some]
        metrics[f"auroc.{name}"] = _auroc(truth, [scores[place] for place in some])
    return Measured(len(rows), metrics)


def _kinds(found: Sequence[Any]) -> list[tuple[str, list[bool]]]:
    number = [one.facts.only_number for one in found]
    whether = [one.facts.agrees is not None and not one.facts.only_number for one in found]
    others = [not one and not other for one, other in zip(number, whether, strict=True)]
    return [("numbers", number), ("yes_or_no", whether), ("texts", others)]


def _told_apart(
    prefix: str, labels: Sequence[str], scores: Sequence[float], groups: Sequence[str], places: Sequence[int]
) -> dict[str, Any]:
    truth = [labels[place] == "correct" for place in places]
    some = [scores[place] for place in places]
    said = [score > 0.5 for score in some]  # noqa: PLR2004  # the middle
    together = [groups[place] for place in places]
    return {
        **_told(f"{prefix}auroc", _auroc(truth, some), _spread(truth, some, together)),
        **_told(
            f"{prefix}balanced_accuracy",
            _balanced(truth, [float(one) for one in said]),
            _spread(truth, [float(one) for one in said], together, _balanced),
        ),
        **_agreement(f"{prefix}kappa", cohen_kappa(truth, said)),
        **_share(f"{prefix}accuracy", [float(a == b) for a, b in zip(truth, said, strict=True)], together),
    }


def _number_match(row: dict[str, Any]) -> float:
    given = read_numbers(row["model_answer"])
    wanted = read_numbers(row["gold_answer"])
    return max((closeness(one, other) for one in wanted for other in given), default=0.0)


def _right(said: str, wanted: str) -> float:
    return 0.5 if said == "tie" else float(said == wanted)


def _auroc(truth: Sequence[bool], scores: Sequence[float]) -> float:
    """The chance that a right one has the higher score; ties count half (Mann and Whitney)."""
    order = np.argsort(scores, kind="stable")
    values = np.asarray(scores)[order]
    ranks = np.empty(len(values))
    places = np.arange(1, len(values) + 1, dtype=float)
    _, first, counts = np.unique(values, return_index=True, return_counts=True)
    ranks[order] = np.repeat(places[first] + (counts - 1) / 2, counts)
    positive = np.asarray(truth, dtype=bool)
    many, few = int(positive.sum()), int((~positive).sum())
    if not many or not few:
        return float("nan")
    return float((ranks[positive].sum() - many * (many + 1) / 2) / (many * few))


def _balanced(truth: Sequence[bool], said: Sequence[float]) -> float:
    positive, told = np.asarray(truth, dtype=bool), np.asarray(said) > 0.5  # noqa: PLR2004  # the middle
    if positive.all() or not positive.any():
        return float("nan")
    return float((told[positive].mean() + (~told[~positive]).mean()) / 2)


def _spread(
    truth: Sequence[bool],
    scores: Sequence[float],
    groups: Sequence[str],
    estimate: Callable[[Sequence[bool], Sequence[float]], float] = _auroc,
) -> tuple[float, float]:
    """The 95 % percentiles over groups drawn again."""
    places: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        places.setdefault(group, []).append(place)
    names = sorted(places)
    random = np.random.default_rng(_SEED)
    whole, values = np.asarray(truth), np.asarray(scores)
    found = []
    for _ in range(_RESAMPLES):
        drawn = [place for name in random.choice(len(names), len(names)) for place in places[names[name]]]
        found.append(estimate(whole[drawn].tolist(), values[drawn].tolist()))
    low, high = np.nanquantile(found, [0.025, 0.975])
    return float(low), float(high)


def _share(name: str, values: Sequence[float], groups: Sequence[Any]) -> dict[str, float]:
    interval = mean_interval(values, groups=groups)
    return _told(name, float(np.mean(values)), (interval.low, interval.high))


def _agreement(name: str, found: Agreement) -> dict[str, float]:
    return {} if found.value is None or found.interval is None else _told(name, found.value, found.interval)


def _told(name: str, value: float, ends: tuple[float, float]) -> dict[str, float]:
    return {name: round(value, 4), f"{name}_low": round(ends[0], 4), f"{name}_high": round(ends[1], 4)}


def _read(given: Given, part: str) -> Rows:
    path = given.data_root / given.set / f"{given.split}{part}.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
