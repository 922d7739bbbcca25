"""What can keep guardrails from being marked, measured or tuned."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from plimsoll.kernel.errors import InvalidError, NotFoundError
from plimsoll.kernel.words import nearest


class TriggerMissingError(NotFoundError):
    """Nothing triggered in a request that fits what should be marked."""

    code = "trigger_missing"

    def __init__(self, trace: str, wanted: str, known: Iterable[str]) -> None:
        listed = ", ".join(dict.fromkeys(known))
        super().__init__(
            f"{wanted} did not trigger in the request {trace}",
            hint=f"what did: {listed}; for what should have triggered and did not, write `missed`"
            if listed
            else "nothing did; for what should have triggered, write `missed`",
        )


class MarkUnfitError(InvalidError):
    """A mark that says nothing that can be counted."""

    code = "mark_unfit"


class CheckNotAskedError(NotFoundError):
    """A policy has no such check."""

    code = "check_not_asked"

    def __init__(self, check: str, policy: str, known: Sequence[str]) -> None:
        near = nearest(check, known)
        listed = f"its checks are: {', '.join(known)}" if known else "it has none"
        super().__init__(
            f"the guardrail {policy} has no check {check}", hint=f"did you mean `{near}`? {listed}" if near else listed
        )


class GuardrailUnknownError(NotFoundError):
    """Neither the project nor the registry has such a guardrail."""

    code = "guardrail_unknown"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        listed = f"guardrails are: {', '.join(known)}" if known else "the project has none"
        super().__init__(
            f"there is no guardrail {name}", hint=f"{listed}; also NAME@NUMBER of the registry, or a YAML file"
        )


class PolicyFileError(InvalidError):
    """A file that should hold a policy does not."""

    code = "policy_file"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be read as a guardrail: {reason}", hint="write it as guardrails/NAME.yaml are")


class NothingToTuneError(InvalidError):
    """There is nothing from which thresholds could be learned."""

    code = "nothing_to_tune"
