"""Calibration: how far a judge agrees with people, and whether its word may decide a gate.

Here: agreement, bias, consistency and drift of a judge, all with intervals; corrected estimates; asking a judge about
labelled rows; the record that is kept as evidence. Not here: judges (`plimsoll.evaluation.judges`), and collecting
labels (`plimsoll.reviews.annotations`).
"""

from ._anchors import Drift, drift
from ._asking import Labelled, judge_anchors, judge_rows
from ._correcting import corrected_mean, rogan_gladen
from ._deciding import Floor, Permission, may_decide, refused_judges
from ._measuring import calibrate
from ._store import Calibrations
from ._types import Calibration, JudgedRow

__all__ = [
    "Calibration",
    "Calibrations",
    "Drift",
    "Floor",
    "JudgedRow",
    "Labelled",
    "Permission",
    "calibrate",
    "corrected_mean",
    "drift",
    "judge_anchors",
    "judge_rows",
    "may_decide",
    "refused_judges",
    "rogan_gladen",
]
