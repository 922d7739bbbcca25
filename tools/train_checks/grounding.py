"""Fits what the check `grounded` weighs its facts with: `src/plimsoll/checks/grounding/support/weights/`.

    python -m tools.train_checks.grounding [--data-root ../shared/data] [--cross-validate]

Three sums with no weight below 0 (logistic regression with a square penalty, by L-BFGS-B): `joining` and `copying`
learn from sentences of documents and the same made wrong on purpose, `meaning` from these, from what people wrote, and
from that made wrong (`_grounding_material.py`). Kinds of rows weigh what `MADE` and `PEOPLE` say, right and wrong half
each. FaithBench (not for commerce) and QAGS (no licence) are only measured, by `benchmarks/checks_parts/grounding.py`;
which facts there are, which count in which sum, what kinds weigh, and how the sums are joined was chosen looking at
their dev rows.
Equal input gives equal weights, on the same machine and versions.
"""

import argparse
import collections
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

import numpy as np
from benchmarks.checks_parts._metrics import auroc
from numpy.typing import NDArray
from scipy.optimize import minimize

from plimsoll.checks.grounding.support import FACTS, MODELS, Source, Support, builtin_meaning, judged
from plimsoll.checks.grounding.words import sentences
from plimsoll.kernel.digest import digest_bytes

from ._grounding_card import card
from ._grounding_material import Sample, material

