"""What can be wrong with a request before it reaches the platform, and with starting the server."""

from collections.abc import Sequence

from plimsoll.access import NotAuthenticatedError
from plimsoll.kernel.errors import InvalidError, NotFoundError, UnavailableError

_ECHO_LENGTH = 80
_LISTED_MODELS = 5


class MalformedBodyError(InvalidError):
    """The body is not JSON."""

    code = "invalid_json"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the request body could not be read as JSON: {reason}", hint="send one JSON object in UTF-8")


class FieldError(InvalidError):
    """One field of the body has a value that cannot be used."""

    code = "invalid_value"

    def __init__(self, param: str, problem: str, *, hint: str = "") -> None:
        super().__init__(f"`{param}`: {problem}" if param else problem, hint=hint)
        self.param = param or None


class UnsupportedFieldError(FieldError):
    """One field asks for something that this endpoint does not do."""

    code = "unsupported_parameter"


class MediaTypeError(InvalidError):
    """The body is not declared as JSON."""

    code = "unsupported_media_type"

    def __init__(self, found: str) -> None:
        what = f"content type `{_short(found)}` is not accepted" if found else "the request has no content type"
        super().__init__(what, hint="send the header `Content-Type: application/json`")


class BodyTooLargeError(InvalidError):
    """The body is longer than the server takes."""

    code = "request_too_large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(
            f"the request body is larger than {limit_bytes} bytes",
            hint="send fewer or shorter messages",
        )


class BodyTimeoutError(InvalidError):
    """The body did not come in time."""

    code = "request_timeout"

    def __init__(self, waited_s: float) -> None:
        super().__init__(
            f"the request body did not come within {waited_s:g} seconds", hint="send the whole request at once"
        )


class WrongHostError(InvalidError):
    """The Host header names a server that this one is not (protection against DNS rebinding)."""

    code = "invalid_host"

    def __init__(self, host: str) -> None:
        named = f"the name `{_short(host)}`" if host else "a request without a Host header"
        super().__init__(
            f"this server does not answer to {named}",
            hint="call it by an allowed name, or add the name to the server's allowed hosts",
        )


class WrongKeyError(NotAuthenticatedError):
    """No key, or not the right one."""

    code = "invalid_api_key"

    def __init__(self, *, given: bool) -> None:
        super().__init__(
            "the API key is not valid" if given else "no API key was given",
            hint="send the header `Authorization: Bearer KEY`; `plimsoll key create` makes a key",
        )


class ModelNotFoundError(NotFoundError):
    """No endpoint of that name is served in the environment."""

    code = "model_not_found"

    def __init__(self, model: str, environment: str, served: Sequence[str], *, lacks: str = "") -> None:
        """`lacks` says what the live release has none of, where it serves nothing of that kind."""
        place = f"environment `{_short(environment)}`" if environment else "the working build"
        listed = ", ".join(served[:_LISTED_MODELS]) + (", …" if len(served) > _LISTED_MODELS else "")
        if served:
            hint = f"served there: {listed}"
        elif lacks:
            hint = f"the release that is live there has no {lacks}; ship one that has"
        else:
            hint = "nothing is live there; ship a release with `plimsoll ship`"
        super().__init__(f"the model `{_short(model)}` is not served in {place}", hint=hint)
        self.param = "model"


class AnswerCutShortError(UnavailableError):
    """The platform stopped in the middle of an answer without saying why."""

    code = "answer_incomplete"

    def __init__(self) -> None:
        super().__init__("the answer ended before it was complete", hint="send the request again")


class PortInUseError(UnavailableError):
    """Another process listens on the port."""

    code = "port_in_use"

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"port {port} on {host} is used by another process",
            hint="choose another one with --port (--port 0 takes any free port)",
        )


class ListenError(InvalidError):
    """The server cannot listen where it was told to."""

    code = "cannot_listen"

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(
            f"cannot listen on {host} port {port}: {reason}",
            hint="choose an address of this machine with --host, and a port above 1023 with --port",
        )


class ClientGoneError(Exception):
    """The client closed its connection before the answer was complete. Never leaves the door."""


def _short(text: str) -> str:
    return text if len(text) <= _ECHO_LENGTH else text[:_ECHO_LENGTH] + "…"
