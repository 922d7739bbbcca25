"""Environments: which release is live in each, who moved it there and why, and what its policy asks.

The rules are in `plimsoll.releases` (`Promotion`); here they are applied to what the records say, in one transaction.
"""

from .._split import TrafficSplit
from .._types import Environment, EnvironmentMove, Move
from ._store import Environments

__all__ = ["Environment", "EnvironmentMove", "Environments", "Move", "TrafficSplit"]
