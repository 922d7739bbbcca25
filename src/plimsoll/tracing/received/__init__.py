"""Spans that others send: taken in bytes, acknowledged when they are committed, many senders in one transaction."""

from ._store import Received
from ._types import Outcome, Sender, Shipment

__all__ = ["Outcome", "Received", "Sender", "Shipment"]
