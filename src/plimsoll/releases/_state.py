"""Whether a release may run in an environment: rules over values, apart from any I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal

from plimsoll.kernel.clock import to_text
from plimsoll.kernel.digest import Digest
from plimsoll.ledger import By
from plimsoll.reviews import ReviewAnswer

from ._errors import (
    AlreadyLiveError,
    ApprovalsMissingError,
    FrozenError,
    IdentityUnprovenError,
    NotAnApproverError,
    NotGatedError,
    NothingToWithdrawError,
    OwnReleaseError,
    ReasonMissingError,
    RefusedError,
)
from ._freeze import thaws_at
from ._policy import EnvironmentPolicy, frozen
from ._types import EnvironmentMove, Manifest

State = Literal["draft", "gated", "approved", "live", "retired", "refused"]
Rule = Literal["refusal", "approvals", "freeze"]

_POINTER_MOVES = frozenset({"ship", "rollback"})
"""Moves that make a release live; a split only sends a part of the traffic elsewhere."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a release stands in one environment."""

    state: State
    approved_by: tuple[str, ...]
    """Whose approvals count now, in the order in which they were given."""
    missing: int
    """How many more approvals a ship needs."""
    expired: tuple[str, ...]
    """Whose approvals no longer count because their time is over."""
    refused_by: tuple[str, ...]
    """Whose refusals stand."""
    why: tuple[str, ...]
    """What stands in the way of a ship, in sentences; empty where nothing does."""


