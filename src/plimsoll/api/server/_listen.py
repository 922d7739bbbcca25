"""The listening socket."""

import errno
import socket

from .._errors import ListenError, PortInUseError

BACKLOG = 2048
_HIGHEST_PORT = 65535
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 (only to name them; nothing is bound here)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises PortInUseError and ListenError."""
    if not 0 <= port <= _HIGHEST_PORT:
        raise ListenError(host, port, f"ports go from 0 to {_HIGHEST_PORT}")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise ListenError(host, port, str(error)) from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(host, port) from error
        raise ListenError(host, port, error.strerror or str(error)) from error
    return listener


def url_of(listener: socket.socket, *, tls: bool = False) -> str:
    """The address under which a browser on this machine finds the listener."""
    host, port = listener.getsockname()[:2]
    if host not in _WILDCARDS and ":" in host:
        host = f"[{host}]"
    return f"{'https' if tls else 'http'}://{_WILDCARDS.get(host, host)}:{port}"
