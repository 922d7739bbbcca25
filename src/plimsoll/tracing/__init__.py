"""What happened in each request: recorded here by everybody, read by `governance` and the doors.

Doors of their own: `usage` (what requests used and cost), `otlp` (traces on the wire, and what others call things),
`received` (spans that others send), `export` (ours, sent to others), `attributes` (names for our own spans) and
`traceparent` (joining a caller's trace).
"""

from ._capture import Capture
from ._errors import TraceMissingError
from ._recorder import BatchedRecorder
from ._store import Traces
from ._types import EVALUATION, REPLAY, Recorder, Span, Status, Trace, TraceFilter, TracePage, TraceSummary
from .usage import CostLine, DaySummary

__all__ = [
    "EVALUATION",
    "REPLAY",
    "BatchedRecorder",
    "Capture",
    "CostLine",
    "DaySummary",
    "Recorder",
    "Span",
    "Status",
    "Trace",
    "TraceFilter",
    "TraceMissingError",
    "TracePage",
    "TraceSummary",
    "Traces",
]
