"""How long each phase of an exchange may take."""

import math
from dataclasses import dataclass
from typing import Literal

Phase = Literal["connect", "write", "first_byte", "between", "total"]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds for each phase of one exchange, and for all of it."""

    connect_s: float = 5.0
    """Name look-up, connection, TLS, and the wait for a free place where their number is limited."""
    write_s: float = 30.0
    """Until the request was taken, where the network does not take it at once."""
    first_byte_s: float = 60.0
    """From then until the head of the answer is here."""
    between_s: float = 30.0
    """Between two pieces of the body, counted while somebody waits for the next one."""
    total_s: float = math.inf
    """From the call of `send` to the last byte of the body. Cheaper than `asyncio.timeout` around it."""
