"""What keeps a check that asks somebody else from answering. No sentence holds a secret, or anything of a text."""

from plimsoll.kernel.errors import IntegrityError, InvalidError, PlimsollError, UnavailableError


class NobodyToAskError(UnavailableError):
    """A check that asks somebody else was made where nobody can be asked."""

    code = "check_nobody_to_ask"

    def __init__(self, check: str) -> None:
        super().__init__(
            f"the check {check} asks somebody else, and was made where nobody can be asked",
            hint="ask it through a server, or through a command that serves a release",
        )


class NoVerdictError(UnavailableError):
    """Whoever was asked answered something that is no verdict."""

    code = "check_no_verdict"

    def __init__(self, check: str, problem: str) -> None:
        super().__init__(
            f"the check {check} got no verdict: {problem}", hint="see what is asked, and what it answers, by hand"
        )


class CheckTimeoutError(UnavailableError):
    """A check took longer than its policy allows."""

    code = "check_timeout"

    def __init__(self, check: str, limit_s: float) -> None:
        super().__init__(
            f"the check {check} had no answer within {limit_s:g} seconds",
            hint="allow more with `timeout_s`, or see why it is slow",
        )


class RouteFailedError(UnavailableError):
    """A route that a check asked gave no answer. Not in the server's words, which may hold what it was asked."""

    code = "check_route_failed"

    def __init__(self, check: str, route: str, error: PlimsollError) -> None:
        status = getattr(error, "status", 0)
        why = f"{error.code}, HTTP {status}" if status else error.code
        super().__init__(f"the route {route}, which {check} asked, gave no answer ({why})", hint=error.hint)


class OutsideClosedError(UnavailableError):
    """Everything that checks ask through was closed."""

    code = "check_outside_closed"

    def __init__(self) -> None:
        super().__init__("what the checks ask through was closed", hint="nothing is checked any more while it stops")


class TextTooLongError(InvalidError):
    """A text is longer than a check sends, or reads."""

    code = "check_text_too_long"

    def __init__(self, check: str, most_characters: int) -> None:
        super().__init__(
            f"the check {check} takes texts of at most {most_characters:,} characters",
            hint="allow more with `most_characters` in its options, or check such texts by something else",
        )


class PrivateAddressError(InvalidError):
    """An address of a check is one of this machine or a private network."""

    code = "check_private_address"

    def __init__(self, host: str) -> None:
        super().__init__(
            f"{host} is an address of this machine or of a private network",
            hint="allow it with `private_addresses: true` in the options of the check, if it is yours",
        )


class ClassifierFilesError(InvalidError):
    """The files of a classifier are missing, broken, or of a kind that is not run here."""

    code = "classifier_files"

    def __init__(self, path: str, problem: str, *, hint: str = "") -> None:
        super().__init__(
            f"the classifier {path} cannot be used: {problem}",
            hint=hint or "its folder needs config.json, tokenizer.json, and model.safetensors or model.onnx",
        )


class ClassifierDigestError(IntegrityError):
    """The files of a classifier are others than those that a policy names."""

    code = "classifier_digest"

    def __init__(self, path: str, named: str, found: str) -> None:
        super().__init__(
            f"the files of the classifier {path} have the digest {found}, and not {named}",
            hint="put back the files that were tried, or, where these are the right ones, write their digest",
        )
