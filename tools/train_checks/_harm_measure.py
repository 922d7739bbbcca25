"""Figures of the harm model on rows that it was not fitted on."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (  # type: ignore[import-untyped]  # it brings no types
    average_precision_score,
    f1_score,
    roc_auc_score,
)

from ._harm_rows import PLAIN, Row

Scores = Mapping[str, NDArray[np.float64]]
TOGETHER = ("harassment", "hate", "self-harm", "sexual", "violence")
WIDE = ("harassment", "hate", "illicit", "self-harm", "sexual", "violence")
"""The kinds whose highest score decides whether a text is flagged."""


def measured(rows: Sequence[Row], scores: Scores) -> dict[str, float]:
    """All of them; scores are log-odds, so that 0 is a probability of one half."""
    found: dict[str, float] = {}
    scores = combined(scores)
    for name, measure in _MEASURES.items():
        at = np.array([row.source == name for row in rows])
        own = [row for row in rows if row.source == name]
        figures = measure(own, {head: values[at] for head, values in scores.items()})
        found |= {f"{name} {key}": float(value) for key, value in figures.items()}
    return found


def combined(said: Scores) -> dict[str, NDArray[np.float64]]:
    """As `plimsoll.checks.moderation` combines the heads."""
    own = {kind: said["hate at length" if kind == "hate" else kind] for kind in TOGETHER}
    top = np.max(list(own.values()), axis=0)
    found = {**said, **{kind: odds + 0.6 * (said["any"] - top) for kind, odds in own.items()}}
    return {**found, "hate": np.minimum(found["hate"], said["hate"] + 1.25)}


def _label(rows: Sequence[Row], name: str) -> NDArray[np.int64]:
    return np.array([row.labels.get(name, -1) for row in rows])


def _moderation(rows: Sequence[Row], scores: Scores) -> dict[str, float]:
    flagged, most = _label(rows, "any"), np.max([scores[kind] for kind in WIDE], axis=0)
    found = {
        "average_precision": average_precision_score(flagged, most),
        "auroc": roc_auc_score(flagged, most),
        "recall": (most[flagged == 1] > 0).mean(),
        "false_positive_rate": (most[flagged == 0] > 0).mean(),
    }
    for kind in WIDE:
        labels, known = _label(rows, kind), np.array([kind in row.slice.split() for row in rows])
        if known.any():
            found[f"average_precision {kind}"] = average_precision_score(labels[known], scores[kind][known])
    return found


def _hatecheck(rows: Sequence[Row], scores: Scores) -> dict[str, float]:
    hateful = _label(rows, "hate")
    right = (scores["hate"] > 0) == (hateful == 1)
    kinds = np.array([row.slice for row in rows])
    return {
        "accuracy": right.mean(),
        "auroc": roc_auc_score(hateful, scores["hate"]),
        **{f"accuracy {kind}": right[kinds == kind].mean() for kind in sorted(set(kinds))},
    }


def _surge(rows: Sequence[Row], scores: Scores) -> dict[str, float]:
    toxic = _label(rows, "toxic")
    return {
        "auroc": roc_auc_score(toxic, scores["toxic"]),
        "average_precision": average_precision_score(toxic, scores["toxic"]),
        "accuracy": ((scores["toxic"] > 0) == (toxic == 1)).mean(),
    }


def _tweets(rows: Sequence[Row], scores: Scores) -> dict[str, float]:
    said = np.where(scores["offensive"] > 0, "offensive", "neither")
    said = np.where(scores["hateful"] > 0, "hate", said)
    known = np.array([row.slice for row in rows])
    return {
        "accuracy": (said == known).mean(),
        "macro_f1": f1_score(known, said, average="macro"),
        "hate_f1": f1_score(known == "hate", said == "hate"),
    }


def _xstest(rows: Sequence[Row], scores: Scores) -> dict[str, float]:
    unsafe, most = _label(rows, "unsafe"), np.max([scores[kind] for kind in WIDE], axis=0)
    return {
        "false_positive_rate": (most[unsafe == 0] > 0).mean(),
        "recall": (most[unsafe == 1] > 0).mean(),
        "auroc": roc_auc_score(unsafe, most),
    }


def _plain(rows: Sequence[Row], scores: Scores) -> dict[str, float]:
    kinds = np.array([row.slice for row in rows])
    most = np.max([scores[kind] for kind in WIDE], axis=0) > 0
    toxic = np.max([scores[kind] for kind in ("toxic", "hateful", "offensive")], axis=0) > 0
    found = {"flagged by moderation": most.mean(), "flagged by toxicity": toxic.mean()}
    for kind in sorted(set(kinds)):
        found[f"flagged by moderation {kind}"] = most[kinds == kind].mean()
        found[f"flagged by toxicity {kind}"] = toxic[kinds == kind].mean()
    return found


_MEASURES: Mapping[str, Callable[[Sequence[Row], Scores], dict[str, float]]] = {
    "openai_moderation": _moderation,
    "hatecheck": _hatecheck,
    "surge_toxicity": _surge,
    "tdavidson_hate": _tweets,
    "xstest": _xstest,
    PLAIN: _plain,
}
