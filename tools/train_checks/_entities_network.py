"""Fitting the tagger's network: cross-entropy by Adam, in numpy, with features left out at random."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from plimsoll.checks.entities._features import CASES, FEATURES, LISTS, ROWS, Flags, Keys, rows_of
from plimsoll.checks.entities._tagger import LABELS, REACH, Tagger
from plimsoll.checks.entities._tokens import BLOCK, DIGIT, tokens_of

from ._entities_rows import Row

UNITS, FIRST, SECOND = 24, 48, 32
BATCH, RATE, PENALTY = 3000, 0.003, 2e-6
LEFT_OUT = (0.2, 0.1, 0.1, 0.1, 0.1, 0.02, 0.05, 0.12)
DROPPED = 0.15
_WIDTH = 2 * REACH + 1
_NATIONS = 16
_MOST, _SMALLEST = 127, 1e-6
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Sample:
    """A row as the network sees it."""

    rows: Ints
    """Shape (FEATURES, tokens)."""
    labels: Ints
    weights: Floats


def sample_of(row: Row, keys: Keys, flags: Flags) -> Sample:
    """Features, labels and weights of the tokens of a row."""
    tokens = tokens_of(row.text[:BLOCK])
    labels = np.zeros(len(tokens.starts), np.int64)
    for start, end, label in row.spans:
        if label:
            labels[(tokens.starts >= start) & (tokens.starts < end)] = LABELS.index(label)
    weights = np.full(len(labels), row.weight, np.float32)
    rows = rows_of(tokens, keys, flags)
    if row.noisy:
        # Nobody labelled numbers and nationalities in such rows: nothing is said about them.
        lists = (rows[-1] - (ROWS - LISTS)) // CASES
        unsaid = (tokens.classes[tokens.starts] == DIGIT) | ((lists & _NATIONS) > 0)
        weights[unsaid & (labels == 0)] = 0
    return Sample(rows, labels, weights)


def fit(samples: Sequence[Sample], epochs: int, seed: int) -> dict[str, Floats]:
    """The weights of a network, as `Tagger` names them; the table not yet in steps."""
    rng = np.random.default_rng(seed)
    drawn = {
        "table": rng.normal(0, 0.1, (ROWS, UNITS)),
        "near": rng.normal(0, (2 / (_WIDTH * UNITS)) ** 0.5, (_WIDTH * UNITS, FIRST)),
        "near_bias": np.zeros(FIRST),
        "far": rng.normal(0, (2 / (_WIDTH * FIRST)) ** 0.5, (_WIDTH * FIRST, SECOND)),
        "far_bias": np.zeros(SECOND),
        "out": rng.normal(0, 0.1, (SECOND, len(LABELS))),
        "out_bias": np.zeros(len(LABELS)),
    }
    weights: dict[str, Floats] = {name: one.astype(np.float32) for name, one in drawn.items()}
    first = {name: np.zeros_like(one) for name, one in weights.items()}
    second = {name: np.zeros_like(one) for name, one in weights.items()}
    mean = {name: np.zeros_like(one) for name, one in weights.items()}
    step, averaged = 0, 0
    total = epochs * max(1, sum(len(one.labels) + REACH for one in samples) // BATCH)
    for epoch in range(epochs):
        for batch in _batches(samples, rng):
            step += 1
            rate = RATE * max(0.03, 1 - step / total)
            for name, slope in _slopes(weights, batch, rng).items():
                first[name] += 0.1 * (slope - first[name])
                second[name] += 0.01 * (slope * slope - second[name])
                scale = (1 - 0.9**step) / (1 - 0.99**step) ** 0.5
                weights[name] -= (rate / scale) * first[name] / (np.sqrt(second[name]) + 1e-8)
            if epoch == epochs - 1:
                averaged += 1
                for name, one in weights.items():
                    mean[name] += (one - mean[name]) / averaged
    return mean


def _batches(samples: Sequence[Sample], rng: np.random.Generator) -> Iterator[list[Sample]]:
    batch: list[Sample] = []
    tokens = 0
    for place in rng.permutation(len(samples)):
        batch.append(samples[place])
        tokens += len(samples[place].labels)
        if tokens >= BATCH:
            yield batch
            batch, tokens = [], 0
    if batch:
        yield batch


def _laid_out(batch: Sequence[Sample]) -> tuple[Ints, Ints, Floats]:
    """Rows one after the other, with gaps of `REACH` tokens that are nothing between them."""
    size = sum(len(one.labels) + REACH for one in batch) + REACH
    rows = np.full((size, FEATURES), -1, np.int64)
    labels, weights = np.zeros(size, np.int64), np.zeros(size, np.float32)
    at = REACH
    for one in batch:
        end = at + len(one.labels)
        rows[at:end], labels[at:end], weights[at:end] = one.rows.T, one.labels, one.weights
        at = end + REACH
    return rows, labels, weights


def _slopes(weights: dict[str, Floats], batch: Sequence[Sample], rng: np.random.Generator) -> dict[str, Floats]:
    rows, labels, each = _laid_out(batch)
    size = len(rows)
    real = (rows[:, 0] >= 0)[:, None]
    kept = (rng.random(rows.shape) >= np.array(LEFT_OUT)) & real
    data = kept.astype(np.float32).ravel()
    picks = csr_matrix((data, np.maximum(rows, 0).ravel(), np.arange(0, rows.size + 1, FEATURES)), shape=(size, ROWS))
    vectors = picks @ weights["table"]
    one = _windows(vectors)
    near = np.maximum(one @ weights["near"] + weights["near_bias"], 0) * real
    mask = (rng.random(near.shape) >= DROPPED).astype(np.float32) / (1 - DROPPED)
    two = _windows(near * mask)
    far = np.maximum(two @ weights["far"] + weights["far_bias"], 0)
    mask_far = (rng.random(far.shape) >= DROPPED).astype(np.float32) / (1 - DROPPED)
    scores = (far * mask_far) @ weights["out"] + weights["out_bias"]
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    slope = scores / scores.sum(axis=1, keepdims=True)
    slope[np.arange(size), labels] -= 1
    slope *= (each / each.sum())[:, None]
    found = {"out": (far * mask_far).T @ slope, "out_bias": slope.sum(axis=0)}
    slope = (slope @ weights["out"].T) * mask_far * (far > 0)
    found |= {"far": two.T @ slope, "far_bias": slope.sum(axis=0)}
    slope = _unwindowed(slope @ weights["far"].T, FIRST) * mask * (near > 0)
    found |= {"near": one.T @ slope, "near_bias": slope.sum(axis=0)}
    slope = _unwindowed(slope @ weights["near"].T, UNITS)
    found["table"] = picks.T @ slope + PENALTY * weights["table"]
    return found


def _windows(rows: Floats) -> Floats:
    count, units = rows.shape
    padded = np.zeros((count + 2 * REACH, units), np.float32)
    padded[REACH : REACH + count] = rows
    return np.concatenate([padded[shift : shift + count] for shift in range(_WIDTH)], axis=1)


def _unwindowed(slopes: Floats, units: int) -> Floats:
    count = len(slopes)
    padded = np.zeros((count + 2 * REACH, units), np.float32)
    for shift in range(_WIDTH):
        padded[shift : shift + count] += slopes[:, shift * units : (shift + 1) * units]
    return padded[REACH : REACH + count]


def tagger_of(weights: dict[str, Floats], keys: Keys, flags: Flags) -> Tagger:
    """A tagger with these weights, in the numbers that its file keeps."""
    steps = (np.maximum(np.abs(weights["table"]).max(axis=0), _SMALLEST) / _MOST).astype(np.float32)
    half = {name: one.astype(np.float16).astype(np.float32) for name, one in weights.items() if name != "table"}
    return Tagger(
        table=np.clip(np.rint(weights["table"] / steps), -_MOST, _MOST).astype(np.int8),
        steps=steps,
        near=half["near"].reshape(_WIDTH, UNITS, FIRST),
        near_bias=half["near_bias"],
        far=half["far"].reshape(_WIDTH, FIRST, SECOND),
        far_bias=half["far_bias"],
        out=half["out"],
        out_bias=half["out_bias"],
        keys=keys,
        flags=flags,
    )
