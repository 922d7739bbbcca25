"""Moving a label; a protected one only with the approval of others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from plimsoll.access import Acting
from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.errors import DeniedError, GateError
from plimsoll.registry import Guard, Reference, Registry, Version, VersionRef
from plimsoll.registry.labels import LabelMove, Labels, labels_passed
from plimsoll.releases import EnvironmentPolicy
from plimsoll.reviews import Answer, Question, ReviewAnswer, Reviews

from .policy import LABEL, NOTHING, PolicyParts, settle


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


class LabelFollowedError(GateError):
    """A protected label would move with another one."""

    code = "label_followed"

    def __init__(self, place: str, follower: str) -> None:
        super().__init__(
            f"the protected label `{follower}` follows {place}, and would move with it",
            hint=f"point `{follower}` at a version first, which needs an approval",
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
    policies: PolicyParts
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
    policy = settle(app, LABEL + placing.label, parts.policies)
    where = None if target is None else parts.labels.target_of(app, target)
    guard: Guard = _unguarded
    _check_followers(app, placing, parts)
    if policy != NOTHING:
        if target is None:
            raise LabelStaysError(placing.place)
        version = parts.labels.resolve(app, _text(target))
        # Exactly what was approved: another label could be moved on by whoever may move that one.
        where, guard = version.digest, _guard(app, placing, version, (policy, parts.reviews))
    return parts.labels.move(
        app, (placing.key, placing.label), where, by=parts.acting.by, reason=placing.reason, guard=guard
    )


def _check_followers(app: str, placing: Placing, parts: LabelParts) -> None:
    """Refuse to move what a protected label follows: it may have followed since before anybody protected it."""
    held = parts.policies.environments.adopted(app)
    targets = {label.label: label.target for label in parts.labels.labels(app, placing.key)}
    for label in targets:
        if label == placing.label or held.get(LABEL + label, NOTHING) == NOTHING:
            continue
        if placing.label in labels_passed(label, targets):
            raise LabelFollowedError(placing.place, label)


def _unguarded(_connection: object) -> None:
    """Anybody with the right `label` moves a label that nobody protects."""


def answer_label(app: str, placing: Placing, version: Version, answer: Answer, parts: LabelParts) -> ReviewAnswer:
    """Approve or refuse that a label moves to a version, or take that back. Needs the right `approve`."""
    parts.acting.require("approve")
    by = parts.acting.by
    if answer == "approve" and by.actor == version.author:
        raise OwnVersionError(f"{placing.key}@{version.number}")
    policy = settle(app, LABEL + placing.label, parts.policies)
    expires_at = policy.approval_expires_at(utc_now()) if answer == "approve" else None
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
        question = Question(app, ref.digest, placing.place)
        answers = reviews.trusted_in(connection, question, since=version.sequence)  # type: ignore[arg-type]  # a connection, which only stores may name
        counted = approvals_that_count(answers, author=version.author, approvers=policy.approvers, now=utc_now())
        if len(counted) < policy.approvals:
            missing = policy.approvals - len(counted)
            raise LabelProtectedError(placing.place, f"{placing.key}@{version.number}", missing)

    return guard


def _text(reference: Reference) -> str:
    which = reference.label or reference.digest or reference.number
    return reference.key if which is None else f"{reference.key}@{which}"
