"""A route: several models that answer as one.

Here: in which order targets are asked, what happens when one fails or is slow (retries within a budget, circuit
breakers, failover, hedging), when a cheap answer is given up for a better one, and what a call costs at most. All of it
belongs to one event loop. Not here: the models themselves and their timeouts for connecting and between tokens
(`plimsoll.models.providers`), prices (`plimsoll.models.prices`), and what stands in `routes/*.yaml`
(`plimsoll.project`).
"""

from .._types import CallCosts
from ._embeddings import RoutedEmbeddingModel
from ._errors import FirstTokenTimeoutError, RouteDeadlineError, RouteRestingError
from ._failure import attempts_of
from ._model import RoutedModel
from ._types import Breaking, Retries, RoutePolicy, Target, Timing
from .health import Health

__all__ = [
    "Breaking",
    "CallCosts",
    "FirstTokenTimeoutError",
    "Health",
    "Retries",
    "RouteDeadlineError",
    "RoutePolicy",
    "RouteRestingError",
    "RoutedEmbeddingModel",
    "RoutedModel",
    "Target",
    "Timing",
    "attempts_of",
]