@dataclass(frozen=True)
class Promotion:
    """One release on its way into one environment, at one moment. Everything is given; nothing is read or written.

    What counts, before anything is checked:

    - Only answers to this release in this environment count, and only moves of this environment.
    - Of one person only the latest answer counts. A refusal stands, without an end and whoever has left the list of
      approvers since, until the same person withdraws it; an approval does not lift it.
    - An approval counts for one ship: after the release was live and is so no more, it needs new ones.
    - An approval counts until its time is over, that moment not included: the time that it was given, or the policy's
      of today where that is shorter.
    - An approval of the author never counts, nor that of anybody who is not in the policy's list, if it has one.
    - Where the policy wants proof, approvals and withdrawn refusals count only if they were given with an API key.

    A state is the first of these that is true:

    - draft: there is no evidence, or evidence of a gate that was not passed;
    - live: the environment's pointer is on it, whatever reviewers said later;
    - refused: a refusal stands;
    - retired: it was live, and is not any more;
    - approved: it has as many approvals as the policy asks for, or the policy asks for none;
    - gated: it passed its gates, and approvals are missing.

    A ship (and a split, a ship for a part of the traffic) is checked in this order. What no override gets past:

    - a release that did not pass its gates: NotGatedError;
    - a release that is live there already: AlreadyLiveError;
    - no reason, where the policy asks for one or an override is used: ReasonMissingError;
    - an actor whose identity is not proven, where the policy wants proof: IdentityUnprovenError.

    What an override (breaking the glass) gets past, and is recorded with:

    - `refusal`, a reviewer refused it: RefusedError;
    - `approvals`, too few others approved it: ApprovalsMissingError;
    - `freeze`, the environment is frozen: FrozenError.

    An answer is checked in this order:

    - an approval or refusal of a release that did not pass its gates: NotGatedError;
    - an approval of a release that is live there already: AlreadyLiveError;
    - an approval of the author: OwnReleaseError;
    - an approval or refusal of somebody who is not in the policy's list (the author may refuse): NotAnApproverError;
    - an approval, or a withdrawal of a refusal, without proof where the policy wants it: IdentityUnprovenError;
    - an approval of somebody whose refusal stands: RefusedError;
    - a withdrawal of somebody without an answer: NothingToWithdrawError.

    A withdrawal after the ship takes nothing back. A rollback needs no approvals, and no freeze stops it; it needs a
    reason where the policy asks for one (`check_rollback`).
    """

    manifest: Manifest
    author: str
    """The pseudonym of who made the release."""
    environment: str
    policy: EnvironmentPolicy
    answers: Sequence[ReviewAnswer]
    """Oldest first."""
    moves: Sequence[EnvironmentMove]
    """Oldest first."""
    now: datetime

    def standing(self) -> Standing:
        """Where the release stands."""
        return Standing(
            state=self._state(),
            approved_by=tuple(answer.actor for answer in self._counting),
            missing=self._missing,
            expired=tuple(answer.actor for answer in self._accepted if self._over(answer)),
            refused_by=self._refused_by,
            why=tuple(self._why()),
        )

    def check_ship(self, by: By, *, reason: str, override: bool = False) -> tuple[Rule, ...]:
        """Check a ship or a split. Gives back the rules that the override breaks; without one there are none.

        Raises the errors of the list above, the first that applies.
        """
        self._check_gated()
        if self._live:
            raise AlreadyLiveError(self.manifest.name, self.environment)
        if (override or self.policy.needs_reason) and not reason.strip():
            raise ReasonMissingError(self.environment, override=override)
        self._check_proof(by)
        broken = self._broken()
        if broken and not override:
            raise next(iter(broken.values()))
        return tuple(broken)

    def check_approve(self, by: By) -> None:
        """Check an approval. Raises the errors of the list above, the first that applies."""
        self._check_gated()
        if self._live:
            raise AlreadyLiveError(self.manifest.name, self.environment)
        if by.actor == self.author:
            raise OwnReleaseError(self.manifest.name)
        self._check_listed(by)
        self._check_proof(by)
        if by.actor in self._refused_by:
            raise RefusedError(self.manifest.name, self.environment, (by.actor,))

    def check_refuse(self, by: By) -> None:
        """Check a refusal. Raises NotGatedError and NotAnApproverError."""
        self._check_gated()
        if by.actor != self.author:
            self._check_listed(by)

    def check_withdraw(self, by: By) -> None:
        """Check that somebody takes an answer back. Raises IdentityUnprovenError and NothingToWithdrawError."""
        answer = self._latest.get(by.actor)
        if answer is None:
            raise NothingToWithdrawError(self.manifest.name, self.environment)
        if answer.answer == "refuse":
            self._check_proof(by)

    @cached_property
    def _digest(self) -> Digest:
        return self.manifest.digest

    @property
    def _gated(self) -> bool:
        evidence = self.manifest.evidence
        return bool(evidence) and all(passed.verdict == "pass" for passed in evidence)

    @cached_property
    def _pointer_moves(self) -> tuple[EnvironmentMove, ...]:
        place = (self.manifest.app, self.environment)
        return tuple(
            move for move in self.moves if (move.app, move.environment) == place and move.move in _POINTER_MOVES
        )

    @property
    def _live(self) -> bool:
        moves = self._pointer_moves
        return bool(moves) and moves[-1].to_release == self._digest

    @cached_property
    def _retired_by(self) -> int | None:
        """The sequence of the last move that took the release away; None when none did."""
        live, retired = None, None
        for move in self._pointer_moves:
            if live == self._digest != move.to_release:
                retired = move.sequence
            live = move.to_release
        return retired

    @cached_property
    def _latest(self) -> dict[str, ReviewAnswer]:
        """The answer of each person that stands; in the order in which they were given."""
        latest: dict[str, ReviewAnswer] = {}
        for answer in self.answers:
            if (answer.app, answer.subject, answer.place) != (
                self.manifest.app,
                self._digest,
                self.environment,
            ):
                continue
            before = latest.pop(answer.actor, None)
            after = self._after(before, answer)
            if after is not None:
                latest[answer.actor] = after
        return latest

    def _after(self, before: ReviewAnswer | None, answer: ReviewAnswer) -> ReviewAnswer | None:
        """Which answer of a person stands after one more."""
        refused = before is not None and before.answer == "refuse"
        if answer.answer == "withdraw":
            return before if refused and not self._proves(answer.via) else None
        return before if refused and answer.answer == "approve" else answer

    @cached_property
    def _refused_by(self) -> tuple[str, ...]:
        return tuple(actor for actor, answer in self._latest.items() if answer.answer == "refuse")

    @cached_property
    def _accepted(self) -> tuple[ReviewAnswer, ...]:
        """Approvals that count, or did until their time was over."""
        return tuple(
            answer
            for answer in self._latest.values()
            if answer.answer == "approve"
            and answer.actor != self.author
            and self._listed(answer.actor)
            and self._proves(answer.via)
            and (self._retired_by is None or answer.sequence > self._retired_by)
        )

    @property
    def _counting(self) -> tuple[ReviewAnswer, ...]:
        return tuple(answer for answer in self._accepted if not self._over(answer))

    @property
    def _missing(self) -> int:
        return max(0, self.policy.approvals - len(self._counting))

    def _over(self, answer: ReviewAnswer) -> bool:
        ends = (answer.expires_at, self.policy.approval_expires_at(answer.answered_at))
        return any(end is not None and end <= self.now for end in ends)

    def _state(self) -> State:
        if not self._gated:
            return "draft"
        if self._live:
            return "live"
        if self._refused_by:
            return "refused"
        if self._retired_by is not None:
            return "retired"
        return "gated" if self._missing else "approved"

    def _broken(self) -> dict[Rule, ApprovalsMissingError | FrozenError | RefusedError]:
        """The rules that a ship would break, in their order, and what each says."""
        release, broken = self.manifest.name, dict[Rule, ApprovalsMissingError | FrozenError | RefusedError]()
        if self._refused_by:
            broken["refusal"] = RefusedError(release, self.environment, self._refused_by)
        if self._missing:
            others = self._asked()
            broken["approvals"] = ApprovalsMissingError(release, self.environment, self._missing, approvers=others)
        freeze = frozen(self.policy, self.now)
        if freeze is not None:
            until = thaws_at(self.policy.freezes, self.now)
            broken["freeze"] = FrozenError(self.environment, freeze.why, until)
        return broken

    def _asked(self) -> tuple[str, ...]:
        """Who of the policy's list can still be asked."""
        done = {self.author, *(answer.actor for answer in self._counting)}
        return tuple(actor for actor in self.policy.approvers if actor not in done)

    def _why(self) -> list[str]:
        if not self._gated:
            return [NotGatedError(self.manifest.name).message]
        if self._live:
            return []
        expired = [
            f"the approval of {answer.actor} from {to_text(answer.answered_at)[:16]}Z has expired"
            for answer in self._accepted
            if self._missing and self._over(answer)
        ]
        return [*(error.message for error in self._broken().values()), *expired]

    def _check_gated(self) -> None:
        if not self._gated:
            raise NotGatedError(self.manifest.name)

    def _check_listed(self, by: By) -> None:
        if not self._listed(by.actor):
            raise NotAnApproverError(self.environment, self.policy.approvers)

    def _check_proof(self, by: By) -> None:
        if not self._proves(by.via):
            raise IdentityUnprovenError(self.environment)

    def _listed(self, actor: str) -> bool:
        return not self.policy.approvers or actor in self.policy.approvers

    def _proves(self, via: str) -> bool:
        return not self.policy.needs_proof or via.startswith("key:")


def check_rollback(policy: EnvironmentPolicy, environment: str, *, reason: str) -> None:
    """Check a rollback, or the end of a split: the way back is always open. Raises ReasonMissingError."""
    if policy.needs_reason and not reason.strip():
        raise ReasonMissingError(environment)
