"""Refusals and broken exchanges, as errors of the model layer."""

from collections.abc import Callable, Mapping
from typing import Final

from plimsoll.http import ConnectError, ExchangeError, ExchangeTimeoutError, ResponseTooLargeError, TlsError
from plimsoll.kernel.errors import PlimsollError

from ..._errors import (
    AnswerTooLargeError,
    ContentRefusedError,
    ContextTooLongError,
    ModelMissingError,
    ProviderBusyError,
    ProviderDeniedError,
    ProviderQuotaError,
    ProviderRejectedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from .._endpoint import ProviderEndpoint
from ._types import Kind, Refusal

_TLS: Final = "no secure connection to the server is possible"
_UNREACHABLE: Final = "start the model server, or correct `base_url` in the route, which says where it is looked for"

_FINAL: Final[Mapping[Kind, Callable[[str, int, str], PlimsollError]]] = {
    "denied": ProviderDeniedError,
    "quota": ProviderQuotaError,
    "missing": ModelMissingError,
    "rejected": ProviderRejectedError,
    "too_long": ContextTooLongError,
    "refused": ContentRefusedError,
}


class Failures:
    """Makes the errors for one endpoint; its key never stands in one, whatever the server says."""

    def __init__(self, endpoint: ProviderEndpoint) -> None:
        self._model = endpoint.route_model
        self._total_s = endpoint.total_s
        self._address = endpoint.base_url
        self._secrets = [part for part in (endpoint.api_key or "").split(":") if part]

    def refused(self, refusal: Refusal) -> PlimsollError:
        """What the server said."""
        said, status, later = self._without_key(refusal.said), refusal.status, refusal.retry_after_s
        if refusal.kind in _FINAL:
            return _FINAL[refusal.kind](self._model, status, said)
        if refusal.kind == "busy":
            return ProviderBusyError(self._model, said, retry_after_s=later, status=status)
        problem = f"the server cannot answer now (HTTP {status})" + (f": {said}" if said else "")
        return ProviderUnavailableError(self._model, problem, retry_after_s=later, status=status)

    def unsendable(self, problem: str) -> ProviderRejectedError:
        """A request that cannot be written down."""
        return ProviderRejectedError(self._model, 0, problem)

    def broken(self, problem: str) -> ProviderUnavailableError:
        """An answer that breaks off, or makes no sense."""
        return ProviderUnavailableError(self._model, problem)

    def late(self) -> PlimsollError:
        """An answer that took longer than the route allows."""
        return ProviderTimeoutError(self._model, "total", self._total_s)

    def exchange(self, error: ExchangeError) -> PlimsollError:
        """A connection that was not made, or did not hold."""
        if isinstance(error, ExchangeTimeoutError):
            return ProviderTimeoutError(self._model, error.phase, error.limit_s)
        if isinstance(error, TlsError):
            insecure = self.broken(_TLS)
            insecure.unreached = True
            return insecure
        if isinstance(error, ResponseTooLargeError):
            return AnswerTooLargeError(self._model)
        if isinstance(error, ConnectError):
            unreachable = ProviderUnavailableError(self._model, "the server cannot be reached", hint=_UNREACHABLE)
            unreachable.address, unreachable.unreached = self._address, True
            return unreachable
        return self.broken("the connection to the server broke off, or what came was no good HTTP")

    def _without_key(self, said: str) -> str:
        for secret in self._secrets:
            said = said.replace(secret, "***")
        return said
