"""Fits the two numbers by which the check `topics` turns nearness into a chance.

    python -m tools.train_checks.topics [--data-root ../shared/data] [--cross-validate]

On the dev rows of clinc150 (CC BY 3.0). Each of its domains (wide topics) and of 60 intents (narrow ones) is a topic of
five sentences, drawn with a fixed seed; the rows of the topic and all others weigh the same, and so do wide and narrow
topics. Prints the numbers for `plimsoll/checks/plain/_topics.py`; with `--cross-validate` also how many rows are found
from 0.8 on, of topics (five folds of them) that the numbers were not fitted to.
"""

import argparse
import gzip
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # it brings no types

from plimsoll.models.catalogue import make_embedder

_SEED, _ROWS, _INTENTS, _EXAMPLES, _FOLDS = 7, 6000, 60, 5, 5
_THRESHOLD = 0.8

Numbers = NDArray[np.float64]


class Topic(NamedTuple):
    """How near rows are to one topic, and which of them are about it."""

    is_wide: bool
    near: Numbers
    is_about: NDArray[np.bool_]


def topics_of(rows: Sequence[dict[str, Any]]) -> Iterator[Topic]:
    """Every topic, with the nearness of all rows but its own sentences."""
    vectors = make_embedder("builtin/static").embed([row["text"] for row in rows])
    chosen = random.Random(_SEED)  # noqa: S311  # so that every run draws the same rows
    intents = sorted({row["intent"] for row in rows if row["domain"] != "oos"})
    wide = sorted({row["domain"] for row in rows} - {"oos"})
    for key, names in (("domain", wide), ("intent", chosen.sample(intents, _INTENTS))):
        for name in names:
            of_topic = [place for place, row in enumerate(rows) if row[key] == name]
            examples = chosen.sample(of_topic, _EXAMPLES)
            left = sorted(set(range(len(rows))) - set(examples))
            centre = vectors[examples].mean(axis=0)
            centre /= np.linalg.norm(centre)
            near = ((vectors[left] @ vectors[examples].T).max(axis=1) + vectors[left] @ centre) / 2
            is_about = np.array([rows[place][key] == name for place in left])
            yield Topic(key == "domain", near.astype(np.float64), is_about)


def fit(topics: Sequence[Topic]) -> tuple[float, float]:
    """Steepness and bias."""
    near = np.concatenate([topic.near for topic in topics])
    is_about = np.concatenate([topic.is_about for topic in topics])
    weights = np.concatenate([_weights(topic, topics) for topic in topics])
    model = LogisticRegression(C=1e6).fit(near[:, None], is_about, sample_weight=weights * 1e4)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def _weights(topic: Topic, topics: Sequence[Topic]) -> Numbers:
    alike = sum(other.is_wide == topic.is_wide for other in topics)
    about = topic.is_about
    weights: Numbers = np.where(about, 1 / about.sum(), 1 / (~about).sum()) / alike
    return weights


def found(topic: Topic, numbers: tuple[float, float]) -> tuple[float, float]:
    """The shares of the rows about a topic, and of others, that are found."""
    is_found = 1 / (1 + np.exp(-(numbers[0] * topic.near + numbers[1]))) >= _THRESHOLD
    return float(is_found[topic.is_about].mean()), float(is_found[~topic.is_about].mean())


def main() -> None:
    """Fit, and print."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_checks.topics")
    parser.add_argument("--data-root", default="../shared/data", type=Path)
    parser.add_argument("--cross-validate", action="store_true")
    given = parser.parse_args()
    with gzip.open(given.data_root / "clinc150" / "dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    random.Random(_SEED).shuffle(rows)  # noqa: S311
    topics = list(topics_of(rows[:_ROWS]))
    steepness, bias = fit(topics)
    print(f"_STEEPNESS, _BIAS = {steepness:.1f}, {bias:.1f}")
    if not given.cross_validate:
        return
    shares = []
    for fold in range(_FOLDS):
        numbers = fit([topic for number, topic in enumerate(topics) if number % _FOLDS != fold])
        shares += [(topic.is_wide, *found(topic, numbers)) for topic in topics[fold::_FOLDS]]
    for is_wide, name in ((True, "domains"), (False, "intents")):
        told = np.array([share[1:] for share in shares if share[0] == is_wide])
        print(f"{name}: {told[:, 0].mean():.3f} of their rows found, {told[:, 1].mean():.4f} of others")


if __name__ == "__main__":
    main()
