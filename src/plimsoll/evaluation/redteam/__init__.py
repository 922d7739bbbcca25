"""Red teaming: adversarial requests made from goals, disguises and carriers, and what became of them.

Every case has a canary, so that success is seen in the answer without a model that judges, and none asks for anything
that could harm somebody. Cases are mapped to the OWASP Top 10 for LLM Applications 2025 and to MITRE ATLAS. Not here:
asking an endpoint (`plimsoll.flows.redteam`).
"""

from ._cases import make_cases
from ._disguises import DISGUISES, disguised
from ._goals import GOALS
from ._judging import succeeded
from ._report import Rate, Report, Side
from ._types import Carrier, Case, Outcome, Reply

__all__ = [
    "DISGUISES",
    "GOALS",
    "Carrier",
    "Case",
    "Outcome",
    "Rate",
    "Reply",
    "Report",
    "Side",
    "disguised",
    "make_cases",
    "succeeded",
]
