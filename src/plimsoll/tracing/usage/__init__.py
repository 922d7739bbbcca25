"""What requests used and cost: sums by the hour, kept while traces come and for longer than the traces themselves."""

from ._store import add_usage, daily, forget_user, lost, spent
from ._tally import HOUR_NS, Counts, Place, Tally, latency_bucket
from ._types import BY, By, CostLine, DaySummary, HourLine

__all__ = [
    "BY",
    "HOUR_NS",
    "By",
    "CostLine",
    "Counts",
    "DaySummary",
    "HourLine",
    "Place",
    "Tally",
    "add_usage",
    "daily",
    "forget_user",
    "latency_bucket",
    "lost",
    "spent",
]
