"""Statistics that several rooms need. Every formula names its source, and every interval says what it promises.

Here: intervals and bounds of means, shares and quantiles, paired comparisons, and a correction for many of them.
Beside it: `power` (how small a difference can be seen), `agreement` (of people and judges), and `resampling` (intervals
of whatever is no mean of rows).
"""

from ._means import lower_bound, mean_interval, number_interval, upper_bound
from ._paired import (
    Paired,
    paired_interval,
    paired_lower_bound,
    paired_number_bound,
    paired_number_test,
    paired_test,
)
from ._quantiles import percentile, quantile_interval
from ._several import holm
from ._shares import Interval, wilson_interval

__all__ = [
    "Interval",
    "Paired",
    "holm",
    "lower_bound",
    "mean_interval",
    "number_interval",
    "paired_interval",
    "paired_lower_bound",
    "paired_number_bound",
    "paired_number_test",
    "paired_test",
    "percentile",
    "quantile_interval",
    "upper_bound",
    "wilson_interval",
]
