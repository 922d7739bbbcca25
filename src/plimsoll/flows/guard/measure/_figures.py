"""How good a way to decide is, on labelled rows, with 95 % intervals.

Shares (precision, recall, false positives) have Wilson's interval (1927). F-measures, AUROC, AP and the false positives
at a fixed recall have percentiles of a bootstrap over the rows (Efron, 1979; 500 resamples, always the same ones).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .._rates import Share

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RESAMPLES: Final = 500
_SEED: Final = 1927
_TAIL: Final = 2.5
_LEAST_RESAMPLES: Final = 50
"""Where a figure can be worked out in fewer, it has no interval."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval, which is None where the rows are too few for one."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What was decided on some rows, and how well scores tell rows apart, whatever the threshold.

    A figure is None where it has no meaning: no row has what is looked for, or every one has.
    """

    rows: int
    due: int
    """Rows in which something should be found."""
    failed: int
    """Rows of which no answer came; they count as decided by `on_error`, and in no figure about scores."""
    precision: Share
    """Of the rows on which it acts."""
    recall: Share
    """Of the rows in which something should be found."""
    false_positives: Share
    """Of the rows in which nothing should be found."""
    f1: Interval | None
    f2: Interval | None
    """Recall counts twice as much as precision (van Rijsbergen, 1979)."""
    auroc: Interval | None
    """How often a row with something scores above one without; equal scores count half."""
    average_precision: Interval | None
    """The area under precision over recall, as a step function."""
    at_recall: float
    fpr_at_recall: Interval | None
    """False positives at the highest threshold that reaches `at_recall`."""


def figures(
    due: Sequence[bool],
    acts: Sequence[bool],
    scores: Sequence[float | None],
    *,
    at_recall: float = 0.9,
    resamples: int = RESAMPLES,
) -> Figures:
    """The figures of rows: what was due, whether it acted, and the score (None where no answer came)."""
    import numpy as np

    is_due, did_act = np.asarray(due, dtype=bool), np.asarray(acts, dtype=bool)
    hits, wrong = int((is_due & did_act).sum()), int((~is_due & did_act).sum())
    answered = np.asarray([score is not None for score in scores], dtype=bool)
    score = np.asarray([0.0 if one is None else one for one in scores], dtype=float)
    decided = _of_decisions(is_due, did_act, resamples)
    told = _of_scores(is_due[answered], score[answered], at_recall, resamples)
    return Figures(
        rows=len(due),
        due=int(is_due.sum()),
        failed=int((~answered).sum()),
        precision=Share(hits, hits + wrong),
        recall=Share(hits, int(is_due.sum())),
        false_positives=Share(wrong, int((~is_due).sum())),
        f1=decided[0],
        f2=decided[1],
        auroc=told[0],
        average_precision=told[1],
        at_recall=at_recall,
        fpr_at_recall=told[2],
    )


def f_measure(hits: float, wrong: float, missed: float, beta: float) -> float | None:
    """The weighted harmonic mean of precision and recall; None where there is nothing to find and nothing was found."""
    whole = (1 + beta * beta) * hits + beta * beta * missed + wrong
    return (1 + beta * beta) * hits / whole if whole else None


def _of_decisions(
    due: "NDArray[np.bool_]", acts: "NDArray[np.bool_]", resamples: int
) -> "tuple[Interval | None, Interval | None]":
    import numpy as np

    cells = np.asarray([(due & acts).sum(), (~due & acts).sum(), (due & ~acts).sum(), (~due & ~acts).sum()])
    if not cells[0] + cells[2]:
        return None, None
    # A resample of rows draws the four cells of the table from a multinomial distribution.
    drawn = np.random.default_rng(_SEED).multinomial(len(due), cells / len(due), size=resamples)

    def interval(beta: float) -> Interval | None:
        value = f_measure(*_cells(cells), beta)
        again = [one for row in drawn if (one := f_measure(*_cells(row), beta)) is not None]
        return None if value is None else _interval(value, again)

    return interval(1), interval(2)


def _cells(counted: "NDArray[np.int64]") -> tuple[float, float, float]:
    return float(counted[0]), float(counted[1]), float(counted[2])


def _of_scores(
    due: "NDArray[np.bool_]", scores: "NDArray[np.float64]", at_recall: float, resamples: int
) -> "tuple[Interval | None, Interval | None, Interval | None]":
    import numpy as np

    if not due.any() or due.all():
        return None, None, None
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    starts = np.concatenate(([0], np.flatnonzero(np.diff(ranked)) + 1))
    is_due = due[order].astype(float)
    value = _ranked(np.ones(len(due)), is_due, starts, at_recall)
    drawn = np.random.default_rng(_SEED)
    again: list[tuple[float, float, float]] = []
    for _ in range(resamples):
        weights = np.bincount(drawn.integers(0, len(due), len(due)), minlength=len(due)).astype(float)
        if 0 < weights @ is_due < len(due):
            again.append(_ranked(weights, is_due, starts, at_recall))
    found = [_interval(value[place], [one[place] for one in again]) for place in range(3)]
    return found[0], found[1], found[2]


def _ranked(
    weights: "NDArray[np.float64]", due: "NDArray[np.float64]", starts: "NDArray[np.intp]", at_recall: float
) -> tuple[float, float, float]:
    """AUROC, average precision, and false positives at a recall, of rows from the highest score to the lowest.

    `starts` is where each score begins: rows of the same score are told apart by nothing.
    """
    import numpy as np

    hits = np.add.reduceat(weights * due, starts)
    wrong = np.add.reduceat(weights * (1 - due), starts)
    all_hits, all_wrong = hits.sum(), wrong.sum()
    hits_so_far, wrong_so_far = np.cumsum(hits), np.cumsum(wrong)
    auroc = float((wrong * (hits_so_far - hits / 2)).sum() / (all_hits * all_wrong))
    found = hits_so_far + wrong_so_far
    precision = np.divide(hits_so_far, found, out=np.zeros_like(found), where=found > 0)
    average = float((precision * hits).sum() / all_hits)
    reached = int(np.searchsorted(hits_so_far, at_recall * all_hits - 1e-9))
    return auroc, average, float(wrong_so_far[min(reached, len(starts) - 1)] / all_wrong)


def _interval(value: float, again: Sequence[float]) -> Interval:
    import numpy as np

    if len(again) < _LEAST_RESAMPLES:
        return Interval(value, None, None)
    low, high = np.percentile(np.asarray(again), [_TAIL, 100 - _TAIL])
    return Interval(value, float(low), float(high))
