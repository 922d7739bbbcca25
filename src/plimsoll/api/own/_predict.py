"""`POST /v1/predict/{endpoint}`: a classical model."""

from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from plimsoll.flows.serve import Predictions
from plimsoll.models.predictors import Extraction, Predicted

from .._dialect import Asked
from ..wire import as_type, json_bytes, read_object

_MOST_ROWS: Final = 10_000


class PredictIn(Struct, forbid_unknown_fields=True):
    """What to predict from: one object of features for each row, such as `{"text": "…"}`."""

    inputs: Annotated[list[dict[str, Any]], Meta(min_length=1, max_length=_MOST_ROWS)]
    user: str | None = None


class FieldValueOut(Struct):
    """A value of a field: characters `start` to `end` of the row's text."""

    value: str
    """In the normal form of its type."""
    text: str
    """As it stands there."""
    start: int
    end: int
    confidence: float
    """From 0 to 1."""


class PredictionOut(Struct):
    """What the model says about one row: a label with its scores, or the values of fields."""

    label: str | UnsetType | None = UNSET
    """Null when the model is not sure enough of any."""
    score: float | UnsetType = UNSET
    scores: dict[str, float] | UnsetType = UNSET
    """Of every label."""
    fields: dict[str, list[FieldValueOut]] | UnsetType = UNSET
    """The values of every field, best first; an empty list where the text does not say."""


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
    return json_bytes(PredictionsOut(list(map(_out, found.predictions)), started.name or asked.target, made))


def _out(one: Predicted) -> PredictionOut:
    if not isinstance(one, Extraction):
        return PredictionOut(one.label, float(one.score), dict(one.scores))
    fields = {
        name: [FieldValueOut(each.value, each.text, each.start, each.end, each.confidence) for each in found]
        for name, found in one.fields.items()
    }
    return PredictionOut(fields=fields)
