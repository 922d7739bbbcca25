"""What happened in each request: recorded here by everybody, read by `governance` and the doors."""

from ._errors import TraceMissingError
from ._recorder import BatchedRecorder
from ._store import Traces
from ._types import EVALUATION, REPLAY, Recorder, Span, Status, Trace, TraceSummary

__all__ = [
    "EVALUATION",
    "REPLAY",
    "BatchedRecorder",
    "Recorder",
    "Span",
    "Status",
    "Trace",
    "TraceMissingError",
    "TraceSummary",
    "Traces",
]
