from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from plimsoll.kernel.digest import digest_bytes
from plimsoll.kernel.errors import DeniedError, GateError, PlimsollError
from plimsoll.ledger import By
from plimsoll.releases._errors import (
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
from plimsoll.releases._freeze import DAYS, FreezeSpan, FreezeWindow
from plimsoll.releases._policy import EnvironmentPolicy
from plimsoll.releases._state import Promotion, Rule, Standing, check_rollback
from plimsoll.releases._types import EnvironmentMove, Evidence, Manifest, Move
from plimsoll.reviews import Answer, ReviewAnswer

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
AUTHOR, ANNA, BEN, CARLA = "s-author", "s-anna", "s-ben", "s-carla"
PEOPLE = (AUTHOR, ANNA, BEN, CARLA)
KEY = "key:pk_1"
TWO_OF_THREE = EnvironmentPolicy(approvals=2, approvers=(ANNA, BEN, CARLA))
YEAR_END = FreezeSpan(NOW - HOUR, NOW + HOUR, "year end")


def manifest(name: str, verdict: str = "pass") -> Manifest:
    digest = digest_bytes(name.encode())
    evidence = (Evidence("ask", digest, digest, "pass"), Evidence("safety", digest, digest, verdict))
    return Manifest("app", {"prompt:answer": digest}, evidence if verdict else ())


RELEASE, NEXT, DRAFT, FAILED = manifest("one"), manifest("two"), manifest("draft", ""), manifest("failed", "fail")


class Records:
    """What was written down: answers and moves, in one order."""

    def __init__(self, policy: EnvironmentPolicy = TWO_OF_THREE) -> None:
        self.policy = policy
        self.now = NOW
        self.answers: list[ReviewAnswer] = []
        self.moves: list[EnvironmentMove] = []

    @property
    def sequence(self) -> int:
        return len(self.answers) + len(self.moves)

    def promotion(self, of: Manifest = RELEASE, environment: str = "production") -> Promotion:
        return Promotion(of, AUTHOR, environment, self.policy, self.answers, self.moves, self.now)

    def standing(self, of: Manifest = RELEASE, environment: str = "production") -> Standing:
        return self.promotion(of, environment).standing()

    def says(
        self,
        actor: str,
        answer: Answer = "approve",
        *,
        of: Manifest = RELEASE,
        place: str = "production",
        via: str = KEY,
        expires_at: datetime | None = None,
    ) -> None:
        said = ReviewAnswer(self.sequence, of.app, of.digest, place, actor, answer, self.now, expires_at, via)
        self.answers.append(said)

    def moved(self, to: Manifest = RELEASE, move: Move = "ship", environment: str = "production") -> None:
        before = self.live(environment)
        self.moves.append(
            EnvironmentMove(self.sequence, "app", environment, move, before, to.digest, self.now, AUTHOR, "")
        )

    def live(self, environment: str = "production") -> str | None:
        moved = [move.to_release for move in self.moves if move.environment == environment and move.move != "split"]
        return moved[-1] if moved else None


@pytest.fixture
def kept() -> Records:
    return Records()


def ship(kept: Records, *, override: bool = False, reason: str = "", via: str = KEY) -> tuple[Rule, ...]:
    return kept.promotion().check_ship(By(AUTHOR, via), reason=reason, override=override)


def test_a_release_goes_from_gated_to_approved_to_live_to_retired(kept: Records) -> None:
    assert kept.standing().state == "gated"
    kept.says(ANNA)
    assert (kept.standing().state, kept.standing().missing, kept.standing().approved_by) == ("gated", 1, (ANNA,))
    kept.says(BEN)
    assert kept.standing() == Standing("approved", (ANNA, BEN), 0, (), (), ())
    assert ship(kept) == ()
    kept.moved()
    assert kept.standing().state == "live"
    kept.moved(NEXT)
    assert (kept.standing().state, kept.standing(NEXT).state) == ("retired", "live")


def test_without_a_policy_a_gated_release_is_approved(kept: Records) -> None:
    kept.policy = EnvironmentPolicy()
    assert kept.standing() == Standing("approved", (), 0, (), (), ())
    assert ship(kept, via="local") == ()


@pytest.mark.parametrize("what", [DRAFT, FAILED, manifest("unmeasured", "not measured")])
def test_what_did_not_pass_every_gate_is_a_draft_and_no_override_helps(kept: Records, what: Manifest) -> None:
    kept.policy = EnvironmentPolicy()
    promotion = kept.promotion(what)
    assert promotion.standing().state == "draft"
    assert promotion.standing().why == (f"{what.name} did not pass its gates",)
    checks: list[Callable[[], object]] = [
        lambda: promotion.check_ship(By(ANNA, KEY), reason="now", override=True),
        lambda: promotion.check_approve(By(ANNA, KEY)),
        lambda: promotion.check_refuse(By(ANNA, KEY)),
    ]
    for check in checks:
        with pytest.raises(NotGatedError):
            check()


def test_missing_approvals_are_counted_and_the_way_to_them_is_said(kept: Records) -> None:
    kept.says(BEN)
    with pytest.raises(ApprovalsMissingError) as caught:
        ship(kept)
    error = caught.value
    assert isinstance(error, GateError)
    assert error.message == f"{RELEASE.name} needs 1 more approval for production"
    assert f"`plimsoll review approve {RELEASE.name} production`" in error.hint
    assert (error.missing, error.approvers) == (1, (ANNA, CARLA))


def test_the_same_person_counts_once(kept: Records) -> None:
    kept.says(ANNA)
    kept.says(ANNA)
    assert (kept.standing().approved_by, kept.standing().missing) == ((ANNA,), 1)


def test_the_author_neither_counts_nor_may_approve(kept: Records) -> None:
    kept.policy = EnvironmentPolicy(approvals=1, approvers=(AUTHOR, ANNA))
    kept.says(AUTHOR)
    assert kept.standing().approved_by == ()
    with pytest.raises(OwnReleaseError) as caught:
        kept.promotion().check_approve(By(AUTHOR, KEY))
    assert isinstance(caught.value, DeniedError)


def test_the_author_may_refuse_and_take_that_back(kept: Records) -> None:
    kept.promotion().check_refuse(By(AUTHOR, KEY))
    kept.says(AUTHOR, "refuse")
    assert kept.standing().state == "refused"
    kept.promotion().check_withdraw(By(AUTHOR, KEY))
    kept.says(AUTHOR, "withdraw")
    assert kept.standing().state == "gated"


def test_only_approvers_in_the_list_count_and_may_answer(kept: Records) -> None:
    kept.says("s-stranger")
    assert kept.standing().approved_by == ()
    for check in (kept.promotion().check_approve, kept.promotion().check_refuse):
        with pytest.raises(NotAnApproverError) as caught:
            check(By("s-stranger", KEY))
        assert caught.value.approvers == (ANNA, BEN, CARLA)
    kept.policy = replace(kept.policy, approvers=())
    kept.promotion().check_approve(By("s-stranger", KEY))
    assert kept.standing().approved_by == ("s-stranger",)


def test_an_approver_who_left_the_list_counts_no_more(kept: Records) -> None:
    kept.says(ANNA)
    kept.policy = replace(kept.policy, approvers=(BEN, CARLA))
    assert kept.standing().approved_by == ()


def test_an_approval_counts_to_before_its_end(kept: Records) -> None:
    kept.says(ANNA, expires_at=NOW + HOUR)
    kept.says(BEN)
    kept.now = NOW + HOUR - timedelta(microseconds=1)
    assert kept.standing().state == "approved"
    kept.now = NOW + HOUR
    standing = kept.standing()
    assert (standing.state, standing.approved_by, standing.expired) == ("gated", (BEN,), (ANNA,))
    assert standing.why[-1] == f"the approval of {ANNA} from 2026-03-04T12:00Z has expired"
    kept.says(ANNA)
    assert kept.standing().state == "approved"
    assert kept.standing().expired == ()


def test_a_policy_that_became_stricter_ends_older_approvals_and_a_laxer_one_does_not_prolong_them(
    kept: Records,
) -> None:
    kept.says(ANNA)
    kept.says(BEN, expires_at=NOW + HOUR)
    kept.now = NOW + 2 * HOUR
    assert kept.standing().approved_by == (ANNA,)
    kept.policy = replace(kept.policy, approval_valid_s=7199)
    assert kept.standing().approved_by == ()
    kept.policy = replace(kept.policy, approval_valid_s=7201)
    assert kept.standing().approved_by == (ANNA,)


def test_an_approval_that_was_withdrawn_counts_no_more(kept: Records) -> None:
    kept.says(ANNA)
    kept.says(BEN)
    kept.promotion().check_withdraw(By(ANNA, "local"))
    kept.says(ANNA, "withdraw")
    assert kept.standing().approved_by == (BEN,)
    with pytest.raises(NothingToWithdrawError):
        kept.promotion().check_withdraw(By(ANNA, KEY))


def test_nobody_withdraws_the_answer_of_somebody_else(kept: Records) -> None:
    kept.says(ANNA)
    with pytest.raises(NothingToWithdrawError):
        kept.promotion().check_withdraw(By(BEN, KEY))
    kept.says(BEN, "withdraw")
    assert kept.standing().approved_by == (ANNA,)


def test_a_withdrawal_after_the_ship_takes_nothing_back(kept: Records) -> None:
    kept.says(ANNA)
    kept.says(BEN)
    kept.moved()
    kept.says(ANNA, "withdraw")
    kept.says(BEN, "refuse")
    standing = kept.standing()
    assert (standing.state, standing.refused_by, standing.why) == ("live", (BEN,), ())


def test_an_approval_is_for_one_environment_and_one_release(kept: Records) -> None:
    kept.says(ANNA, place="staging")
    kept.says(BEN, of=NEXT)
    assert kept.standing().approved_by == ()
    assert kept.standing(environment="staging").approved_by == (ANNA,)


def test_a_refusal_stands_until_the_same_person_withdraws_it(kept: Records) -> None:
    for actor in (ANNA, BEN):
        kept.says(actor)
    kept.says(CARLA, "refuse")
    assert (kept.standing().state, kept.standing().refused_by) == ("refused", (CARLA,))
    with pytest.raises(RefusedError, match=CARLA):
        ship(kept)
    with pytest.raises(RefusedError):
        kept.promotion().check_approve(By(CARLA, KEY))
    kept.says(CARLA)
    kept.says(ANNA, "withdraw")
    assert kept.standing().refused_by == (CARLA,)
    kept.policy = replace(kept.policy, approvers=(ANNA, BEN))
    assert kept.standing().refused_by == (CARLA,)
    kept.promotion().check_withdraw(By(CARLA, KEY))
    kept.says(CARLA, "withdraw")
    assert (kept.standing().state, kept.standing().approved_by) == ("gated", (BEN,))


def test_a_refusal_takes_the_place_of_an_approval(kept: Records) -> None:
    kept.says(ANNA)
    kept.says(ANNA, "refuse")
    kept.says(ANNA, "withdraw")
    assert kept.standing().approved_by == ()


def test_a_retired_release_needs_new_approvals(kept: Records) -> None:
    for actor in (ANNA, BEN):
        kept.says(actor)
    kept.moved()
    with pytest.raises(AlreadyLiveError):
        ship(kept)
    with pytest.raises(AlreadyLiveError):
        kept.promotion().check_approve(By(CARLA, KEY))
    kept.says(CARLA)
    kept.moved(NEXT)
    assert (kept.standing().state, kept.standing().missing) == ("retired", 2)
    with pytest.raises(ApprovalsMissingError):
        ship(kept)
    for actor in (ANNA, BEN):
        kept.says(actor)
    assert (kept.standing().state, kept.standing().missing, kept.standing().why) == ("retired", 0, ())
    assert ship(kept) == ()


def test_a_rollback_retires_and_brings_back_like_a_ship(kept: Records) -> None:
    kept.moved()
    kept.moved(NEXT)
    kept.moved(move="rollback")
    assert (kept.standing().state, kept.standing(NEXT).state) == ("live", "retired")


def test_a_split_makes_nothing_live(kept: Records) -> None:
    kept.moved()
    kept.moved(NEXT, "split")
    assert (kept.standing().state, kept.standing(NEXT).state) == ("live", "gated")


def test_moves_of_another_environment_do_not_count(kept: Records) -> None:
    kept.moved(environment="staging")
    assert kept.standing().state == "gated"


def test_a_freeze_stops_a_ship_and_says_until_when(kept: Records) -> None:
    kept.policy = EnvironmentPolicy(freezes=(YEAR_END,))
    with pytest.raises(FrozenError) as caught:
        ship(kept)
    assert caught.value.message == "production is frozen until 2026-03-04T13:00Z: year end"
    assert caught.value.until == YEAR_END.end
    assert kept.standing().why == (caught.value.message,)
    kept.now = YEAR_END.end
    assert ship(kept) == ()


def test_a_freeze_without_an_end_says_so(kept: Records) -> None:
    kept.policy = EnvironmentPolicy(freezes=(FreezeWindow(DAYS, "closed"),))
    with pytest.raises(FrozenError, match="with no end in sight: closed"):
        ship(kept)


def test_a_rollback_is_stopped_by_nothing_but_a_missing_reason() -> None:
    strict = EnvironmentPolicy(2, (ANNA, BEN), protected=True, freezes=(FreezeWindow(DAYS, "closed"),))
    check_rollback(strict, "production", reason="answers are wrong")
    check_rollback(EnvironmentPolicy(), "production", reason="")
    for policy in (strict, EnvironmentPolicy(reason_required=True), EnvironmentPolicy(protected=True)):
        with pytest.raises(ReasonMissingError):
            check_rollback(policy, "production", reason=" ")


def test_a_reason_is_asked_for_where_the_policy_asks(kept: Records) -> None:
    kept.policy = EnvironmentPolicy(reason_required=True)
    with pytest.raises(ReasonMissingError, match="every move of production"):
        ship(kept, reason=" \n")
    assert ship(kept, reason="tested") == ()


def test_an_override_gets_past_reviewers_and_freezes_and_says_past_which(kept: Records) -> None:
    kept.policy = replace(kept.policy, freezes=(YEAR_END,))
    kept.says(CARLA, "refuse")
    assert ship(kept, override=True, reason="fire") == ("refusal", "approvals", "freeze")
    with pytest.raises(ReasonMissingError, match="an override needs a reason"):
        ship(kept, override=True)
    with pytest.raises(RefusedError):
        ship(kept, reason="fire")


def test_an_override_that_breaks_no_rule_is_none(kept: Records) -> None:
    for actor in (ANNA, BEN):
        kept.says(actor)
    assert ship(kept, override=True, reason="fire") == ()


def test_an_override_ships_nothing_that_is_live(kept: Records) -> None:
    kept.moved()
    with pytest.raises(AlreadyLiveError):
        ship(kept, override=True, reason="fire")


def test_a_protected_environment_with_approvals_wants_proven_identities(kept: Records) -> None:
    kept.policy = replace(kept.policy, protected=True)
    for actor in (ANNA, BEN):
        kept.says(actor, via="local")
    assert kept.standing().approved_by == ()
    with pytest.raises(IdentityUnprovenError):
        kept.promotion().check_approve(By(CARLA, "local"))
    for actor in (ANNA, BEN):
        kept.says(actor)
    for override in (False, True):
        with pytest.raises(IdentityUnprovenError):
            ship(kept, reason="tested", via="local", override=override)
    assert ship(kept, reason="tested") == ()


def test_where_proof_is_wanted_a_refusal_needs_none_and_taking_it_back_does(kept: Records) -> None:
    kept.policy = replace(kept.policy, protected=True)
    kept.promotion().check_refuse(By(ANNA, "local"))
    kept.says(ANNA, "refuse", via="local")
    with pytest.raises(IdentityUnprovenError):
        kept.promotion().check_withdraw(By(ANNA, "local"))
    kept.says(ANNA, "withdraw", via="local")
    assert kept.standing().refused_by == (ANNA,)
    kept.says(ANNA, "withdraw")
    assert kept.standing().refused_by == ()


def test_where_proof_is_wanted_anybody_can_lose_an_approval_without_it(kept: Records) -> None:
    kept.policy = replace(kept.policy, protected=True)
    kept.says(ANNA)
    kept.says(ANNA, "withdraw", via="local")
    assert kept.standing().approved_by == ()


RELEASES = (RELEASE, NEXT, DRAFT)
ENVIRONMENTS = ("staging", "production")
POLICIES = (
    TWO_OF_THREE,
    EnvironmentPolicy(approvals=1),
    EnvironmentPolicy(approvals=2, approval_valid_s=3 * 3600, protected=True),
    EnvironmentPolicy(approvals=1, approvers=(AUTHOR, BEN), freezes=(YEAR_END,)),
)

people = st.sampled_from(PEOPLE)
releases = st.sampled_from(RELEASES)
environments = st.sampled_from(ENVIRONMENTS)
vias = st.sampled_from(["local", KEY])
ends = st.none() | st.integers(1, 5).map(lambda hours: hours * HOUR)


class Lifecycle(RuleBasedStateMachine):
    """People answer, time passes, policies change, releases come and go; the rules must hold whatever happens."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = Records()

    @rule(who=people, what=releases, where=environments, via=vias, end=ends)
    def approve(self, who: str, what: Manifest, where: str, via: str, end: timedelta | None) -> None:
        try:
            self.kept.promotion(what, where).check_approve(By(who, via))
        except PlimsollError:
            return
        assert who != AUTHOR
        assert what is not DRAFT
        expires_at = None if end is None else self.kept.now + end
        self.kept.says(who, of=what, place=where, via=via, expires_at=expires_at)

    @rule(who=people, what=releases, where=environments, via=vias)
    def refuse(self, who: str, what: Manifest, where: str, via: str) -> None:
        try:
            self.kept.promotion(what, where).check_refuse(By(who, via))
        except PlimsollError:
            return
        self.kept.says(who, "refuse", of=what, place=where, via=via)
        assert who in self.kept.standing(what, where).refused_by

    @rule(who=people, what=releases, where=environments, via=vias)
    def withdraw(self, who: str, what: Manifest, where: str, via: str) -> None:
        try:
            self.kept.promotion(what, where).check_withdraw(By(who, via))
        except PlimsollError:
            return
        self.kept.says(who, "withdraw", of=what, place=where, via=via)
        standing = self.kept.standing(what, where)
        assert who not in {*standing.approved_by, *standing.refused_by}

    @rule(who=people, what=releases, where=environments, via=vias, answer=st.sampled_from(["approve", "withdraw"]))
    def slip_in(self, who: str, what: Manifest, where: str, via: str, answer: str) -> None:
        """An answer that no check let through, such as one from under another policy."""
        self.kept.says(who, cast("Answer", answer), of=what, place=where, via=via)

    @rule(policy=st.sampled_from(POLICIES))
    def adopt(self, policy: EnvironmentPolicy) -> None:
        self.kept.policy = policy

    @rule(hours=st.integers(1, 4))
    def wait(self, hours: int) -> None:
        self.kept.now += hours * HOUR

    @rule(what=releases, where=environments, via=vias, override=st.booleans(), split=st.booleans())
    def ship(self, what: Manifest, where: str, via: str, override: bool, split: bool) -> None:
        try:
            broken = self.kept.promotion(what, where).check_ship(By(AUTHOR, via), reason="because", override=override)
        except PlimsollError:
            return
        assert what is not DRAFT
        assert self.kept.live(where) != what.digest
        assert override or not broken
        others = self.valid_approvals(what, where)
        assert ("approvals" in broken) == (len(others) < self.kept.policy.approvals)
        assert ("refusal" in broken) == bool(self.kept.standing(what, where).refused_by)
        assert ("freeze" in broken) == (YEAR_END in self.kept.policy.freezes and self.kept.now < YEAR_END.end)
        self.kept.moved(what, "split" if split else "ship", where)

    @precondition(lambda self: self.kept.live() is not None)
    @rule()
    def roll_back(self) -> None:
        shipped = {move.to_release for move in self.kept.moves if move.environment == "production"}
        target = next((what for what in RELEASES if what.digest in shipped - {self.kept.live()}), None)
        if target is not None:
            check_rollback(self.kept.policy, "production", reason="because")
            self.kept.moved(target, "rollback")

    @invariant()
    def at_most_one_release_is_live_in_an_environment(self) -> None:
        for where in ENVIRONMENTS:
            states = {what.digest: self.kept.standing(what, where).state for what in RELEASES}
            live = [digest for digest, state in states.items() if state == "live"]
            assert live == ([self.kept.live(where)] if self.kept.live(where) else [])
            assert states[DRAFT.digest] == "draft"

    @invariant()
    def what_counts_is_what_the_records_say(self) -> None:
        for what in RELEASES:
            standing = self.kept.standing(what)
            assert set(standing.approved_by) == self.valid_approvals(what, "production")
            assert len(set(standing.approved_by)) == len(standing.approved_by)
            assert standing.missing == max(0, self.kept.policy.approvals - len(standing.approved_by))
            assert not set(standing.approved_by) & {*standing.refused_by, *standing.expired, AUTHOR}
            assert (standing.state == "approved") <= (standing.missing == 0 and not standing.refused_by)

    def valid_approvals(self, what: Manifest, where: str) -> set[str]:
        """Whose approvals count, by looking at each answer apart from the others' order."""
        asked = [answer for answer in self.kept.answers if (answer.subject, answer.place) == (what.digest, where)]
        return {answer.actor for answer in asked if self.counts(answer, asked)}

    def counts(self, approval: ReviewAnswer, asked: list[ReviewAnswer]) -> bool:
        policy, where = self.kept.policy, approval.place
        wants_key = policy.protected and policy.approvals > 0
        own = [answer for answer in asked if answer.actor == approval.actor]
        lifted = [
            answer.sequence for answer in own if answer.answer == "withdraw" and (answer.via == KEY or not wants_key)
        ]
        moves = [move for move in self.kept.moves if move.environment == where and move.move != "split"]
        left = [
            after.sequence
            for before, after in pairwise(moves)
            if before.to_release == approval.subject != after.to_release
        ]
        age_s = (self.kept.now - approval.answered_at).total_seconds()
        return (
            approval.answer == "approve"
            and approval.actor != AUTHOR
            and (not policy.approvers or approval.actor in policy.approvers)
            and (approval.via == KEY or not wants_key)
            and (approval.expires_at is None or self.kept.now < approval.expires_at)
            and (policy.approval_valid_s is None or age_s < policy.approval_valid_s)
            and all(approval.sequence > sequence for sequence in left)
            and approval == own[-1]
            and all(
                any(refusal.sequence < sequence < approval.sequence for sequence in lifted)
                for refusal in own
                if refusal.answer == "refuse"
            )
        )


Lifecycle.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
test_no_release_is_live_without_the_approvals_of_others_or_a_recorded_override = Lifecycle.TestCase
