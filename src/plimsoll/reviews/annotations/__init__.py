"""Labels that people give to answers: queues, annotators who do not see each other's, disagreements that are settled.

Every label is an entry of the ledger. What a judge says of the same answers is held against them in
`plimsoll.evaluation.calibration`. Nothing here knows suites or judges.
"""

from ._rules import Standing, standing
from ._store import Annotations
from ._types import Annotation, Item, Next, Queue, Settled, Task

__all__ = ["Annotation", "Annotations", "Item", "Next", "Queue", "Settled", "Standing", "Task", "standing"]
