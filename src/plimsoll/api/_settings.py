"""How the HTTP door is set up."""

from dataclasses import dataclass, field

from .load import LoadSettings

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
"""The names under which a server on this machine is called; any port is accepted."""


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """What `create_app` needs to know, handed in by whoever composes the platform."""

    api_key: str | None = field(default=None, repr=False)
    """One more key that callers may show, beside those in the records. It may call, read and see traces.

    Text that begins with `plim_` is never it: such a key is always looked up in the records.
    """
    keys_required: bool = False
    """Ask for a key also while none was ever made: wherever others can reach the server."""
    key_kept_s: float = 5.0
    """How long a good key is good without asking the records again; a revoked key works that much longer at most."""
    default_environment: str = "production"
    """Answers requests that do not name an environment in `x-plimsoll-environment`."""
    allowed_hosts: tuple[str, ...] = LOOPBACK_HOSTS
    """Names that may stand in the Host header, without port; `*.example.com` for every name below, `*` for all."""
    max_body_bytes: int = 8 * 1024 * 1024
    load: LoadSettings = field(default_factory=LoadSettings)
    """How much one process takes on at a time."""
    recent_traces: int = 50
    """How many traces the console's first page lists."""
