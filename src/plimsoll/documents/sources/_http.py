"""One GET over HTTP to a server that nobody vouches for.

Every address that a name stands for is looked at before it is connected to, and the connection goes to that very
address: a name that means another machine a moment later leads nowhere. No proxies, cookies or compression; redirects
are followed a few times, each looked at in the same way, and never from https to http.
"""

import io
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING, cast
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from plimsoll.http import is_public

from .._errors import FileTooLargeError
from ._errors import FetchError, PrivateAddressError, ServerFailedError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_AGENT = "plimsoll"
_PIECE_BYTES = 65_536
_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK, _NOT_MODIFIED = 200, 304
_TRY_AGAIN = frozenset({408, 425, 429})
_SERVER_ERRORS = 500
_BYTES_PER_MB = 1_000_000
_LONGEST_ADDRESS = 4000
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered. `is_new` is False when it still has the version that was known."""

    is_new: bool
    body: bytes
    headers: Mapping[str, str]
    """By their names in lower case."""


@cache
def usual_trust() -> ssl.SSLContext:
    """The authorities that this machine trusts; reading them takes a while."""
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class Getter:
    """How addresses are asked."""

    timeout_s: float = 60.0
    """For one address with all its redirects."""
    private_addresses: bool = False
    """Whether servers in private networks may be asked."""
    trust: Callable[[], ssl.SSLContext] = usual_trust
    clock: Callable[[], float] = time.monotonic

    def get(self, url: str, *, headers: Mapping[str, str], max_bytes: int) -> Answer:
        """The answer of `url`. Raises FetchError (PrivateAddressError, ServerFailedError) or FileTooLargeError."""
        deadline = self.clock() + self.timeout_s
        at = url
        for _ in range(_MOST_REDIRECTS + 1):
            exchange = _Exchange(self, url, _parts(url, at), deadline)
            answer, redirect = exchange.run(headers, max_bytes)
            if answer is not None:
                return answer
            at = _redirected(url, at, redirect)
        raise FetchError(url, f"it leads through more than {_MOST_REDIRECTS} redirects")


def _parts(url: str, at: str) -> SplitResult:
    """The parts of an address that may be asked. Raises FetchError."""
    try:
        parts = urlsplit(at)
        good = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, good = urlsplit(""), False
    if not good or len(at) > _LONGEST_ADDRESS or not at.isprintable():
        raise FetchError(url, "its address, or one that it leads to, is no http:// or https:// address")
    if parts.username is not None or parts.password is not None:
        raise FetchError(url, "its address holds a user name or a password")
    return parts


def _redirected(url: str, at: str, location: str) -> str:
    try:
        there = urljoin(at, location)
    except ValueError as error:
        raise FetchError(url, "it leads to something that is no address") from error
    if at.startswith("https:") and not there.startswith("https:"):
        raise FetchError(url, "it leads from https to an address that is not encrypted")
    return there


@dataclass(frozen=True, slots=True)
class _Exchange:
    """One question and its answer."""

    getter: Getter
    url: str
    parts: SplitResult
    deadline: float

    def run(self, headers: Mapping[str, str], max_bytes: int) -> tuple[Answer | None, str]:
        """The answer, or where it leads to."""
        try:
            with closing(self._connected()) as wire:
                connection = self._connection(wire)
                connection.request("GET", self._target(), headers={**_HEADERS, **headers})
                with closing(connection.getresponse()) as response:
                    if response.status in _REDIRECTS:
                        return None, response.headers.get("Location", "")
                    return self._answer(response, max_bytes), ""
        except (OSError, HTTPException, UnicodeError) as error:
            raise ServerFailedError(self.url, _reason(error)) from error

    def _target(self) -> str:
        path, query = (quote(part, safe=_SAFE) for part in (self.parts.path or "/", self.parts.query))
        return f"{path}?{query}" if query else path

    def _left_s(self) -> float:
        left = self.deadline - self.getter.clock()
        if left <= 0:
            raise TimeoutError
        return left

    def _connected(self) -> socket.socket:
        host = self.parts.hostname or ""
        port = self.parts.port or _PORTS[self.parts.scheme]
        raw = socket.create_connection((self._address(host, port), port), timeout=self._left_s())
        if self.parts.scheme == "http":
            return raw
        try:
            return self.getter.trust().wrap_socket(raw, server_hostname=host)
        except (OSError, ValueError):
            raw.close()
            raise

    def _connection(self, wire: socket.socket) -> HTTPConnection:
        kind = HTTPSConnection if self.parts.scheme == "https" else HTTPConnection
        connection = kind(self.parts.hostname or "", self.parts.port or _PORTS[self.parts.scheme])
        # It asks for no more of a socket than this has.
        connection.sock = cast("socket.socket", _Wire(wire, self._left_s))
        return connection

    def _address(self, host: str, port: int) -> str:
        """An address of the host that may be connected to. Raises PrivateAddressError when there is none."""
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        allowed = [address for address in found if self.getter.private_addresses or is_public(address)]
        if not allowed:
            raise PrivateAddressError(self.url, host)
        return allowed[0]

    def _answer(self, response: HTTPResponse, max_bytes: int) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        if response.status == _NOT_MODIFIED:
            return Answer(is_new=False, body=b"", headers=headers)
        if response.status >= _SERVER_ERRORS or response.status in _TRY_AGAIN:
            raise ServerFailedError(self.url, f"the server answered with status {response.status}")
        if response.status != _OK:
            raise FetchError(self.url, f"the server answered with status {response.status}")
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise FetchError(self.url, "the server compresses its answer without being asked")
        return Answer(is_new=True, body=self._body(response, max_bytes), headers=headers)

    def _body(self, response: HTTPResponse, max_bytes: int) -> bytes:
        told = response.length
        if told is not None and told > max_bytes:
            raise FileTooLargeError(self.url, size_bytes=told, limit_mb=max_bytes // _BYTES_PER_MB)
        pieces: list[bytes] = []
        size = 0
        while piece := response.read1(_PIECE_BYTES):
            pieces.append(piece)
            size += len(piece)
            if size > max_bytes:
                raise FileTooLargeError(self.url, size_bytes=size, limit_mb=max_bytes // _BYTES_PER_MB)
        if told is not None and size < told:
            raise HTTPException("cut off")
        return b"".join(pieces)


class _Wire:
    """A socket that is read and written until a deadline, however slowly the other side does its part.

    The timeout of a socket holds for each piece that comes, and http.client reads lines that may never end.
    """

    def __init__(self, wrapped: socket.socket, left_s: Callable[[], float]) -> None:
        self._wrapped = wrapped
        self._left_s = left_s

    def sendall(self, data: bytes) -> None:
        """Send all of it. Raises TimeoutError behind the deadline."""
        self._wrapped.settimeout(self._left_s())
        self._wrapped.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What comes, as a file. Reading raises TimeoutError behind the deadline."""
        return io.BufferedReader(_Incoming(self._wrapped, self._left_s))

    def close(self) -> None:
        """Nothing: http.client closes its socket before it reads what an answer brings."""


class _Incoming(io.RawIOBase):
    def __init__(self, wrapped: socket.socket, left_s: Callable[[], float]) -> None:
        self._wrapped = wrapped
        self._left_s = left_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        self._wrapped.settimeout(self._left_s())
        return self._wrapped.recv_into(buffer)


_SAFE = "/?%:@!$&'()*+,;=~-._"
_HEADERS = {"User-Agent": _AGENT, "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return "the server did not answer in time"
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    return "the connection failed, or the server did not speak HTTP"
