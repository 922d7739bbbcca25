"""Random names for things that happen, in the sizes of W3C Trace Context."""

import secrets


def new_trace_id() -> str:
    """32 hexadecimal digits, never all zero (W3C Trace Context, trace-id)."""
    return secrets.token_hex(16)


def new_span_id() -> str:
    """16 hexadecimal digits (W3C Trace Context, parent-id)."""
    return secrets.token_hex(8)
