"""How the server on a port is set up."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may take of the server before its request reaches the application."""

    most_connections: int = 10_000
    """Open connections of one process; one more is answered with 503 and closed."""
    url_bytes: int = 16 * 1024
    """The longest address in a request line; a longer one is answered with 414."""
    header_bytes: int = 64 * 1024
    """All headers of a request together with its line; more is answered with 431."""
    header_count: int = 100
    header_s: float = 10.0
    """Until the headers of a request are complete (and a TLS handshake done); later is answered with 408."""
    body_silence_s: float = 15.0
    """How long a body may pause; a longer pause is answered with 408."""
    body_bytes_per_s: int = 1024
    """The slowest a body may come on average, once `body_silence_s` are over."""
    stalled_s: float = 30.0
    """How long a client may leave what was sent to it unread, with the buffer full; then it is cut off."""
    idle_s: float = 65.0
    """How long a connection is kept for the next request; longer than the 60 s for which proxies keep theirs."""
    most_pending_bytes: int = 256 * 1024
    """What a client may send ahead while an answer is on its way."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """A certificate with its chain, and its private key, both in PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where to listen, and how to end."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 takes any free port."""
    workers: int = 1
    """Processes that answer; 1 is this process."""
    drain_s: float = 30.0
    """How long requests in flight may go on after SIGTERM; then they are cut with an error event."""
    linger_s: float = 1.0
    """How long an idle connection may still bring its last request after SIGTERM; none after Ctrl-C."""
    tls: TlsFiles | None = None
    cors_origins: tuple[str, ...] = ()
    """Exact origins whose pages may call, such as `https://app.example.com`; `*` for all; none is the default."""
    access_log: bool = False
    """Write one line for each request: method, path, status, milliseconds, trace, key."""
    limits: Limits = field(default_factory=Limits)
