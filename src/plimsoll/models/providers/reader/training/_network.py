"""Fits a network to choose one row out of many: softmax over the rows of a question, cross-entropy, Adam.

Listwise as in Cao et al., Learning to rank: from pairwise approach to listwise approach, 2007; Adam as in Kingma and
Ba, 2015, with decoupled weight decay (Loshchilov and Hutter, 2019). Few questions and many features: so most of the
work is done by dropping features and hidden units at random (Srivastava et al., 2014), and by averaging several runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..ranking import Network, scaled

Array = NDArray[np.float32]

_BATCH: Final = 16
_FAST, _SLOW, _TINY = 0.9, 0.999, 1e-8
_LEAST_SCALE: Final = 0.02


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """How long and how hard to fit; the defaults were chosen by cross-validation."""

    members: int = 3
    hidden: int = 48
    epochs: int = 30
    rate: float = 3e-3
    decay: float = 0.6
    drop_features: float = 0.5
    drop_hidden: float = 0.5


def fit_network(rows: Sequence[Array], targets: Sequence[Array], plan: NetworkPlan) -> Network:
    """A network that gives the rows of `targets` high scores; each target sums to 1 over the rows of its question.

    The same input gives the same weights, on the same machine and numpy.
    """
    table = np.concatenate(list(rows))
    mean, scale = table.mean(axis=0), np.maximum(table.std(axis=0), _LEAST_SCALE)
    inputs = [scaled(one, mean, scale) for one in rows]
    fitted = [_member(inputs, targets, plan, np.random.default_rng(seed)) for seed in range(plan.members)]
    hidden, bias, output, straight = (np.stack([one[part] for one in fitted]) for part in range(4))
    return Network(mean, scale, hidden, bias, output, straight)


def _member(
    rows: Sequence[Array], targets: Sequence[Array], plan: NetworkPlan, random: np.random.Generator
) -> list[Array]:
    width = rows[0].shape[1]
    parts = [
        random.normal(0, width**-0.5, (width, plan.hidden)).astype(np.float32),
        np.zeros(plan.hidden, np.float32),
        random.normal(0, 0.1 * plan.hidden**-0.5, plan.hidden).astype(np.float32),
        np.zeros(width, np.float32),
    ]
    fast, slow = ([np.zeros_like(part) for part in parts] for _ in range(2))
    batches = -(-len(rows) // _BATCH)
    order = np.arange(len(rows))
    for step in range(plan.epochs * batches):
        if step % batches == 0:
            order = random.permutation(len(rows))
        chosen = order[step % batches * _BATCH : (step % batches + 1) * _BATCH]
        slopes = _slopes(parts, [rows[one] for one in chosen], [targets[one] for one in chosen], plan, random)
        rate = plan.rate * (1 - step / (plan.epochs * batches))
        for part, slope, mean, square in zip(parts, slopes, fast, slow, strict=True):
            np.copyto(mean, _FAST * mean + (1 - _FAST) * slope)
            np.copyto(square, _SLOW * square + (1 - _SLOW) * slope * slope)
            move = mean / (1 - _FAST ** (step + 1)) / (np.sqrt(square / (1 - _SLOW ** (step + 1))) + _TINY)
            np.copyto(part, part - rate * (move + plan.decay * part))
    return parts


def _slopes(
    parts: list[Array], rows: list[Array], targets: list[Array], plan: NetworkPlan, random: np.random.Generator
) -> list[Array]:
    """The gradient of the mean cross-entropy of a few questions."""
    hidden, bias, output, straight = parts
    inputs = np.concatenate(rows) * _kept(len(straight), plan.drop_features, random)
    kept = _kept(plan.hidden, plan.drop_hidden, random)
    before = inputs @ hidden + bias
    active = np.maximum(before, 0) * kept
    scores = active @ output + inputs @ straight
    wrong = np.empty_like(scores)
    begin = 0
    for target in targets:
        own = np.exp(scores[begin : begin + len(target)] - scores[begin : begin + len(target)].max())
        wrong[begin : begin + len(target)] = (own / own.sum() - target) / len(targets)
        begin += len(target)
    back = np.outer(wrong, output) * kept * (before > 0)
    return [inputs.T @ back, back.sum(axis=0), active.T @ wrong, inputs.T @ wrong]


def _kept(count: int, dropped: float, random: np.random.Generator) -> Array:
    return (random.random(count) >= dropped).astype(np.float32) / np.float32(1 - dropped)
