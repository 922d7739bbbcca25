"""W3C Trace Context (Recommendation, November 2021): joining the trace of whoever calls."""

import re
from dataclasses import dataclass

_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16
_INVALID_VERSION, _FIRST_VERSION = "ff", "00"
_SAMPLED = 0x01
_LONGEST = 512


@dataclass(frozen=True, slots=True)
class TraceParent:
    """The caller's trace, and the span in it that calls."""

    trace_id: str
    """32 hexadecimal digits, not all zero."""
    span_id: str
    """16 hexadecimal digits, not all zero."""
    sampled: bool = True
    """Whether the caller keeps the trace."""

    @property
    def joined(self) -> str:
        """As `Trace.joined` has it."""
        return f"{self.trace_id}-{self.span_id}"

    def __str__(self) -> str:
        """The header `traceparent`, in version 00."""
        return f"00-{self.trace_id}-{self.span_id}-{int(self.sampled):02x}"


def parse_traceparent(header: str | None) -> TraceParent | None:
    """What the header `traceparent` says; None when it is absent or not valid, and then a new trace is begun.

    A later version may say more after the fields of version 00; version 00 itself may not.
    """
    if not header or len(header) > _LONGEST:
        return None
    match = _FORM.fullmatch(header.strip(" \t"))
    if match is None:
        return None
    version, trace_id, span_id, flags, more = match.groups()
    if version == _INVALID_VERSION or (version == _FIRST_VERSION and more):
        return None
    if trace_id == _NO_TRACE or span_id == _NO_SPAN:
        return None
    return TraceParent(trace_id, span_id, sampled=bool(int(flags, 16) & _SAMPLED))
