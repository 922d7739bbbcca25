"""Moving a label; a protected one only with the approval of others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from plimsoll.access import Acting
from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.errors import DeniedError, GateError
from plimsoll.registry import Guard, Reference, Registry, Version, VersionRef
from plimsoll.registry.labels import LabelMove, Labels
from plimsoll.releases import EnvironmentPolicy
from plimsoll.reviews import Answer, Question, ReviewAnswer, Reviews


class LabelProtectedError(GateError):
    """A protected label moves only when others approved it."""

    code = "label_protected"

    def __init__(self, place: str, version: str, missing: int) -> None:
        label = place.partition("@")[2]
        approvals = "1 more approval" if missing == 1 else f"{missing} more approvals"
        super().__init__(
            f"the label {place} is protected: {version} needs {approvals} before it may move there",
            hint=f"ask somebody else to run `plimsoll review approve {version} @{label}`",
        )


class LabelStaysError(GateError):
    """A protected label is never taken away."""

    code = "label_stays"

    def __init__(self, place: str) -> None:
        super().__init__(
            f"the label {place} is protected, and is never taken away",
            hint="point it at another version, which needs an approval",
        )


class OwnVersionError(DeniedError):
    """The author of a version may not approve it."""

    code = "own_version"

    def __init__(self, version: str) -> None:
        super().__init__(
            f"you published {version}, and nobody approves a version of their own", hint="ask somebody else"
        )


@dataclass(frozen=True, slots=True)
class LabelParts:
    """What moving labels needs."""

    registry: Registry
    labels: Labels
    reviews: Reviews
    policy: Callable[[str], EnvironmentPolicy | None]
    """What holds for a label; None for one that is not protected."""
    acting: Acting


@dataclass(frozen=True, slots=True)
class Placing:
    """A label of an artifact, and why it is touched."""

    key: str
    """`kind:name`."""
    label: str
    reason: str = ""

    @property
    def place(self) -> str:
        """`kind:name@label`, as reviewers are asked about it."""
        return f"{self.key}@{self.label}"


def move_label(app: str, placing: Placing, target: Reference | None, parts: LabelParts) -> LabelMove | None:
    """Point a label at a version or at another label; None as the target takes it away.

    A protected label never follows another one: it is pointed at the version that the other names now. None comes back
    when it was there already. Needs the right `label`. Raises LabelProtectedError, LabelStaysError, and what
    `Labels.move` raises.
    """
    parts.acting.require("label")
    policy = parts.policy(placing.label)
    where = None if target is None else parts.labels.target_of(app, target)
    guard: Guard = _unguarded
    if policy is not None:
        if target is None:
            raise LabelStaysError(placing.place)
        version = parts.labels.resolve(app, _text(target))
        # Exactly what was approved: another label could be moved on by whoever may move that one.
        where, guard = version.digest, _guard(app, placing, version, (policy, parts.reviews))
    return parts.labels.move(
        app, (placing.key, placing.label), where, by=parts.acting.by, reason=placing.reason, guard=guard
    )


def _unguarded(_connection: object) -> None:
    """Anybody with the right `label` moves a label that nobody protects."""


def answer_label(app: str, placing: Placing, version: Version, answer: Answer, parts: LabelParts) -> ReviewAnswer:
    """Approve or refuse that a label moves to a version, or take that back. Needs the right `approve`."""
    parts.acting.require("approve")
    by = parts.acting.by
    if answer == "approve" and by.actor == version.author:
        raise OwnVersionError(f"{placing.key}@{version.number}")
    policy = parts.policy(placing.label)
    expires_at = None if policy is None or answer != "approve" else policy.approval_expires_at(utc_now())
    question = Question(app, version.digest, placing.place)
    return parts.reviews.answer(question, answer, by=by, reason=placing.reason, expires_at=expires_at)


def approvals_that_count(
    answers: Sequence[ReviewAnswer], *, author: str, approvers: Sequence[str], now: datetime
) -> tuple[str, ...]:
    """Whose approvals let a label move.

    - Of one person only the latest answer counts; the author's never does.
    - Where the policy names its approvers, only theirs count.
    - An approval counts until it expires, that moment not included.
    - While a refusal stands, nobody's does.
    """
    latest: Mapping[str, ReviewAnswer] = {answer.actor: answer for answer in answers}
    if any(answer.answer == "refuse" for answer in latest.values()):
        return ()
    return tuple(
        actor
        for actor, answer in latest.items()
        if answer.answer == "approve"
        and actor != author
        and (not approvers or actor in approvers)
        and (answer.expires_at is None or now < answer.expires_at)
    )


def _guard(app: str, placing: Placing, version: Version, rules: tuple[EnvironmentPolicy, Reviews]) -> Guard:
    policy, reviews = rules
    ref: VersionRef = version.ref

    def guard(connection: object) -> None:
        answers = reviews.answers_in(connection, app, ref.digest, placing.place)  # type: ignore[arg-type]  # a connection, which only stores may name
        counted = approvals_that_count(answers, author=version.author, approvers=policy.approvers, now=utc_now())
        if len(counted) < policy.approvals:
            missing = policy.approvals - len(counted)
            raise LabelProtectedError(placing.place, f"{placing.key}@{version.number}", missing)

    return guard


def _text(reference: Reference) -> str:
    which = reference.label or reference.digest or reference.number
    return reference.key if which is None else f"{reference.key}@{which}"