SEED, CORRUPTIONS, FOLDS = 1, 4000, 5
LEAST_SCALE = 0.02
MADE: Mapping[str, float] = {"copied": 1, "shortened": 1, "worded": 1.5, "joined": 0.7, "wrong-": 4}
PEOPLE: Mapping[str, float] = {"begin": 4, "scifact": 3, "answer-wrong": 1, "anthropic": 0.3, "pubmedqa": 0.3}
WEIGHTS: Mapping[str, Mapping[str, float]] = {"meaning": {**MADE, **PEOPLE}, "joining": MADE, "copying": MADE}
"""What kinds of rows weigh in all, by how their names begin."""
PENALTIES: Mapping[str, float] = {"meaning": 0.07, "joining": 0.02, "copying": 0.05}
HALF = 0.5
FILE = "grounding.safetensors"
FALSE = 0.1
"""The share of sentences that BEGIN calls attributable which may score .5 or more; `meaning` is shifted for it."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Table:
    """All rows that are one sentence each."""

    rows: Floats
    wrong: NDArray[np.bool_]
    kinds: list[str]
    folds: NDArray[np.int64]


def table(samples: Sequence[Sample]) -> Table:
    """The facts of every sample that is one sentence."""
    meaning = builtin_meaning()
    kept: dict[tuple[str, ...], Source] = {}
    facts, used = [], []
    for sample in samples:
        parts = list(sentences(sample.text))
        if len(parts) != 1:
            continue
        source = kept.setdefault(sample.sources, Source(sample.sources))
        facts.append(judged(parts[0], source, frozenset(), meaning).facts)
        used.append(sample)
    folds = np.array([zlib.crc32(one.group.encode()) % FOLDS for one in used])
    return Table(np.array(facts), np.array([one.wrong for one in used]), [one.kind for one in used], folds)


def row_weights(given: Table, wanted: Mapping[str, float]) -> Floats:
    """What each row weighs: 0 where its kind is not wanted; right and wrong rows have half each."""
    begins = [next((one for one in wanted if kind.startswith(one)), "") for kind in given.kinds]
    counts = collections.Counter(begins)
    weights = np.array([wanted[one] / counts[one] if one else 0.0 for one in begins])
    for side in (given.wrong, ~given.wrong):
        weights[side] /= 2 * max(weights[side].sum(), 1e-12)
    return weights


def fitted(given: Table, use: NDArray[np.bool_]) -> Support:
    """All sums, from the rows that may be used."""
    parts = [_sum(given, np.where(use, row_weights(given, WEIGHTS[name]), 0.0), name) for name in MODELS]
    return Support(np.stack([own for own, _ in parts]), np.array([bias for _, bias in parts]))


def _sum(given: Table, weights: Floats, name: str) -> tuple[Floats, float]:
    """Weights, 0 for facts that do not count, and bias of one sum."""
    used, facts = weights > 0, [FACTS.index(one) for one in MODELS[name]]
    rows, wrong, share = given.rows[used][:, facts], given.wrong[used].astype(float), weights[used] / weights.sum()
    mean, scale = rows.mean(axis=0), np.maximum(rows.std(axis=0), LEAST_SCALE)
    scaled, penalty = (rows - mean) / scale, PENALTIES[name]

    def loss(point: Floats) -> tuple[float, Floats]:
        own, bias = point[:-1], point[-1]
        logits = scaled @ own + bias
        error = share * (1 / (1 + np.exp(-logits)) - wrong)
        value = float(share @ (np.logaddexp(0, logits) - wrong * logits)) + penalty * float(own @ own) / 2
        return value, np.append(scaled.T @ error + penalty * own, error.sum())

    bounds = [(0.0, None)] * len(facts) + [(None, None)]
    found = minimize(loss, np.zeros(len(facts) + 1), jac=True, bounds=bounds, method="L-BFGS-B").x
    own = np.zeros(len(FACTS))
    own[facts] = found[:-1] / scale
    return own, float(found[-1] - (found[:-1] * mean / scale).sum())


def scored(support: Support, rows: Floats) -> Floats:
    """The score of each row, as the check gives it."""
    return np.array(support.sentence_scores(support.logits(rows.tolist())))


def out_of_fold(given: Table) -> Floats:
    """The score of each row by weights that were fitted without its document."""
    found = np.zeros(len(given.rows))
    for fold in range(FOLDS):
        left = given.folds == fold
        found[left] = scored(fitted(given, ~left), given.rows[left])
    return found


def shifted(support: Support, by: float) -> Support:
    """The same with less against every sentence."""
    return replace(support, bias=support.bias - by * np.eye(len(MODELS))[0])


def excess(given: Table, scores: Floats) -> float:
    """By how much the logits of attributable answers of BEGIN are too high."""
    right = np.array([kind.startswith("begin") for kind in given.kinds]) & ~given.wrong
    limit = float(np.quantile(scores[right], 1 - FALSE))
    return float(np.log(limit / (1 - limit)))


def figures(given: Table, scores: Floats) -> dict[str, str]:
    """AUROC of each kind of wrong sentence against all right ones of its family, and shares found."""
    found: dict[str, str] = {}
    made = np.array([one in MADE for one in given.kinds])
    for kind in sorted(set(given.kinds)):
        own = np.array([one == kind for one in given.kinds])
        if kind.startswith("wrong-"):
            found[kind] = _against(scores, own | made, own)
        elif kind.startswith("begin-"):
            found[kind] = _against(scores, own, own & given.wrong)
    scifact = np.array([one in {"scifact-SUPPORT", "scifact-CONTRADICT"} for one in given.kinds])
    found["scifact, contradicted against supported"] = _against(scores, scifact, scifact & given.wrong)
    return found


def _against(scores: Floats, rows: NDArray[np.bool_], wrong: NDArray[np.bool_]) -> str:
    labels = [bool(one) for one in wrong[rows]]
    right = rows & ~wrong
    value = auroc(labels, [float(one) for one in scores[rows]])
    return f"{value:.3f} | {(scores[wrong] >= HALF).mean():.2f} | {(scores[right] >= HALF).mean():.2f} | {wrong.sum()}"


def main() -> None:
    """Make the material, cross-validate, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-root", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cross-validate", action="store_true", help="print the figures, write nothing")
    given = parser.parse_args()
    rows = table(material(given.data_root, SEED, corruptions=CORRUPTIONS))
    print(f"{len(rows.rows):,} sentences, {rows.wrong.mean():.0%} of them wrong", flush=True)
    across = out_of_fold(rows)
    by = excess(rows, across)
    found = figures(rows, 1 / (1 + np.exp(by) * (1 / across - 1)))
    for name, line in found.items():
        print(f"{name:44} {line}")
    if given.cross_validate:
        return
    support = shifted(fitted(rows, np.ones(len(rows.rows), bool)), by)
    data = support.to_bytes()
    folder = Path(str(files("plimsoll.checks.grounding.support"))) / "weights"
    (folder / FILE).write_bytes(data)
    (folder / f"{FILE}.digest").write_text(digest_bytes(data) + "\n", "utf-8")
    (folder / "CARD.md").write_text(card(support, found, collections.Counter(rows.kinds)), "utf-8")


if __name__ == "__main__":
    main()
