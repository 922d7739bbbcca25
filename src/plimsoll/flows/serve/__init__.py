"""Serving: a question goes in, an answer with citations comes out, and everything about it is recorded.

`Answering` is the one function that answers, for the server, the command line, the evaluation and the replay.
"""

from ._answer import Answering
from ._events import Answer, AnswerDone, AnswerEvent, AnswerRequest, AnswerStarted, AnswerText, Caller
from ._parts import Searcher, ServeParts
from ._runtime import EndpointMissingError, endpoint_names

__all__ = [
    "Answer",
    "AnswerDone",
    "AnswerEvent",
    "AnswerRequest",
    "AnswerStarted",
    "AnswerText",
    "Answering",
    "Caller",
    "EndpointMissingError",
    "Searcher",
    "ServeParts",
    "endpoint_names",
]
