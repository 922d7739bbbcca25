"""What a process knows of the targets of its routes: breakers, retry budgets, latencies."""

from ._breaker import Breaker
from ._budget import RetryBudget
from ._targets import Health, Latency, TargetHealth

__all__ = ["Breaker", "Health", "Latency", "RetryBudget", "TargetHealth"]
