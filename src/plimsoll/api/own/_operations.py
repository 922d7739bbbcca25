"""What this room answers, for the description of the API."""

from ..wire import CALL, Operation, Parameter
from ._feedback import FeedbackIn, FeedbackOut
from ._predict import PredictIn, PredictionsOut

_ENDPOINT = Parameter("endpoint", "path", "An endpoint of kind `predict`: `app/endpoint`, or `endpoint` alone.")

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
)
"""Both of them."""
