"""Rows that are judged again, to see whether a judge still is who it was."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from plimsoll.kernel.statistics import mean_interval

from ._types import Anchor, Calibration, JudgedRow

_SAME: Final = 0.01
"""Verdicts of means of samples that are this near are the same."""


def choose_anchors(rows: Sequence[JudgedRow], count: int) -> tuple[Anchor, ...]:
    """Some of the rows, as many of each verdict as there are; always the same ones of the same rows."""
    by_said: dict[float, list[JudgedRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda one: hashlib.sha256(f"{one.row}\x00{one.content}".encode()).digest()):
        if row.said is not None:
            by_said[row.said].append(row)
    chosen: list[JudgedRow] = []
    for place in range(max((len(of) for of in by_said.values()), default=0)):
        chosen += [by_said[said][place] for said in sorted(by_said) if place < len(by_said[said])]
    return tuple(Anchor(row.row, row.content, row.said) for row in chosen[:count] if row.said is not None)


@dataclass(frozen=True, slots=True)
class Drift:
    """What judging the anchors again showed."""

    agreement: float | None
    """The share of anchors with the same verdict as then; None where none could be judged again."""
    low: float | None
    high: float | None
    anchors: int
    again: int
    """Those that were judged again, and are the same rows."""
    changed: tuple[str, ...]
    """Rows with another verdict than then."""


def drift(calibration: Calibration, again: Mapping[str, JudgedRow]) -> Drift:
    """Compare the verdicts on the anchors with new ones, given by the ids of rows.

    A row whose content changed is no anchor any more, and one without a verdict was not judged again.
    """
    same: list[float] = []
    changed: list[str] = []
    for anchor in calibration.anchors:
        row = again.get(anchor.row)
        if row is None or row.content != anchor.content or row.said is None:
            continue
        same.append(float(abs(row.said - anchor.said) <= _SAME))
        if not same[-1]:
            changed.append(anchor.row)
    if not same:
        return Drift(None, None, None, len(calibration.anchors), 0, ())
    interval = mean_interval(same)
    share = sum(same) / len(same)
    return Drift(share, interval.low, interval.high, len(calibration.anchors), len(same), tuple(changed))
