"""What this room answers, for the description of the API."""

from ..wire import CALL, Operation, Parameter
from ._feedback import FeedbackIn, FeedbackOut
from ._guardrails import MatrixOut, RatesOut, TriggersOut
from ._marks import MarkIn, MarksOut
from ._predict import PredictIn, PredictionsOut

_ENDPOINT = Parameter("endpoint", "path", "An endpoint of kind `predict`: `app/endpoint`, or `endpoint` alone.")

_WINDOW = (
    Parameter("since", "query", "The first moment: `24h`, `7d`, or a date (UTC)."),
    Parameter("until", "query", "Before this moment; now otherwise."),
    Parameter("endpoint", "query", "Only at this endpoint."),
)
_FOUND = (
    *_WINDOW,
    Parameter("check", "query", "Of this check."),
    Parameter("version", "query", "Of this version of checks."),
    Parameter("stage", "query", "At this stage."),
    Parameter("action", "query", "With this action."),
    Parameter("environment", "query", "In this environment."),
    Parameter("limit", "query", "How many, from 1 to 1,000."),
    Parameter("after", "query", "What the page before said as `next`."),
)
_RATES = (*_WINDOW, Parameter("by", "query", "check, version, kind, stage, action, endpoint; several with commas."))

OPERATIONS = (
    Operation(
        "post",
        "/v1/predict/{endpoint}",
        "Predictions of a classical model.",
        PredictIn,
        PredictionsOut,
        parameters=(_ENDPOINT, *CALL),
    ),
    Operation("post", "/v1/feedback", "What a person thinks of an answer.", FeedbackIn, FeedbackOut),
    Operation("post", "/api/guardrails/marks", "Whether a guardrail was right.", MarkIn, MarksOut),
    Operation("get", "/api/guardrails/triggers", "What guardrails found.", None, TriggersOut, parameters=_FOUND),
    Operation("get", "/api/guardrails/rates", "How often checks act.", None, RatesOut, parameters=_RATES),
    Operation("get", "/api/guardrails/matrix", "What is looked at where, of what is live.", None, MatrixOut),
)
"""All of them."""
