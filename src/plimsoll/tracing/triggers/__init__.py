"""What guardrails found in requests: listed and counted, without reading the requests again.

Here: an index of the notes that stand in traces; it is made from them, and can be made again. Not here: what people say
of triggers (`plimsoll.reviews.marks`), and what it all means (`plimsoll.flows.guard`).
"""

from ._store import Triggers
from ._types import NO_ANSWER, Asked, Dimension, Trigger, TriggerCount, TriggerFilter, TriggerPage

__all__ = ["NO_ANSWER", "Asked", "Dimension", "Trigger", "TriggerCount", "TriggerFilter", "TriggerPage", "Triggers"]
