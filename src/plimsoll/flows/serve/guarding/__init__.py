"""A guardrail at work on one request: on its messages, on what was retrieved, and on the answer, whole or streamed.

What is looked for stands in `plimsoll.guardrails`, and where in JSON a text can stand in `places`.
"""

from ._guard import Guard
from ._passing import Passing, guard_of
from ._restored import RestoredStream
from ._stream_guard import StreamGuard

__all__ = ["Guard", "Passing", "RestoredStream", "StreamGuard", "guard_of"]
