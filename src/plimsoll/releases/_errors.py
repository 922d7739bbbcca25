"""What can go wrong with releases and environments."""

from collections.abc import Sequence
from datetime import datetime

from plimsoll.kernel.clock import to_text
from plimsoll.kernel.errors import ConflictError, DeniedError, GateError, InvalidError, NotFoundError


class ReleaseMissingError(NotFoundError):
    """No release of that name."""

    code = "release_missing"

    def __init__(self, app: str, name: str) -> None:
        hint = "`plimsoll release list` shows the releases there are; `plimsoll release` makes one"
        if name.startswith("d-"):
            hint = (
                "that is the name of a draft: `plimsoll release` brings it before its gates and makes a release of it"
            )
        super().__init__(f"{app} has no release `{name}`", hint=hint)


class ReleaseAmbiguousError(InvalidError):
    """A short name that fits more than one release."""

    code = "release_ambiguous"

    def __init__(self, name: str, count: int) -> None:
        super().__init__(f"`{name}` fits {count} releases", hint="write more digits of its digest")


class NothingLiveError(NotFoundError):
    """No release is live in that environment."""

    code = "nothing_live"

    def __init__(self, app: str, environment: str) -> None:
        super().__init__(
            f"no release of {app} is live in {environment}",
            hint=f"`plimsoll ship RELEASE {environment}` puts one there",
        )


class EnvironmentUnknownError(NotFoundError):
    """The project declares no such environment."""

    code = "environment_unknown"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(
            f"plimsoll.yaml declares no environment `{name}`",
            hint=f"its environments are {', '.join(known)}; add `{name}` under `environments:` to make it one",
        )


class NothingBuiltError(NotFoundError):
    """The application was never built."""

    code = "nothing_built"

    def __init__(self, app: str) -> None:
        super().__init__(f"{app} was not built yet", hint="run `plimsoll build`")


class NoEarlierReleaseError(ConflictError):
    """There is nothing to roll back to."""

    code = "no_earlier_release"

    def __init__(self, app: str, environment: str) -> None:
        super().__init__(
            f"no earlier release of {app} was live in {environment}",
            hint="`plimsoll ship RELEASE ENVIRONMENT` moves to any release",
        )


class AlreadyLiveError(ConflictError):
    """The release is live there already."""

    code = "already_live"

    def __init__(self, release: str, environment: str) -> None:
        super().__init__(f"{release} is live in {environment} already", hint="there is nothing to do")


class NotGatedError(GateError):
    """The release has no evidence, or evidence of a gate that it did not pass."""

    code = "not_gated"

    def __init__(self, release: str) -> None:
        super().__init__(
            f"{release} did not pass its gates",
            hint="`plimsoll release` brings the build before its gates; no override goes past them",
        )


class RefusedError(GateError):
    """A reviewer refused the release for that environment; `refused_by` holds who did."""

    code = "release_refused"

    def __init__(self, release: str, environment: str, refused_by: Sequence[str]) -> None:
        super().__init__(
            f"{release} was refused for {environment} by {', '.join(refused_by)}",
            hint=f"whoever refused it can take that back: `plimsoll review withdraw {release} {environment}`",
        )
        self.refused_by = tuple(refused_by)


class ApprovalsMissingError(GateError):
    """The release has fewer approvals than the environment asks for; `missing` says how many are."""

    code = "approvals_missing"

    def __init__(self, release: str, environment: str, missing: int, *, approvers: Sequence[str] = ()) -> None:
        approvals = "1 more approval" if missing == 1 else f"{missing} more approvals"
        who = f" (one of {', '.join(approvers)})" if approvers else " who is not its author"
        super().__init__(
            f"{release} needs {approvals} for {environment}",
            hint=f"ask somebody{who} to look at it and to run `plimsoll review approve {release} {environment}`",
        )
        self.missing = missing
        self.approvers = tuple(approvers)


class FrozenError(GateError):
    """Nothing may be shipped there now; `until` says when it may be again, None that no end is in sight."""

    code = "environment_frozen"

    def __init__(self, environment: str, why: str, until: datetime | None) -> None:
        end = f"until {to_text(until)[:16]}Z" if until else "with no end in sight"
        super().__init__(
            f"{environment} is frozen {end}: {why}",
            hint=f"wait until then; `plimsoll rollback {environment}` always works",
        )
        self.why = why
        self.until = until


class OwnReleaseError(DeniedError):
    """The author of a release may not approve it."""

    code = "own_release"

    def __init__(self, release: str) -> None:
        super().__init__(
            f"you made {release}, and nobody approves a release of their own",
            hint="ask somebody else to approve it",
        )


class NotAnApproverError(DeniedError):
    """The environment names its approvers, and the actor is not among them."""

    code = "not_an_approver"

    def __init__(self, environment: str, approvers: Sequence[str]) -> None:
        super().__init__(
            f"you are not among the approvers of {environment}",
            hint=f"ask one of them: {', '.join(approvers)}; who they are stands under `promotion:` in plimsoll.yaml",
        )
        self.approvers = tuple(approvers)


class IdentityUnprovenError(DeniedError):
    """A protected environment wants to know for certain who acts."""

    code = "identity_unproven"

    def __init__(self, environment: str) -> None:
        super().__init__(
            f"{environment} is protected, and the user name of this machine proves nobody's identity",
            hint="do it with an API key of your own; an administrator makes one with `plimsoll key create`",
        )


class ReasonMissingError(InvalidError):
    """The move needs a reason."""

    code = "reason_missing"

    def __init__(self, environment: str, *, override: bool = False) -> None:
        what = "an override" if override else f"every move of {environment}"
        super().__init__(f"{what} needs a reason", hint='say why: `--reason "…"`')


class NothingToWithdrawError(ConflictError):
    """The actor has no answer that could be withdrawn."""

    code = "nothing_to_withdraw"

    def __init__(self, release: str, environment: str) -> None:
        super().__init__(
            f"you have neither approved nor refused {release} for {environment}",
            hint="`plimsoll review list` shows the answers there are; only your own can be withdrawn",
        )


class PolicyInvalidError(InvalidError):
    """A promotion policy that cannot be."""

    code = "policy_invalid"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"the promotion policy is wrong: {what}", hint="correct what stands under `promotion:` in plimsoll.yaml"
        )


class PolicyTooNewError(InvalidError):
    """A promotion policy in a form that only a newer version knows."""

    code = "policy_too_new"

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"the promotion policy has form {found}, and this version knows forms up to {known}",
            hint="use the newer version that wrote it",
        )


class ShareInvalidError(InvalidError):
    """A share of the traffic that cannot be."""

    code = "share_invalid"

    def __init__(self, share: float) -> None:
        super().__init__(
            f"a candidate cannot take a share of {share:g} of the traffic", hint="write a number from 0 to 1"
        )


class NoSplitError(ConflictError):
    """Nothing shares the traffic."""

    code = "no_split"

    def __init__(self, environment: str) -> None:
        super().__init__(
            f"no candidate shares the traffic of {environment}",
            hint=f"`plimsoll ship RELEASE {environment} --share 10` lets one answer a tenth of it",
        )


class NothingToShareError(ConflictError):
    """There is no live release beside which a candidate could run."""

    code = "nothing_to_share"

    def __init__(self, release: str, environment: str) -> None:
        super().__init__(
            f"nothing is live in {environment}, so {release} cannot take a share of its traffic",
            hint=f"`plimsoll ship {release} {environment}` gives it all of it",
        )
