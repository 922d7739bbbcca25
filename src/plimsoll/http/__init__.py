"""A lean HTTP/1.1 client for the calls of the serving path: one exchange at a time on pooled connections.

Here: `Client` with its pool, `Response`, the patience of each phase, and what can go wrong. No redirects, cookies,
proxies, compression or settings of the environment: a key goes to the address that it was given for, and nowhere else.
Not here: what is said over it (`plimsoll.models`), how often to try again (`plimsoll.models.routing`), and the server
(`plimsoll.api`).
"""

from ._addresses import is_public
from ._client import Client
from ._errors import (
    BadResponseError,
    BrokenConnectionError,
    ConnectError,
    ExchangeError,
    ExchangeTimeoutError,
    ResponseTooLargeError,
    TlsError,
    UnsendableRequestError,
)
from ._response import Response
from ._timeouts import Phase, Timeouts

__all__ = [
    "BadResponseError",
    "BrokenConnectionError",
    "Client",
    "ConnectError",
    "ExchangeError",
    "ExchangeTimeoutError",
    "Phase",
    "Response",
    "ResponseTooLargeError",
    "Timeouts",
    "TlsError",
    "UnsendableRequestError",
    "is_public",
]
