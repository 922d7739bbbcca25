"""What can go wrong when a model is chosen or called."""

from typing import ClassVar

from plimsoll.kernel.errors import DeniedError, InvalidError, UnavailableError

_MESSAGE_LENGTH = 300


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

    address: str = ""
    """Where the server was looked for: for the operator, not for callers over HTTP."""

    def __init__(self, model: str, problem: str, *, hint: str = "", retry_after_s: float | None = None) -> None:
        later = "later" if retry_after_s is None else f"in {retry_after_s:g} seconds"
        super().__init__(
            f"{model}: {plain(problem)}",
            hint=hint or f"try again {later}",
            retry_after_s=retry_after_s,
        )


class ProviderDeniedError(DeniedError):
    """The model server refuses the key."""

    code: ClassVar[str] = "provider_denied"

    def __init__(self, model: str, status: int, said: str) -> None:
        super().__init__(
            f"{model}: the server refused the key (HTTP {status}): {plain(said) or 'no reason given'}",
            hint="check the key that the route refers to, and its rights for this model",
        )


class ProviderRejectedError(InvalidError):
    """The model server says that the request itself is wrong."""

    code: ClassVar[str] = "provider_rejected"

    def __init__(self, model: str, status: int, said: str) -> None:
        super().__init__(
            f"{model}: the server refused the request (HTTP {status}): {plain(said) or 'no reason given'}",
            hint="check the model's name and `base_url` in the route, and the parameters in the prompt",
        )
