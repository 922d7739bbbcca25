"""What an environment asks before a release may run in it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct, ValidationError, convert, field

from plimsoll.kernel.clock import from_text, to_text
from plimsoll.kernel.digest import Digest, Json, canonical_json, digest_json

from ._errors import PolicyInvalidError, PolicyTooNewError
from ._freeze import Day, Freeze, FreezeSpan, FreezeWindow, clock_minute, holding

POLICY_FORMAT = 1
DAY_S = 86_400.0
MOST_VALID_S = 36_500 * DAY_S


@dataclass(frozen=True, slots=True)
class EnvironmentPolicy:
    """What an environment asks before a release may run in it. Nothing, where nobody wrote anything.

    Two policies that ask the same are equal and have the same digest, in whatever order they were written.
    Raises PolicyInvalidError for one that nobody could ever meet.
    """

    approvals: int = 0
    """How many different people must approve. The author of a release never counts."""
    approvers: tuple[str, ...] = ()
    """Whose approvals count, by their pseudonyms; empty is everybody with the right `approve`."""
    approval_valid_s: float | None = None
    """For how many seconds an approval counts; None is without an end."""
    reason_required: bool = False
    """Whether every move needs a reason."""
    protected: bool = False
    """Every move needs a reason; and where approvals are needed, so does a proven identity: an API key."""
    freezes: tuple[Freeze, ...] = ()
    """When nothing may be shipped. Rolling back is always allowed."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "approvers", tuple(sorted(set(self.approvers))))
        unique = {canonical_json(freeze.to_json()): freeze for freeze in self.freezes}
        object.__setattr__(self, "freezes", tuple(freeze for _, freeze in sorted(unique.items())))
        if self.approvals < 0:
            raise PolicyInvalidError("fewer than no approvals cannot be needed")
        if self.approvers and self.approvals > len(self.approvers):
            what = f"{self.approvals} approvals are needed of only {len(self.approvers)} approvers"
            raise PolicyInvalidError(what)
        if self.approval_valid_s is not None and not 0 < self.approval_valid_s <= MOST_VALID_S:
            raise PolicyInvalidError("an approval must count for longer than no time, and for less than a century")

    @property
    def needs_reason(self) -> bool:
        """Whether every move needs a reason."""
        return self.reason_required or self.protected

    @property
    def needs_proof(self) -> bool:
        """Whether who ships and who approves must be proven by an API key."""
        return self.protected and self.approvals > 0

    @property
    def digest(self) -> Digest:
        """The content address."""
        return digest_json(self.to_json())

    def approval_expires_at(self, answered_at: datetime) -> datetime | None:
        """Until when an approval of that moment counts under this policy (not included); None is without an end."""
        if self.approval_valid_s is None:
            return None
        return answered_at + timedelta(seconds=self.approval_valid_s)

    def to_json(self) -> dict[str, Json]:
        """The content whose digest is the policy's name; `from_json` reads it."""
        return {
            "format": POLICY_FORMAT,
            "approvals": self.approvals,
            "approvers": list(self.approvers),
            "approval_valid_s": self.approval_valid_s,
            "reason_required": self.reason_required,
            "protected": self.protected,
            "freezes": [freeze.to_json() for freeze in self.freezes],
        }

    @classmethod
    def from_json(cls, content: Json) -> "EnvironmentPolicy":
        """The policy that `to_json` wrote. Raises PolicyInvalidError, and PolicyTooNewError for a newer form."""
        if isinstance(content, dict) and isinstance(found := content.get("format"), int) and found > POLICY_FORMAT:
            raise PolicyTooNewError(found, POLICY_FORMAT)
        try:
            record = convert(content, _PolicyRecord)
        except ValidationError as error:
            raise PolicyInvalidError(str(error)) from error
        return cls(
            approvals=record.approvals,
            approvers=record.approvers,
            approval_valid_s=record.approval_valid_s,
            reason_required=record.reason_required,
            protected=record.protected,
            freezes=tuple(_freeze(freeze) for freeze in record.freezes),
        )


