"""What guardrails do where they stand: what triggered, whether that was right, and where nothing looks.

Here: triggers and marks, rates and precision, the matrix of endpoints, stages and checks. Behind doors of their own:
figures on labelled rows and explanations (`measure`), other thresholds (`tuning`), and what another policy would have
said of past requests (`changes`). Not here: what happens to a text (`plimsoll.guardrails`).
"""

from ._desk import Desk, GuardDesk, MarkedPage, said_of
from ._mark import mark
from ._matrix import PlaceMatrix, live_matrix, matrix
from ._places import places_of_project
from ._rates import Rates, Share, rates
from ._types import GuardParts, MarkWish, Window

__all__ = [
    "Desk",
    "GuardDesk",
    "GuardParts",
    "MarkWish",
    "MarkedPage",
    "PlaceMatrix",
    "Rates",
    "Share",
    "Window",
    "live_matrix",
    "mark",
    "matrix",
    "places_of_project",
    "rates",
    "said_of",
]
