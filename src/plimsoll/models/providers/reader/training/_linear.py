"""Fits linear models: ridge regression, and logistic or softmax regression with a quadratic penalty."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..linear import Linear

Table = NDArray[np.float64]

_STEPS: Final = 400
_NEWTON_STEPS: Final = 30
_SMALLEST_STEP: Final = 1e-8
_LEAST_SCALE: Final = 1e-3


def _scaled(rows: Table) -> tuple[Table, Table, Table]:
    mean, scale = rows.mean(axis=0), np.maximum(rows.std(axis=0), _LEAST_SCALE)
    return (rows - mean) / scale, mean, scale


def fit_ridge(groups: Sequence[Table], gains: Sequence[Table], *, penalty: float) -> Linear:
    """Least squares with a penalty; each group counts the same, however many rows it has (Hoerl and Kennard, 1970)."""
    _, mean, scale = _scaled(np.concatenate(list(groups)))
    width = len(mean)
    squares, products = np.zeros((width, width)), np.zeros(width)
    for rows, gain in zip(groups, gains, strict=True):
        scaled = (rows - mean) / scale
        squares += scaled.T @ scaled / len(rows)
        products += scaled.T @ (gain - gain.mean()) / len(rows)
    weights = np.linalg.solve(squares + penalty * len(groups) * np.eye(width), products).astype(np.float64)
    return _model(mean, scale, weights[:, None], np.zeros(1))


def fit_logistic(rows: Table, answers: NDArray[np.bool_], *, penalty: float) -> Linear:
    """The probability that an answer is true: iteratively reweighted least squares (Newton's method)."""
    scaled, mean, scale = _scaled(rows)
    inputs = np.concatenate([scaled, np.ones((len(rows), 1))], axis=1)
    weights = np.zeros(inputs.shape[1])
    ridge = np.diag([penalty] * len(mean) + [1e-9])
    for _ in range(_NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        curve = inputs.T @ (inputs * (chance * (1 - chance))[:, None]) + ridge
        slope = inputs.T @ (answers - chance) - ridge @ weights
        step = np.linalg.solve(curve, slope)
        weights = weights + step
        if np.abs(step).max() < _SMALLEST_STEP:
            break
    return _model(mean, scale, weights[:-1, None], weights[-1:])


def fit_softmax(
    rows: Table, classes: NDArray[np.int64], count: int, *, penalty: float, emphasis: Table | float = 1.0
) -> Linear:
    """The probability of each of `count` classes: softmax regression by accelerated gradient descent (Nesterov).

    Scaled features are multiplied by `emphasis`: less than 1 makes the penalty heavier on them.
    """
    scaled, mean, scale = _scaled(rows)
    scaled, scale = scaled * emphasis, scale / emphasis
    inputs = np.concatenate([scaled, np.ones((len(rows), 1))], axis=1)
    wanted = np.eye(count)[classes]
    curve = 0.5 * float(np.linalg.norm(inputs, 2)) ** 2 + penalty
    weights = ahead = np.zeros((inputs.shape[1], count))
    shrink = np.append(np.full(len(mean), penalty), 0.0)[:, None]
    for step in range(_STEPS):
        scores = inputs @ ahead
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        slope = inputs.T @ (raised / raised.sum(axis=1, keepdims=True) - wanted) + shrink * ahead
        new = ahead - slope / curve
        ahead = new + step / (step + 3) * (new - weights)
        weights = new
    return _model(mean, scale, weights[:-1], weights[-1])


def _model(mean: Table, scale: Table, weights: Table, bias: Table) -> Linear:
    parts = {"mean": mean, "scale": scale, "weights": weights, "bias": bias}
    return Linear.of({name: part.astype(np.float32) for name, part in parts.items()})
