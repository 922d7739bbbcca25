"""Says whether a run is no more than so much worse than a baseline, and whether so many rows can tell."""

import math

from plimsoll.kernel.statistics import paired_lower_bound, paired_number_bound
from plimsoll.kernel.statistics.power import rows_for_margin
from plimsoll.kernel.statistics.resampling import Drawn

from ._types import Condition, Outcome, Threshold
from .comparison import Comparison, Difference

_MOST_ROWS = 1_000_000


def hold_loss(threshold: Threshold, margin: float, compared: Comparison | None) -> Condition:
    """The part of a condition that is held against the baseline; see `judge`."""
    if compared is None:
        return _open(threshold, None, "there is no baseline to compare with: nothing is live, or nothing was released")
    found = compared.of(threshold.measure, threshold.slice)
    refused = _refused(compared, found)
    if found is None or found.gain is None or refused:
        return _open(threshold, found, refused)
    if found.gain < -margin:
        return _made(threshold, found, f"it is {-found.gain:.3f} worse than the baseline, and may be {margin:g}")
    if threshold.confidence is None:
        return _made(threshold, found, f"{_gained(found.gain)} than the baseline, by its estimate alone")
    bound = _bound(found, threshold.confidence)
    if bound is not None and bound >= -margin:
        sure = f"with {threshold.confidence:.4g} confidence no more than {max(0.0, -bound):.3f} worse"
        return _made(threshold, found, f"{_gained(found.gain)} than the baseline, and {sure}", bound)
    return _undecided(threshold, found, margin, bound)


def _refused(compared: Comparison, found: Difference | None) -> str:
    """Why a comparison says nothing; empty where it does."""
    if not compared.same_dataset or compared.changed:
        return "the baseline was asked other rows: run its suite again over these"
    if compared.only_new or compared.only_old:
        return f"{len(compared.only_new) + len(compared.only_old)} rows stand in one of the two runs alone"
    if found is None or found.gain is None:
        return (found.why if found is not None else "") or "the baseline did not measure it"
    if found.missing:
        rows = "1 row was" if found.missing == 1 else f"{found.missing} rows were"
        return f"{rows} not measured in both runs" + (f" ({found.why})" if found.why else "")
    return ""


def _undecided(threshold: Threshold, found: Difference, margin: float, bound: float | None) -> Condition:
    rows = "1 row" if found.rows == 1 else f"{found.rows:,} rows"
    seen = f"{_gained(found.gain or 0.0)} than the baseline"
    if bound is None:
        return _open(threshold, found, f"{seen}, but {rows} say nothing of how far off that may be")
    needed = _rows_needed(found, margin, threshold.confidence or 0.0)
    more = "more rows are needed" if needed is None else f"about {needed:,} rows would tell"
    why = f"{seen}, but of {rows} it may be {-bound:.3f} worse, and may be {margin:g}: {more}"
    return Condition(threshold, found.new, "not measured", why, None, needed, found.gain, bound)


def _rows_needed(found: Difference, margin: float, confidence: float) -> int | None:
    """How many rows would show it in 4 of 5 cases, were the true gain what it seems."""
    room = (found.gain or 0.0) + margin
    if not found.gains or room <= 0:
        return None
    needed = rows_for_margin(found.gains, room, found.groups, confidence)
    return needed if found.rows < needed < _MOST_ROWS else None


def _bound(found: Difference, confidence: float) -> float | None:
    """What the true gain is not below; None where nothing is known of it."""
    if found.drawn:
        bound = Drawn(found.drawn).bound(confidence)
    elif not found.gains:
        return None
    elif found.unit == "share":
        bound = paired_lower_bound(found.gains, confidence, found.groups)
    else:
        bound = paired_number_bound(found.gains, confidence, found.groups)
    return bound if math.isfinite(bound) else None


def _gained(gain: float) -> str:
    return "it is no worse" if gain == 0 else f"it is {abs(gain):.3f} {'better' if gain > 0 else 'worse'}"


def _made(threshold: Threshold, found: Difference, why: str, bound: float | None = None) -> Condition:
    margin = threshold.may_lose or 0.0
    outcome: Outcome = "fail" if found.gain is not None and found.gain < -margin else "pass"
    return Condition(threshold, found.new, outcome, why, gain=found.gain, gain_bound=bound)


def _open(threshold: Threshold, found: Difference | None, why: str) -> Condition:
    gain = None if found is None else found.gain
    return Condition(threshold, None if found is None else found.new, "not measured", why, gain=gain)
