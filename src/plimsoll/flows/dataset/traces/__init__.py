"""Rows from requests that were served: a sample of every kind of request, without the personal data in it.

In this order: some requests are looked at (`_look`), each gets what it belongs to (`_kinds`), some of each kind are
taken (`_sample`), what people said becomes what is expected (`_expected`), and names, numbers and secrets become
placeholders (`_redact`). Not here: traces themselves (`plimsoll.tracing`).
"""

from ._from_traces import TraceParts, TraceReport, TraceWish, from_traces
from ._kinds import Stratum

__all__ = ["Stratum", "TraceParts", "TraceReport", "TraceWish", "from_traces"]
