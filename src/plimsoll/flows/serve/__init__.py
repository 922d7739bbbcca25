"""Serving: a question goes in, an answer with citations comes out, and everything about it is recorded.

`Answering` is the one function that answers, for the server, the command line, the evaluation and the replay. What it
is made of is in `plimsoll.flows.serve.parts`.
"""

from ._answer import Answering
from ._errors import EndpointMissingError
from ._events import (
    Answer,
    AnswerDone,
    AnswerEvent,
    AnswerRequest,
    AnswerStarted,
    Caller,
    GuardrailNote,
    LimitState,
    Surface,
)
from ._live import endpoint_names, served_names
from ._plain import Predictions, Vectors

__all__ = [
    "Answer",
    "AnswerDone",
    "AnswerEvent",
    "AnswerRequest",
    "AnswerStarted",
    "Answering",
    "Caller",
    "EndpointMissingError",
    "GuardrailNote",
    "LimitState",
    "Predictions",
    "Surface",
    "Vectors",
    "endpoint_names",
    "served_names",
]
