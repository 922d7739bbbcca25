"""One call on its way through the door: the body is read, the answer is sent, whole or as it comes.

What the bytes mean is a dialect's business (`plimsoll.api._dialect`); what is answered is decided in `plimsoll.flows`.
"""

from ..admission import Sent
from ._connection import WhileConnected
from ._exchange import Exchanges
from ._plain import CountTokens, Embeddings, FeedbackCalls, MarkCalls, Moderations, Predict
from ._room import Measured, Room

__all__ = [
    "CountTokens",
    "Embeddings",
    "Exchanges",
    "FeedbackCalls",
    "MarkCalls",
    "Measured",
    "Moderations",
    "Predict",
    "Room",
    "Sent",
    "WhileConnected",
]
