"""Known truths, drawn again and again: how often gates pass wrongly, intervals hold, and losses are seen.

What depends on a number of right rows alone is also counted out exactly, over everything that can be seen. All figures
are of the functions that Plimsoll itself uses.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from plimsoll.evaluation import Measure, Threshold, judge
from plimsoll.kernel.statistics import (
    mean_interval,
    paired_interval,
    paired_lower_bound,
    paired_test,
    quantile_interval,
)
from plimsoll.kernel.statistics.agreement import balanced_accuracy, cohen_kappa, krippendorff_alpha, powered_mean
from plimsoll.kernel.statistics.power import detectable_loss, detectable_share, fewest_successes

from . import Given, Measured

Numbers = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, int]], Numbers]

ROWS: Final = (20, 50, 200, 1000)
SHARES: Final = [round(0.01 * one, 2) for one in range(2, 99)]
LIMITS: Final = [round(0.05 * one, 2) for one in range(1, 20)]
LEVEL: Final = 0.95
NEAR: Final = 0.015
REPETITIONS: Final = 2_000
_SLICED: Final = 0.8
_CHANGED: Final = 5
"""Of so few rows that change on average all that can be seen is one table or two, which every interval holds."""
_TRUE: Final = 0.7


def measure(given: Given) -> Measured:
    """Everything; figures under `within` are shares of settings whose coverage is within 1.5 points of nominal."""
    times = given.repetitions or REPETITIONS
    metrics: dict[str, Any] = {"monte_carlo_error": round(math.sqrt(0.05 * 0.95 / times), 4)}
    for part in (_shares, _share_gates, _share_power):
        metrics |= part(times)
    for part in (_scores, _slices, _differences, _score_differences, _loss_power, _quantiles, _agreements, _mended):
        metrics |= part(times)
    return Measured(times, metrics)


# Shares: counted out.


def _shares(_times: int) -> dict[str, Any]:
    """The printed interval of a share, against the best that any interval could do that sees how many rows are right.

    An interval that is the same for as many right rows accepts, of each true share, some whole numbers; without gaps
    they are `a` to `b`. `best` is the coverage of those whose coverage is nearest to nominal.
    """
    found: dict[str, Any] = {}
    for count in ROWS:
        ends = np.array([mean_interval([1.0] * right + [0.0] * (count - right)) for right in range(count + 1)])
        seen = [_coverage(share, count, ends) for share in SHARES]
        possible = [abs(best - LEVEL) <= NEAR for _, best in seen]
        off = [
            {"share": share, "coverage": round(covers, 4), "best": round(best, 4)}
            for share, (covers, best) in zip(SHARES, seen, strict=True)
            if abs(covers - LEVEL) > NEAR
        ]
        found[f"shares_n{count}"] = {
            "lowest": round(min(covers for covers, _ in seen), 4),
            "highest": round(max(covers for covers, _ in seen), 4),
            "mean": round(float(np.mean([covers for covers, _ in seen])), 4),
            "within": f"{len(SHARES) - len(off)} of {len(SHARES)}",
            "possible_within": f"{sum(possible)} of {len(SHARES)}",
            "off": off,
        }
    return found


def _coverage(share: float, count: int, ends: Numbers) -> tuple[float, float]:
    chances = _binomial(count, share)
    covers = float(chances[(ends[:, 0] <= share) & (share <= ends[:, 1])].sum())
    up_to = np.concatenate([[0.0], np.cumsum(chances)])
    ranges = up_to[None, 1:] - up_to[:-1, None]
    ranges[np.tril_indices(count + 1, -1)] = 0.0
    nearest = np.abs(ranges - LEVEL).argmin()
    return covers, float(ranges.flat[nearest])


@cache
def _log_choices(count: int) -> Numbers:
    return np.array(
        [math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1) for k in range(count + 1)]
    )


def _binomial(count: int, share: float) -> Numbers:
    right = np.arange(count + 1)
    found: Numbers = np.exp(_log_choices(count) + right * math.log(share) + (count - right) * math.log1p(-share))
    return found


def _share_gates(times: int) -> dict[str, Any]:
    """The chance that a gate passes what lies just below its limit, and the same by drawing."""
    draw = np.random.default_rng(1)
    exact: list[float] = []
    drawn: list[float] = []
    for count in ROWS:
        for limit in LIMITS:
            fewest = _fewest_that_passes(limit, count)
            chances = _binomial(count, limit)
            exact.append(float(chances[fewest:].sum()) if fewest <= count else 0.0)
            drawn.append(float((draw.binomial(count, limit, times) >= fewest).mean()))
    return {
        "share_gates_false_pass_highest": round(max(exact), 4),
        "share_gates_false_pass_mean": round(float(np.mean(exact)), 4),
        "share_gates_false_pass_drawn_highest": round(max(drawn), 4),
        "share_gates_settings": len(exact),
    }


def _fewest_that_passes(limit: float, count: int) -> int:
    """By asking the gate itself."""
    low, high = 0, count + 1
    while low < high:
        middle = (low + high) // 2
        values = (1.0,) * middle + (0.0,) * (count - middle)
        passes = middle <= count and _passes(limit, values)
        low, high = (low, middle) if passes else (middle + 1, high)
    return low


def _passes(limit: float, values: Sequence[float], groups: tuple[str, ...] | None = None) -> bool:
    measure = Measure("score", sum(values) / len(values), len(values), values=tuple(values), groups=groups)
    return judge("simulation", [Threshold("score", at_least=limit)], [measure]).outcome == "pass"


def _share_power(_times: int) -> dict[str, Any]:
    """How often a gate passes what it prints as the share that it can see."""
    seen: list[float] = []
    for count in ROWS:
        for limit in LIMITS:
            share = detectable_share(limit, count)
            fewest = fewest_successes(limit, count)
            if share is not None and fewest is not None and 0 < share < 1:
                seen.append(float(_binomial(count, share)[fewest:].sum()))
    return {"share_power_lowest": round(min(seen), 4), "share_power_highest": round(max(seen), 4)}


# Scores: drawn.


def _of_beta(a: float, b: float) -> Draw:
    return lambda draw, shape: draw.beta(a, b, shape)


def _ends_and_between(zero: float, one: float) -> Draw:
    """As token F1 does: often nothing, often everything, else somewhere between."""

    def draw_(draw: np.random.Generator, shape: tuple[int, int]) -> Numbers:
        kind = draw.random(shape)
        return np.where(kind < zero, 0.0, np.where(kind < zero + one, 1.0, draw.random(shape)))

    return draw_


def _grades(*shares: float) -> Draw:
    """Grades from 1 to 5 of a rubric, from 0 to 1."""
    return lambda draw, shape: draw.choice(5, shape, p=shares) / 4.0


SHAPES: Final[dict[str, tuple[Draw, float]]] = {
    "even": (_of_beta(1, 1), 0.5),
    "near one": (_of_beta(8, 2), 0.8),
    "both ends": (_of_beta(0.4, 0.4), 0.5),
    "f1": (_ends_and_between(0.25, 0.35), 0.35 + 0.4 / 2),
    "mostly right": (_ends_and_between(0.02, 0.85), 0.85 + 0.13 / 2),
    "mostly wrong": (_ends_and_between(0.85, 0.02), 0.02 + 0.13 / 2),
    "grades": (_grades(0.05, 0.1, 0.2, 0.3, 0.35), (0.1 + 0.4 + 0.9 + 1.4) / 4),
}


def _scores(times: int) -> dict[str, Any]:
    covers: dict[str, float] = {}
    passes: dict[str, float] = {}
    draw = np.random.default_rng(2)
    for name, (shape, mean) in SHAPES.items():
        for count in ROWS:
            rows = shape(draw, (times, count)).tolist()
            inside = [low <= mean <= high for low, high in map(mean_interval, rows)]
            covers[f"{name}, {count}"] = float(np.mean(inside))
            passes[f"{name}, {count}"] = float(np.mean([_passes(mean, values) for values in rows]))
    return {
        **_summed("scores_coverage", covers),
        "score_gates_false_pass_highest": round(max(passes.values()), 4),
        "score_gates_false_pass": _rounded(passes),
    }


def _slices(times: int) -> dict[str, Any]:
    """A gate on all rows and on 4 slices, of which one lies on its limit and the others well above theirs."""
    draw = np.random.default_rng(3)
    found: dict[str, float] = {}
    for count in ROWS[1:]:
        part = count // 4
        passes = [
            _share_passes(count, sum(right)) and all(_share_passes(part, one) for one in right)
            for right in draw.binomial(part, (_SLICED, 0.97, 0.97, 0.97), (times, 4)).tolist()
        ]
        found[str(count)] = float(np.mean(passes))
    return {"slice_gates_false_pass": _rounded(found)}


@cache
def _share_passes(count: int, right: int) -> bool:
    return _passes(_SLICED, (1.0,) * right + (0.0,) * (count - right))


# Differences.


def _differences(times: int) -> dict[str, Any]:
    """Right and wrong in two runs: coverage, and the chance that a gate passes what loses just too much."""
    draw = np.random.default_rng(4)
    covers: dict[str, float] = {}
    passes: dict[str, float] = {}
    for count in ROWS:
        for changed in (0.02, 0.05, 0.1, 0.2, 0.4):
            for margin in (0.0, 0.02, 0.05, 0.1):
                if margin > changed or (margin == 0 and changed * count < 1):
                    continue
                shares = ((changed - margin) / 2, (changed + margin) / 2, 1 - changed)
                seen = draw.multinomial(count, shares, times)
                name = f"{changed:g} change, {margin:g} lost, {count}"
                counts, often = np.unique(seen, axis=0, return_counts=True)
                gains = [[1.0] * better + [-1.0] * worse + [0.0] * same for better, worse, same in counts.tolist()]
                if changed * count >= _CHANGED:
                    inside = [low <= -margin <= high for low, high in map(paired_interval, gains)]
                    covers[name] = float(np.average(inside, weights=often))
                if margin:
                    held = [paired_lower_bound(one) >= -margin for one in gains]
                    passes[name] = float(np.average(held, weights=often))
    return {
        **_summed("differences_coverage", covers),
        "loss_gates_false_pass_highest": round(max(passes.values()), 4),
        "loss_gates_false_pass": {name: one for name, one in _rounded(passes).items() if one > 1 - LEVEL},
        "loss_gates_settings": len(passes),
    }


def _moved(share: float, lost: float, least: float = 0.0) -> Draw:
    """Of a share of rows the score moves up or down, so that `lost` is lost on the whole."""

    def draw_(draw: np.random.Generator, shape: tuple[int, int]) -> Numbers:
        kind, size = draw.random(shape), least + (1 - least) * draw.random(shape)
        down = share / 2 + lost / (1 + least)
        return np.where(kind < down, -size, np.where(kind < share, size, 0.0))

    return draw_


_MOVES: Final[dict[str, tuple[Draw, float]]] = {
    "few rows": (_moved(0.1, 0.0), 0.0),
    "few rows, most down": (_moved(0.1, 0.02), -0.02),
    "half of the rows, more down": (_moved(0.5, 0.05), -0.05),
    "far, some down": (_moved(0.3, 0.1, least=0.5), -0.1),
    "all a little": (lambda draw, shape: np.clip(draw.normal(-0.03, 0.1, shape), -1, 1), -0.03),
}


def _score_differences(times: int) -> dict[str, Any]:
    draw = np.random.default_rng(5)
    covers: dict[str, float] = {}
    passes: dict[str, float] = {}
    for name, (moves, mean) in _MOVES.items():
        for count in ROWS:
            rows = moves(draw, (times, count)).tolist()
            inside = [low <= mean <= high for low, high in map(paired_interval, rows)]
            covers[f"{name}, {count}"] = float(np.mean(inside))
            passes[f"{name}, {count}"] = float(np.mean([paired_lower_bound(gains) >= mean for gains in rows]))
    return {
        **_summed("score_differences_coverage", covers),
        "score_loss_gates_false_pass_highest": round(max(passes.values()), 4),
        "score_loss_gates_false_pass": _rounded(passes),
    }


def _loss_power(times: int) -> dict[str, Any]:
    """How often a true loss is seen that is as large as the one that was printed as the smallest to be seen.

    What is printed of one run follows how much its rows happen to vary; here it is printed of many, and their middle
    is the true loss, with as many rows that change as before.
    """
    draw = np.random.default_rng(6)
    found: dict[str, float] = {}
    for count in ROWS:
        for changed in (0.1, 0.3):
            if changed * count < _CHANGED:
                continue
            before = _gains(draw.multinomial(count, (changed / 2, changed / 2, 1 - changed), 200))
            loss = float(np.median([detectable_loss(gains) for gains in before]))
            changing = max(changed, loss)
            shares = ((changing - loss) / 2, (changing + loss) / 2, 1 - changing)
            after = draw.multinomial(count, shares, times)
            counts, often = np.unique(after, axis=0, return_counts=True)
            seen = [paired_test(gains).p_value < 1 - LEVEL for gains in _gains(counts)]
            found[f"{changed:g} change, {count}"] = float(np.average(seen, weights=often))
    return {"loss_power": _rounded(found)}


def _gains(counts: NDArray[np.int64]) -> Iterator[list[float]]:
    for better, worse, same in counts.tolist():
        yield [1.0] * better + [-1.0] * worse + [0.0] * same


# The rest.


def _quantiles(times: int) -> dict[str, Any]:
    draw = np.random.default_rng(7)
    covers: dict[str, float] = {}
    for share in (0.5, 0.95):
        true = {0.5: 1.0, 0.95: math.exp(1.6448536269514722)}[share]
        for count in ROWS:
            rows = np.exp(draw.normal(0, 1, (times, count))).tolist()
            ends = [quantile_interval(values, share) for values in rows]
            if all(math.isfinite(end) for pair in ends for end in pair):
                inside = [low <= true <= high for low, high in ends]
                covers[f"{share:g}, {count}"] = float(np.mean(inside))
    return _summed("quantiles_coverage", covers)


def _agreements(times: int) -> dict[str, Any]:
    """A judge that errs at random beside a person, and three annotators who do."""
    draw = np.random.default_rng(8)
    kappas: dict[str, float] = {}
    balances: dict[str, float] = {}
    alphas: dict[str, float] = {}
    for count in ROWS:
        for right, wrong in ((0.5, 0.2), (0.7, 0.1), (0.85, 0.1)):
            name = f"{right:g} right, {wrong:g} mistaken, {count}"
            truth = draw.random((times, count)) < right
            said = truth ^ (draw.random((times, count)) < wrong)
            pairs = list(zip(truth.tolist(), said.tolist(), strict=True))
            says = right * (1 - wrong) + (1 - right) * wrong
            expected = right * says + (1 - right) * (1 - says)
            kappa = ((1 - wrong) - expected) / (1 - expected)
            kappas[name] = _held([cohen_kappa(*pair) for pair in pairs], kappa)
            balances[name] = _held([balanced_accuracy(*pair) for pair in pairs], 1 - wrong)
            third = truth ^ (draw.random((times, count)) < wrong)
            second = truth ^ (draw.random((times, count)) < wrong)
            rows = np.stack([said, second, third], axis=-1).tolist()
            apart = 2 * wrong * (1 - wrong)
            alpha = 1 - apart / (2 * says * (1 - says))
            alphas[name] = _held([krippendorff_alpha(one) for one in rows], alpha)
    return {
        **_summed("kappa_coverage", kappas),
        **_summed("balanced_accuracy_coverage", balances),
        **_summed("alpha_coverage", alphas),
    }


def _held(found: Sequence[Any], true: float) -> float:
    told = [one.interval for one in found if one.interval is not None]
    return float(np.mean([low <= true <= high for low, high in told]))


def _mended(times: int) -> dict[str, Any]:
    """A judge that read 2,000 rows, people who read some, at several qualities of the judge."""
    draw = np.random.default_rng(9)
    covers: dict[str, float] = {}
    for few in (20, 50, 200):
        for wrong in (0.05, 0.2, 0.4):
            inside = []
            for _ in range(times):
                truth = draw.random(2_000 + few) < _TRUE
                judged = (truth ^ (draw.random(2_000 + few) < wrong)).astype(float).tolist()
                found = powered_mean(truth[:few].astype(float).tolist(), judged[:few], judged[few:])
                inside.append(found.interval.low <= _TRUE <= found.interval.high)
            covers[f"{wrong:g} mistaken, {few}"] = float(np.mean(inside))
    return _summed("powered_mean_coverage", covers)


def _summed(name: str, covers: dict[str, float]) -> dict[str, Any]:
    off = {setting: one for setting, one in _rounded(covers).items() if abs(one - LEVEL) > NEAR}
    return {
        f"{name}_lowest": round(min(covers.values()), 4),
        f"{name}_highest": round(max(covers.values()), 4),
        f"{name}_within": f"{len(covers) - len(off)} of {len(covers)}",
        f"{name}_off": off,
    }


def _rounded(found: dict[str, float]) -> dict[str, float]:
    return {name: round(one, 4) for name, one in found.items()}
