"""One request to a classical model on its way: limits, prediction, settlement."""

import asyncio
from dataclasses import dataclass

from plimsoll.access.limits import Need, Spent
from plimsoll.models import Usage
from plimsoll.models.predictors import Prediction, Predictor

from ._events import AnswerRequest, AnswerStarted
from ._limits import limit_state
from ._need import payer_of
from ._record import RequestRecord
from .parts import ServeParts

FREE = Usage(0, 0, cost_usd=0.0)
_SHOWN = 20
"""Labels that the trace names."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predictions, and what made them."""

    started: AnswerStarted
    predictions: tuple[Prediction, ...]
    latency_ms: float


async def predict(
    request: AnswerRequest, predictor: Predictor, record: RequestRecord, parts: ServeParts
) -> Predictions:
    """The predictions for `inputs` in the request's body. Raises what the limits and the model raise."""
    payer = payer_of(request)
    reservation = None
    if parts.meter is not None and parts.meter.applies(payer):
        reservation = await parts.meter.reserve(payer, Need(tokens=0, cost_pico=0))
    try:
        with record.span(f"predict {record.model}") as step:
            found = await asyncio.to_thread(predictor.predict, request.body["inputs"])
            step.attributes["plimsoll.predictions"] = len(found)
    finally:
        if reservation is not None:
            reservation.settle(Spent(tokens=0, cost_pico=0))
    record.usage, record.complete, record.target = FREE, True, record.model
    record.text = [", ".join(one.label or "?" for one in found[:_SHOWN])]
    started = AnswerStarted(
        record.trace_id,
        record.release,
        record.release_name,
        record.model,
        (),
        name=f"{request.app}/{request.target}",
        requests=limit_state(reservation, "requests"),
        tokens=limit_state(reservation, "tokens"),
    )
    return Predictions(started, found, record.elapsed_ms)
