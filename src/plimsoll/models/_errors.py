"""What can go wrong when a model is chosen or called."""

from typing import ClassVar

from plimsoll.http import Phase
from plimsoll.kernel.errors import BlockedError, DeniedError, InvalidError, NotFoundError, UnavailableError

_MESSAGE_LENGTH = 300
_PHASES: dict[Phase, str] = {
    "connect": "connecting",
    "write": "sending the request",
    "first_byte": "the wait for an answer",
    "between": "a pause in the answer",
    "total": "the whole answer",
}


def plain(text: str) -> str:
    """One short line of what a server said: control characters become spaces, at most 300 characters."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * _MESSAGE_LENGTH]).split())
    return line if len(line) <= _MESSAGE_LENGTH else line[: _MESSAGE_LENGTH - 1] + "…"


class EmbedderFilesError(UnavailableError):
    """The files of the built-in embedder are not installed, or cannot be read."""

    code: ClassVar[str] = "embedder_files"

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"the built-in embedder cannot start: {plain(problem)}",
            hint="install its weights again: pip install wordllama==0.4.0.post1",
        )


class UnknownEmbedderError(InvalidError):
    """No embedder has this name."""

    code: ClassVar[str] = "unknown_embedder"

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"there is no embedder {plain(name)!r}", hint=f"use one of: {', '.join(known)}")


class RouteModelError(InvalidError):
    """A route names a model, an address or a key that cannot be used."""

    code: ClassVar[str] = "route_model"

    def __init__(self, problem: str, *, hint: str = "") -> None:
        super().__init__(problem, hint=hint)


class ProviderUnavailableError(UnavailableError):
    """The model server does not answer now, or broke off."""

    code: ClassVar[str] = "provider_unavailable"
    retryable: ClassVar[bool] = True
    """Whether the same call may well succeed on the same server a little later."""

    address: str = ""
    """Where the server was looked for: for the operator, not for callers over HTTP."""
    unreached: bool = False
    """Whether nothing of the call was sent."""

    def __init__(
        self, model: str, problem: str, *, hint: str = "", retry_after_s: float | None = None, status: int = 0
    ) -> None:
        later = "later" if retry_after_s is None else f"in {retry_after_s:g} seconds"
        super().__init__(
            f"{model}: {plain(problem)}",
            hint=hint or f"try again {later}",
            retry_after_s=retry_after_s,
        )
        self.status = status
        """What the server answered with, such as 503; 0 when there was no answer."""


class AnswerTooLargeError(ProviderUnavailableError):
    """The model server sent more than is taken of one answer; it is well otherwise."""

    def __init__(self, model: str) -> None:
        super().__init__(model, "the server sent more than fits into an answer")


class ProviderBusyError(UnavailableError):
    """The model server is well, and asks for fewer calls."""

    code: ClassVar[str] = "rate_limit_exceeded"
    retryable: ClassVar[bool] = True

    def __init__(self, model: str, said: str, *, retry_after_s: float | None = None, status: int = 429) -> None:
        later = "later" if retry_after_s is None else f"in {retry_after_s:g} seconds"
        super().__init__(
            f"{model}: the server has too many calls (HTTP {status}): {plain(said) or 'no reason given'}",
            hint=f"try again {later}, or name a second model in the route",
            retry_after_s=retry_after_s,
        )
        self.status = status


class ProviderQuotaError(UnavailableError):
    """The account at the model server is used up: waiting does not help."""

    code: ClassVar[str] = "provider_quota"
    retryable: ClassVar[bool] = False

    def __init__(self, model: str, status: int, said: str) -> None:
        super().__init__(
            f"{model}: the account at the server is used up (HTTP {status}): {plain(said) or 'no reason given'}",
            hint="check the plan and the limits of the account that the key belongs to",
        )
        self.status = status


class ProviderTimeoutError(UnavailableError):
    """The model server took too long in one phase of a call, or for the whole of it."""

    code: ClassVar[str] = "provider_timeout"
    retryable: ClassVar[bool] = True

    def __init__(self, model: str, phase: Phase, limit_s: float, *, status: int = 0) -> None:
        super().__init__(
            f"{model}: the server did not answer in time ({_PHASES[phase]} took more than {limit_s:g} seconds)",
            hint="try again later, or allow more time in the route",
        )
        self.phase = phase
        self.status = status


class ProviderDeniedError(DeniedError):
    """The model server refuses the key."""

    code: ClassVar[str] = "provider_denied"
    retryable: ClassVar[bool] = False

    def __init__(self, model: str, status: int, said: str) -> None:
        super().__init__(
            f"{model}: the server refused the key (HTTP {status}): {plain(said) or 'no reason given'}",
            hint="check the key that the route refers to, and its rights for this model",
        )
        self.status = status


class ProviderRejectedError(InvalidError):
    """The model server says that the request itself is wrong."""

    code: ClassVar[str] = "provider_rejected"
    retryable: ClassVar[bool] = False

    def __init__(self, model: str, status: int, said: str) -> None:
        answer = f" (HTTP {status})" if status else ""
        super().__init__(
            f"{model}: the server refused the request{answer}: {plain(said) or 'no reason given'}",
            hint="check the model's name and `base_url` in the route, and the parameters in the prompt",
        )
        self.status = status


class ModelMissingError(NotFoundError):
    """The model server does not have the model that the route names."""

    code: ClassVar[str] = "model_not_found"
    retryable: ClassVar[bool] = False

    def __init__(self, model: str, status: int, said: str) -> None:
        super().__init__(
            f"{model}: the server does not have this model (HTTP {status}): {plain(said) or 'no reason given'}",
            hint="check the model's name and `base_url` in the route",
        )
        self.status = status


class ContextTooLongError(InvalidError):
    """The messages have more tokens than the model can read."""

    code: ClassVar[str] = "context_length_exceeded"
    retryable: ClassVar[bool] = False

    def __init__(self, model: str, status: int, said: str) -> None:
        super().__init__(
            f"{model}: the request is too long for the model (HTTP {status}): {plain(said) or 'no reason given'}",
            hint="send less text, ask for a shorter answer, or name a model that reads more",
        )
        self.status = status


class ContentRefusedError(BlockedError):
    """The model server's own filter does not treat this content."""

    code: ClassVar[str] = "content_filter"
    retryable: ClassVar[bool] = False

    def __init__(self, model: str, status: int, said: str) -> None:
        super().__init__(
            f"{model}: the server's content filter refused (HTTP {status}): {plain(said) or 'no reason given'}",
            hint="change what is asked",
        )
        self.status = status


class LocalEmbeddingError(InvalidError):
    """The built-in embedder is asked for something that it does not do."""

    code: ClassVar[str] = "not_for_this_embedder"

    def __init__(self, model: str, problem: str) -> None:
        super().__init__(f"{model}: {problem}", hint="send texts, and leave `dimensions` out for all numbers")
