"""Who may call: the Host header against DNS rebinding, and the API key."""

import base64
import binascii
import hmac
import re
from collections.abc import Sequence

from starlette.types import Scope

from ._errors import WrongHostError, WrongKeyError
from ._settings import ApiSettings

OPEN_PATHS = frozenset({"/healthz", "/readyz"})
"""Asked by orchestrators that have no key and call by address; they tell nothing but alive and ready."""

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?", re.IGNORECASE)


def admit(scope: Scope, settings: ApiSettings) -> None:
    """Let a request in, or raise WrongHostError or WrongKeyError."""
    if scope["path"] in OPEN_PATHS:
        return
    hosts = _header_values(scope, b"host")
    host = hosts[0].decode("latin-1") if len(hosts) == 1 else ""
    if not host_is_allowed(host, settings.allowed_hosts):
        raise WrongHostError(host)
    if settings.api_key is not None:
        _check_key(scope, settings.api_key.encode())


def is_api_path(path: str) -> bool:
    """Whether programs call this path, and not people with a browser."""
    return path == "/v1" or path.startswith("/v1/")


def host_is_allowed(host: str, allowed: Sequence[str]) -> bool:
    """Whether a Host header (with or without port) is one of the names in `allowed`."""
    match = _HOST.fullmatch(host)
    if match is None:
        return False
    name = match["name"].lower().removesuffix(".")
    return any(_matches(name, pattern.lower()) for pattern in allowed)


def _matches(name: str, pattern: str) -> bool:
    if pattern == "*":
        return True
    return name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern


def _check_key(scope: Scope, key: bytes) -> None:
    values = _header_values(scope, b"authorization")
    scheme, _, credentials = (values[0] if len(values) == 1 else b"").partition(b" ")
    given = _key_in(scheme.lower(), credentials.strip(), allow_basic=not is_api_path(scope["path"]))
    if given is None or not hmac.compare_digest(given, key):
        raise WrongKeyError(given=bool(values))


def _key_in(scheme: bytes, credentials: bytes, *, allow_basic: bool) -> bytes | None:
    # Browsers repeat Basic credentials by themselves, also for requests that another site makes them send;
    # so the API, which costs money, does not take them.
    if scheme == b"basic" and allow_basic:
        try:
            return base64.b64decode(credentials, validate=True).partition(b":")[2]
        except binascii.Error:
            return None
    return credentials if scheme == b"bearer" else None


def _header_values(scope: Scope, name: bytes) -> list[bytes]:
    return [value for key, value in scope["headers"] if key == name]
