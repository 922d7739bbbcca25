"""What can be wrong with a check before it looks at any text."""

from collections.abc import Iterable

from plimsoll.kernel.errors import InvalidError, NotFoundError
from plimsoll.kernel.words import nearest

_SHOWN = 80


class PatternInvalidError(InvalidError):
    """A pattern cannot be used; `reason` says why in a sentence without a full stop."""

    code = "pattern_invalid"

    def __init__(self, pattern: str, reason: str, *, hint: str = "") -> None:
        shown = pattern if len(pattern) <= _SHOWN else pattern[:_SHOWN] + "…"
        super().__init__(
            f"the pattern {shown!r} cannot be used: {reason}", hint=hint or "see docs/reference/guardrails.md"
        )
        self.reason = reason


class CheckUnknownError(NotFoundError):
    """There is no check of this name."""

    code = "check_unknown"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        names = list(known)
        near = nearest(name, names)
        listed = f"checks: {', '.join(names)}"
        super().__init__(f"there is no check {name!r}", hint=f"did you mean `{near}`? {listed}" if near else listed)


class KindUnknownError(NotFoundError):
    """A check finds nothing of this kind."""

    code = "kind_unknown"

    def __init__(self, check: str, kind: str, known: Iterable[str]) -> None:
        names = list(known)
        near = nearest(kind, names)
        listed = f"kinds of {check}: {', '.join(names)}"
        super().__init__(
            f"the check {check} finds no {kind!r}", hint=f"did you mean `{near}`? {listed}" if near else listed
        )


class CheckOptionsError(InvalidError):
    """A check was given settings that it cannot use."""

    code = "check_options"

    def __init__(self, check: str, what: str, instead: str, option: str = "") -> None:
        super().__init__(f"the check {check}: {what}", hint=instead)
        self.what = what
        self.option = option
        """The option that is wrong; empty where it is the check as a whole."""


class CheckPlugInError(InvalidError):
    """A check that a package brings cannot be loaded or made."""

    code = "check_plug_in"

    def __init__(self, name: str, package: str, reason: str) -> None:
        super().__init__(
            f"the check {name!r} of the package {package} cannot be used: {reason}",
            hint=f"correct, upgrade or uninstall {package}",
        )
        self.package = package


class ScanFailedError(Exception):
    """The engine gave no answer about a text; whoever asked must treat it as a refusal."""
