"""How the HTTP door is set up."""

from dataclasses import dataclass, field

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
"""The names under which a server on this machine is called; any port is accepted."""


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """What `create_app` needs to know, handed in by whoever composes the platform."""

    api_key: str | None = field(default=None, repr=False)
    """With a key, everything but the two health pages asks for it. None: open to whoever can reach the port."""
    default_environment: str = "production"
    """Answers requests that do not name an environment in `x-plimsoll-environment`."""
    allowed_hosts: tuple[str, ...] = LOOPBACK_HOSTS
    """Names that may stand in the Host header, without port; `*.example.com` for every name below, `*` for all."""
    max_body_bytes: int = 8 * 1024 * 1024
    recent_traces: int = 50
    """How many traces the console's first page lists."""
