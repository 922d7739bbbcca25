"""A guardrail at work on one request: on its messages, on what was retrieved, and on the answer, whole or streamed.

What is looked for stands in `plimsoll.guardrails`, and where in JSON a text can stand in `places`.
"""

from ._guard import Guard
from ._passing import closing, ended, guarded, quoted, shown
from ._stream_guard import StreamGuard

__all__ = ["Guard", "StreamGuard", "closing", "ended", "guarded", "quoted", "shown"]
