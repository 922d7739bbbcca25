"""Large texts: looked at beside the event loop, a piece at a time, so that nobody else waits for them.

What is looked for is decided elsewhere (`plimsoll.guardrails`), and what comes of it too.
"""

from ._asker import Asker, AskerLeftError
from ._beside import LARGE_BYTES, beside, said_bytes
from ._pieces import fed, review

__all__ = ["LARGE_BYTES", "Asker", "AskerLeftError", "beside", "fed", "review", "said_bytes"]
