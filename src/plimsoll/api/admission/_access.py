"""Who makes a request: the Host header against DNS rebinding, and the key that is shown."""

import base64
import binascii
import hmac
import re
import time
from collections.abc import Callable, Sequence
from typing import Final

from anyio import CapacityLimiter, to_thread
from starlette.types import Scope

from plimsoll.access import Acting, Right

from .._errors import WrongHostError, WrongKeyError
from .._service import Service
from .._settings import ApiSettings
from ._key_cache import KeyCache
from ._sent import Sent

OPEN_PATHS = frozenset({"/healthz", "/readyz"})
"""Asked by orchestrators that have no key and call by address; they tell nothing but alive and ready."""

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?", re.IGNORECASE)
_OF_RECORDS: Final = b"plim_"
"""How the keys begin that are made with `plimsoll key create`."""
_PLAIN_KEYS: Final = (b"x-api-key", b"api-key")
_MOST_HOSTS: Final = 1024
"""Host headers that are remembered as good ones, where a pattern allows any number of them."""
_THREADS: Final = 8
_CALLER_RIGHTS: Final[frozenset[Right]] = frozenset({"call", "read", "trace"})
ANYBODY: Final = Acting("", "whoever can reach this server", _CALLER_RIGHTS, "local")
"""Who acts while no key is asked for."""
SHARED_KEY: Final = Acting("", "the shared key of this server", _CALLER_RIGHTS, "key:shared")
"""Who acts with PLIMSOLL_API_KEY: nobody knows who that is."""


class Admission:
    """Lets requests in, and says who makes them.

    A key is asked for when one was made in the records, when the server has a shared one, or when others can reach it.
    """

    def __init__(self, service: Service, settings: ApiSettings, *, now: Callable[[], float] = time.monotonic) -> None:
        self._service = service
        self._settings = settings
        self._now = now
        self._cache = KeyCache(kept_s=settings.key_kept_s, now=now)
        self._asking = settings.keys_required or settings.api_key is not None
        self._look_again_at = float("-inf")
        self._good_hosts: set[bytes] = set()
        # Threads of its own: whoever keeps the others busy, keys are looked up.
        self._threads = CapacityLimiter(_THREADS)

    async def admit(self, scope: Scope) -> None:
        """Let a request in and note who makes it, for `acting_of`; nobody does on the open paths.

        Raises WrongHostError and NotAuthenticatedError.
        """
        if scope["path"] in OPEN_PATHS:
            return
        sent = Sent.of(scope)
        self._check_host(sent.values(b"host"))
        asks = self._asking or await self.asks()
        scope["state"]["acting"] = await self._who(scope["path"], sent) if asks else ANYBODY

    async def asks(self) -> bool:
        """Whether a key is asked for. Once it is, it stays so; until then the records are looked at now and again."""
        asked_at = self._now()
        if not self._asking and asked_at >= self._look_again_at:
            # Noted only after the answer: while it is not known, or fails, nobody may come in without a key.
            if await to_thread.run_sync(self._service.any_key, limiter=self._threads):
                self._asking = True
            self._look_again_at = asked_at + self._settings.key_kept_s
        return self._asking

    def _check_host(self, hosts: list[bytes]) -> None:
        if len(hosts) == 1 and hosts[0] in self._good_hosts:
            return
        host = hosts[0].decode("latin-1") if len(hosts) == 1 else ""
        if not host_is_allowed(host, self._settings.allowed_hosts):
            raise WrongHostError(host)
        if len(self._good_hosts) < _MOST_HOSTS:
            self._good_hosts.add(hosts[0])

    async def _who(self, path: str, sent: Sent) -> Acting:
        given = _given_key(path, sent)
        if given is None:
            raise WrongKeyError(given=False)
        if given.startswith(_OF_RECORDS):
            return self._cache.get(given) or await self._who_in_records(given)
        shared = self._settings.api_key
        if shared is None or not hmac.compare_digest(given, shared.encode()):
            raise WrongKeyError(given=True)
        return SHARED_KEY

    async def _who_in_records(self, key: bytes) -> Acting:
        asked_at = self._now()
        text = key.decode(errors="replace")
        acting = await to_thread.run_sync(self._service.authenticate, text, limiter=self._threads)
        self._cache.put(key, acting, asked_at=asked_at)
        return acting


def acting_of(scope: Scope) -> Acting:
    """Who makes a request that was let in. Raises WrongKeyError when nobody was asked."""
    acting = scope["state"].get("acting")
    if not isinstance(acting, Acting):
        raise WrongKeyError(given=False)
    return acting


def is_api_path(path: str) -> bool:
    """Whether programs call this path, and not people with a browser."""
    return path in ("/v1", "/api") or path.startswith(("/v1/", "/api/"))


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


def _given_key(path: str, sent: Sent) -> bytes | None:
    """The one key that a request shows; None where it shows none. Raises WrongKeyError when it cannot be one."""
    for_program = is_api_path(path)
    values = sent.values(b"authorization")
    if not values and for_program:
        # As the SDKs of Anthropic and Azure send it.
        plain = [value for name in _PLAIN_KEYS for value in sent.values(name)]
        return plain[0] if len(plain) == 1 else None
    if not values:
        return None
    scheme, _, credentials = (values[0] if len(values) == 1 else b"").partition(b" ")
    given = _key_in(scheme.lower(), credentials.strip(), allow_basic=not for_program)
    if given is None:
        raise WrongKeyError(given=True)
    return given


def _key_in(scheme: bytes, credentials: bytes, *, allow_basic: bool) -> bytes | None:
    # Browsers repeat Basic credentials by themselves, also for requests that another site makes them send;
    # so the API, which costs money, does not take them.
    if scheme == b"basic" and allow_basic:
        try:
            return base64.b64decode(credentials, validate=True).partition(b":")[2]
        except binascii.Error:
            return None
    return credentials if scheme == b"bearer" else None
