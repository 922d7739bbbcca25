"""`POST /v1/predict/{endpoint}`: a classical model."""

from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from plimsoll.flows.serve import Predictions

from .._dialect import Asked
from ..wire import as_type, json_bytes, read_object

_MOST_ROWS: Final = 10_000


class PredictIn(Struct, forbid_unknown_fields=True):
    """What to predict from: one object of features for each row, such as `{"text": "…"}`."""

    inputs: Annotated[list[dict[str, Any]], Meta(min_length=1, max_length=_MOST_ROWS)]
    user: str | None = None


class PredictionOut(Struct):
    """What the model says about one row."""

    label: str | None
    """Null when the model is not sure enough of any."""
    score: float
    scores: dict[str, float]
    """Of every label."""


class PredictFactsOut(Struct):
    """What made the predictions."""

    release: str
    release_name: str
    trace: str
    model: str
    latency_ms: float


class PredictionsOut(Struct):
    """One prediction for each row, in their order."""

    predictions: list[PredictionOut]
    model: str
    """What callers write to ask the same again."""
    plimsoll: PredictFactsOut
    object: str = "predictions"


def read_predictions(endpoint: str, body: bytes) -> Asked:
    """The request for `endpoint` (from the address) in `body`. Raises MalformedBodyError and FieldError."""
    asked = as_type(read_object(body), PredictIn)
    # No messages: what is kept of a call is always a conversation and what else was sent.
    rows = {"messages": (), "inputs": asked.inputs}
    return Asked(endpoint, rows, stream=False, users=(("user", asked.user),) if asked.user else ())


def write_predictions(asked: Asked, found: Predictions) -> bytes:
    """The answer."""
    started = found.started
    made = PredictFactsOut(started.release, started.release_name, started.trace_id, started.model, found.latency_ms)
    said = [PredictionOut(one.label, float(one.score), dict(one.scores)) for one in found.predictions]
    return json_bytes(PredictionsOut(said, started.name or asked.target, made))
