"""Policies: ordered checks with actions, on what comes in, is retrieved and goes out, whole or streamed.

Here: compiling a policy, reviewing a text under it, the tests that stand in its file, the matrix of checks and stages.
Not here: what the checks look for (`plimsoll.checks`), where in a request they are asked (`plimsoll.flows.serve`), and
the form of the files (`plimsoll.project`).
"""

from ._coverage import Covered, coverage
from ._errors import PolicyInvalidError
from ._examples import ExampleOutcome, run_examples
from ._policy import Policy
from ._rules import Rule
from ._stream import StreamReview
from ._types import STAGES, Action, Finding, Review, Stage, Step, stops

__all__ = [
    "STAGES",
    "Action",
    "Covered",
    "ExampleOutcome",
    "Finding",
    "Policy",
    "PolicyInvalidError",
    "Review",
    "Rule",
    "Stage",
    "Step",
    "StreamReview",
    "coverage",
    "run_examples",
    "stops",
]
