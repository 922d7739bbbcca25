"""What can go wrong in one exchange. No sentence holds a key, a header, a path or a body."""

from typing import ClassVar

from plimsoll.kernel.errors import InvalidError, UnavailableError

from ._timeouts import Phase

_IN_PHASE: dict[Phase, str] = {
    "connect": "no connection was made",
    "write": "the request was not taken",
    "first_byte": "no answer began",
    "between": "the answer did not go on",
    "total": "the answer was not whole",
}


class UnsendableRequestError(InvalidError):
    """The request itself cannot be sent: its address, its method or one of its headers."""

    code: ClassVar[str] = "unsendable_request"

    def __init__(self, problem: str, *, hint: str = "") -> None:
        super().__init__(f"the request cannot be sent: {problem}", hint=hint)


class ExchangeError(UnavailableError):
    """Any of the ways in which an exchange with a server fails; `server` is its host and port."""

    code: ClassVar[str] = "exchange"

    def __init__(self, server: str, problem: str, *, hint: str = "") -> None:
        super().__init__(f"{server}: {problem}", hint=hint or "try again later")
        self.server = server


class ConnectError(ExchangeError):
    """There is no connection: the name is unknown, or nobody listens."""

    code: ClassVar[str] = "connect"

    def __init__(self, server: str, problem: str = "the server cannot be reached") -> None:
        super().__init__(server, problem, hint="start the server, or correct its address")


class TlsError(ExchangeError):
    """There is no secure connection; nothing was sent."""

    code: ClassVar[str] = "tls"

    def __init__(self, server: str, reason: str) -> None:
        super().__init__(
            server,
            f"no secure connection is possible ({reason})",
            hint="check the server's certificate, and the authorities that this machine trusts",
        )


class ExchangeTimeoutError(ExchangeError):
    """One phase took too long."""

    code: ClassVar[str] = "exchange_timeout"

    def __init__(self, server: str, phase: Phase, limit_s: float) -> None:
        super().__init__(server, f"{_IN_PHASE[phase]} within {limit_s:g} seconds")
        self.phase = phase
        self.limit_s = limit_s


class BrokenConnectionError(ExchangeError):
    """The connection ended before the answer did."""

    code: ClassVar[str] = "broken_connection"

    def __init__(self, server: str, problem: str = "the connection broke off before the answer was whole") -> None:
        super().__init__(server, problem)


class BadResponseError(ExchangeError):
    """What came is not an HTTP answer that can be trusted."""

    code: ClassVar[str] = "bad_response"

    def __init__(self, server: str, problem: str) -> None:
        super().__init__(server, f"the answer is not good HTTP ({problem})", hint="check that the address is right")


class ResponseTooLargeError(ExchangeError):
    """The body is longer than the caller wants to hold."""

    code: ClassVar[str] = "response_too_large"

    def __init__(self, server: str, most_bytes: int) -> None:
        super().__init__(
            server, f"the answer has more than {most_bytes} bytes", hint="ask for less, or raise the limit"
        )
