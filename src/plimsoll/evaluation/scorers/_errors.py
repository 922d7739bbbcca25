"""What can be wrong with what a suite says of a scorer or a figure, and with one that a package brings."""

from typing import Literal

from plimsoll.kernel.errors import InvalidError

Kind = Literal["scorer", "figure"]


class ScorerOptionsError(InvalidError):
    """A suite gives a scorer, or a figure, options that it cannot be made with."""

    code = "scorer_options"

    def __init__(self, scorer: str, what: str, hint: str, kind: Kind = "scorer") -> None:
        super().__init__(f"{kind} {scorer[:80]}: {what}", hint=hint)


class ScorerPlugInError(InvalidError):
    """A scorer that a package brings cannot be loaded or made."""

    code = "scorer_plug_in"

    def __init__(self, name: str, package: str, reason: str) -> None:
        super().__init__(
            f"the scorer {name!r} of the package {package} cannot be used: {reason[:300]}",
            hint=f"correct, upgrade or uninstall {package}",
        )
        self.package = package