def frozen(policy: EnvironmentPolicy, now: datetime) -> Freeze | None:
    """The freeze that holds at `now`, and of several the one that ends last; None when nothing is frozen."""
    return holding(policy.freezes, now)


def policy_difference(
    old: EnvironmentPolicy, new: EnvironmentPolicy, *, name: Callable[[str], str] = str
) -> tuple[str, ...]:
    """What changes from one policy to another, in words such as `approvals 2 → 1`; nothing where nothing changes.

    `name` turns an approver's pseudonym into what a person reads.
    """
    said = [
        _change("approvals", str(old.approvals), str(new.approvals)),
        _change("approvals count", _duration(old.approval_valid_s), _duration(new.approval_valid_s)),
        _change("reason", *("required" if policy.reason_required else "not required" for policy in (old, new))),
        _change("protected", *("yes" if policy.protected else "no" for policy in (old, new))),
        *(f"approver {name(who)} removed" for who in old.approvers if who not in new.approvers),
        *(f"approver {name(who)} added" for who in new.approvers if who not in old.approvers),
        "now everybody with the right `approve` may approve" if old.approvers and not new.approvers else "",
        "now only the approvers in the list may approve" if new.approvers and not old.approvers else "",
        *_freeze_changes(old.freezes, new.freezes),
    ]
    return tuple(sentence for sentence in said if sentence)


def freeze_text(freeze: Freeze) -> str:
    """When a freeze holds, as a person reads it."""
    if isinstance(freeze, FreezeSpan):
        return f"{_minute_text(freeze.start)} to {_minute_text(freeze.end)}"
    times = freeze.to_json()
    return f"{', '.join(freeze.days)} {times['from']} to {times['until']} {freeze.zone}"


def _freeze_changes(old: Iterable[Freeze], new: Iterable[Freeze]) -> list[str]:
    """A freeze that alone keeps its reason was changed; every other one came or went."""
    gone = [freeze for freeze in old if freeze not in new]
    come = [freeze for freeze in new if freeze not in old]
    pairs = [(before, after) for before in gone for after in come if before.why == after.why]
    moved = [pair for pair in pairs if sum(pair[0].why == other.why for other, _ in pairs) == 1]
    changed = {freeze for pair in moved for freeze in pair}
    return [
        *(f"freeze '{freeze.why}' removed ({freeze_text(freeze)})" for freeze in gone if freeze not in changed),
        *(f"freeze '{freeze.why}' added ({freeze_text(freeze)})" for freeze in come if freeze not in changed),
        *(f"freeze '{was.why}' {freeze_text(was)} → {freeze_text(now)}" for was, now in moved),
    ]


def _change(what: str, old: str, new: str) -> str:
    return f"{what} {old} → {new}" if old != new else ""


def _duration(seconds: float | None) -> str:
    return "without an end" if seconds is None else f"{seconds / DAY_S:g} days"


def _minute_text(moment: datetime) -> str:
    return f"{to_text(moment)[:16]}Z"


class _FreezeRecord(Struct, forbid_unknown_fields=True):
    """A freeze as JSON holds it: a span, or with `days` a window."""

    why: str
    from_: str = field(name="from")
    until: str
    days: tuple[Day, ...] = ()
    zone: str = ""


class _PolicyRecord(Struct, forbid_unknown_fields=True):
    """A policy as JSON holds it."""

    format: Annotated[int, Meta(ge=POLICY_FORMAT, le=POLICY_FORMAT)]
    approvals: int
    approvers: tuple[str, ...]
    approval_valid_s: float | None
    reason_required: bool
    protected: bool
    freezes: tuple[_FreezeRecord, ...]


def _freeze(record: _FreezeRecord) -> Freeze:
    if record.days:
        begin, end = clock_minute(record.from_), clock_minute(record.until)
        if begin is None or end is None:
            raise PolicyInvalidError(f"the freeze '{record.why}' has a time of day that no clock shows")
        return FreezeWindow(record.days, record.why, begin, end, record.zone)
    try:
        return FreezeSpan(from_text(record.from_), from_text(record.until), record.why)
    except ValueError as error:
        raise PolicyInvalidError(f"the freeze '{record.why}' has a moment that is none") from error
