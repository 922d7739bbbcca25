"""What can be wrong with a policy."""

from plimsoll.kernel.errors import InvalidError


class PolicyInvalidError(InvalidError):
    """A policy cannot be compiled; `what` and `instead` say why and what would be right, without the place."""

    code = "policy_invalid"

    def __init__(self, name: str, place: str, what: str, instead: str) -> None:
        where = f"{place} of the guardrail {name}" if place else f"the guardrail {name}"
        super().__init__(f"{where}: {what}", hint=instead)
        self.what = what
        self.instead = instead
