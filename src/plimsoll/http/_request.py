"""Where a request goes, and the bytes of its head. What could smuggle a second request into it is refused."""

import functools
import re
from collections.abc import Sequence
from ipaddress import IPv6Address
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

import msgspec

from ._errors import UnsendableRequestError
from ._timeouts import Timeouts

_PORTS: Final = {"http": 80, "https": 443}
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_HOST_NAME: Final = re.compile(r"[0-9a-z_](?:[0-9a-z._-]*[0-9a-z_.])?")
_OURS: Final = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that the client writes itself, or that would change how the answer is framed."""
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_KEPT: Final = 1024


class Origin(NamedTuple):
    """One server."""

    host: str
    """An ASCII name, or an address without brackets."""
    port: int
    is_tls: bool

    @property
    def name(self) -> str:
        """Host and port, as people and errors write them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Target:
    """What a URL names: the server, and the request target with its first lines."""

    __slots__ = ("opening", "origin", "written")

    def __init__(self, origin: Origin, opening: str) -> None:
        self.origin = origin
        self.opening = opening
        """Request line and the headers that are always there."""
        self.written: tuple[tuple[Sequence[tuple[str, str]], bytes], ...] = ()
        """The two sets of headers that were sent there last, each with all lines up to its end."""


class Request(msgspec.Struct, frozen=True, gc=False):
    """What is sent. A struct, because each exchange makes one, and a named tuple takes several times as long."""

    origin: Origin
    head: bytes
    body: bytes
    timeouts: Timeouts
    deadline: float
    """When all of it must be over, in the event loop's time."""
    is_bodiless: bool
    """Whether the answer has no body, whatever its head says."""


@functools.lru_cache(maxsize=_KEPT)
def target_of(method: str, url: str) -> Target:
    """Where this goes. Raises UnsendableRequestError."""
    if not _TOKEN.fullmatch(method) or method == "CONNECT":
        raise UnsendableRequestError("its method is none", hint="use GET, HEAD, POST, PUT, PATCH or DELETE")
    parts = _split(url)
    origin = Origin(host=_host(parts), port=_port(parts), is_tls=parts.scheme == "https")
    named = f"[{origin.host}]" if ":" in origin.host else origin.host
    host = named if origin.port == _PORTS[parts.scheme] else f"{named}:{origin.port}"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    opening = f"{method} {path} HTTP/1.1\r\nhost: {host}\r\naccept-encoding: identity\r\n"
    return Target(origin, opening)


def head_of(method: str, target: Target, headers: Sequence[tuple[str, str]], length: int) -> bytes:
    """The head of a request with a body of this many bytes. Raises UnsendableRequestError."""
    for known, found in target.written:
        if known is headers:
            lines = found
            break
    else:
        lines = _lines(target.opening, headers)
        if headers.__class__ is tuple:
            # Whoever sends the same headers again hands in the same tuple, which nobody can have changed meanwhile.
            target.written = ((headers, lines), *target.written[:1])
    return lines + (b"content-length: %d\r\n\r\n" % length if length or method in _WITH_BODY else b"\r\n")


def _lines(opening: str, headers: Sequence[tuple[str, str]]) -> bytes:
    lines = [opening]
    for name, value in headers:
        # Printable ASCII is the usual case, and quickly seen; the pattern also lets tabs and Latin-1 through.
        if not _is_free(name) or not ((value.isascii() and value.isprintable()) or _VALUE.fullmatch(value)):
            raise UnsendableRequestError(_header_problem(name), hint="remove that header")
        lines.append(f"{name}: {value}\r\n")
    return "".join(lines).encode("latin-1")


@functools.lru_cache(maxsize=_KEPT)
def _is_free(name: str) -> bool:
    return bool(_TOKEN.fullmatch(name)) and name.lower() not in _OURS


def _header_problem(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        return "the name of a header is none"
    if name.lower() in _OURS:
        return f"the header {name.lower()} is written by the client itself"
    return f"the value of the header {name.lower()} holds characters that cannot be sent"


def _split(url: str) -> SplitResult:
    # Before anything is parsed: the parser silently drops line breaks and tabs.
    if any(char <= " " or char == "\x7f" for char in url):
        raise UnsendableRequestError("its address holds spaces or control characters", hint="percent-encode them")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise UnsendableRequestError("its address is none", hint="write http(s)://host[:port]/path") from None
    if parts.scheme not in _PORTS or not parts.netloc:
        raise UnsendableRequestError("its address is neither http:// nor https://", hint="write the whole address")
    if "@" in parts.netloc or "#" in url:
        raise UnsendableRequestError(
            "its address holds a user name or a fragment", hint="send keys in a header, and no fragment"
        )
    if not (parts.path + parts.query).isascii():
        raise UnsendableRequestError("its path is not ASCII", hint="percent-encode it")
    return parts


def _host(parts: SplitResult) -> str:
    hint = "write a host name, an IPv4 address, or an IPv6 address in brackets"
    host = parts.hostname or ""
    try:
        if "[" in parts.netloc:
            return str(IPv6Address(host))
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError:
        raise UnsendableRequestError("its host is no name and no address", hint=hint) from None
    if not _HOST_NAME.fullmatch(host):
        raise UnsendableRequestError("its host is no name and no address", hint=hint)
    return host


def _port(parts: SplitResult) -> int:
    try:
        port = _PORTS[parts.scheme] if parts.port is None else parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise UnsendableRequestError("its port is none", hint="use a port from 1 to 65535")
    return port
