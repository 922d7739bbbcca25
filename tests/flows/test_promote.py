"""A release on its way into an environment and back: who may, what the policy asks, and what is written down."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from msgspec import structs
from tests.flows.conftest import Workshop
from tests.flows.crew import APP, Crew

from plimsoll.access import Right, RightMissingError, Role
from plimsoll.bootstrap import Platform
from plimsoll.flows.audit import verify
from plimsoll.flows.policy import PolicyChangedError, adopt, policies
from plimsoll.flows.promote import (
    ContentGoneError,
    PromoteParts,
    Wish,
    answer,
    end_share,
    promotions,
    roll_back,
    ship,
)
from plimsoll.flows.serve import Answering, AnswerRequest, Caller
from plimsoll.models import Message
from plimsoll.releases import EnvironmentUnknownError, Evidence, Manifest, Release
from plimsoll.releases._errors import (
    ApprovalsMissingError,
    FrozenError,
    IdentityUnprovenError,
    NoSplitError,
    NotAnApproverError,
    NotGatedError,
    NothingToShareError,
    OwnReleaseError,
    ReasonMissingError,
    RefusedError,
)

Verb = Callable[[Release, PromoteParts], object]
STAGING = Wish("staging", "because")
PRODUCTION = Wish("production", "because")
TWO_OF_THREE = "promotion: {production: {approvals: 2, approvers: [bob, carol, dan]}}\n"
FROZEN = (
    "promotion: {production: {approvals: 1, freeze: "
    "[{from: 2020-01-01T00:00:00Z, until: 2100-01-01T00:00:00Z, why: the long winter}]}}\n"
)


@pytest.fixture
def crew(workshop: Workshop) -> Crew:
    return Crew(workshop)


def approve(release: Release, platform: Platform, wish: Wish = PRODUCTION) -> None:
    answer(release, wish, "approve", platform.promote_parts())


VERBS: list[tuple[Verb, Role, Right]] = [
    (lambda release, parts: ship(release, STAGING, parts), "developer", "ship"),
    (lambda release, parts: ship(release, replace(STAGING, share=0.1), parts), "approver", "ship"),
    (lambda release, parts: ship(release, replace(STAGING, override=True), parts), "operator", "override"),
    (lambda _, parts: roll_back(APP, STAGING, parts), "auditor", "ship"),
    (lambda _, parts: end_share(APP, STAGING, parts), "viewer", "ship"),
    (lambda release, parts: answer(release, STAGING, "approve", parts), "operator", "approve"),
    (lambda release, parts: answer(release, STAGING, "refuse", parts), "developer", "approve"),
    (lambda release, parts: answer(release, STAGING, "withdraw", parts), "viewer", "approve"),
    (lambda _, parts: adopt(APP, "staging", "", parts.policies), "operator", "policy"),
]


@pytest.mark.parametrize(("verb", "role", "right"), VERBS)
def test_who_lacks_a_right_is_told_which_and_nothing_is_written(
    crew: Crew, verb: Verb, role: Role, right: Right
) -> None:
    release = crew.release()
    eve, stranger = crew.join("eve", role), crew.workshop.open("nobody whom anybody knows")
    size = crew.ada.ledger.size()
    with pytest.raises(RightMissingError, match=f"eve does not have the right `{right}`") as refused:
        verb(release, eve.promote_parts())
    assert (refused.value.right, "ada" in refused.value.hint) == (right, True)
    with pytest.raises(RightMissingError, match="nobody whom anybody knows does not have the right"):
        verb(release, stranger.promote_parts())
    assert crew.ada.ledger.size() == size
    assert crew.ada.environments.moves(APP) == ()


def test_a_role_that_has_the_right_is_enough(crew: Crew) -> None:
    first, second = crew.release("One."), crew.release("Two.")
    otto, ann = crew.join("otto", "operator"), crew.join("ann", "approver")
    ship(first, STAGING, otto.promote_parts())
    approve(second, ann, STAGING)
    move = ship(second, STAGING, otto.promote_parts())
    assert (crew.ada.named(move.actor), move.reason) == ("otto", "because")
    assert roll_back(APP, STAGING, otto.promote_parts()).to_release == first.manifest.digest


def test_two_of_three_named_approvers_must_agree(crew: Crew) -> None:
    bob, carol, _, eve = (crew.join(name, "approver") for name in ("bob", "carol", "dan", "eve"))
    parts = crew.declare(TWO_OF_THREE).promote_parts()
    release = crew.release()

    def missing() -> int:
        with pytest.raises(ApprovalsMissingError) as refused:
            ship(release, PRODUCTION, parts)
        return refused.value.missing

    assert missing() == 2
    bob, carol, eve = (crew.workshop.open(name) for name in ("bob", "carol", "eve"))
    approve(release, bob)
    assert missing() == 1
    approve(release, bob)
    assert missing() == 1, "one person counts once"
    with pytest.raises(NotAnApproverError):
        approve(release, eve)
    assert missing() == 1
    assert crew.ada.environments.moves(APP) == ()
    approve(release, carol)
    assert ship(release, PRODUCTION, parts).to_release == release.manifest.digest
    assert [crew.ada.named(entry.actor) for entry in crew.entries("review.approve")] == ["bob", "bob", "carol"]


def test_an_approval_is_for_one_release_in_one_environment(crew: Crew) -> None:
    parts = crew.declare("promotion: {production: {approvals: 1}, staging: {approvals: 1}}\n").promote_parts()
    one, other = crew.release("One."), crew.release("Other.")
    approve(one, crew.join("bob", "approver"))
    for release, wish in ((other, PRODUCTION), (one, STAGING)):
        with pytest.raises(ApprovalsMissingError):
            ship(release, wish, parts)
    ship(one, PRODUCTION, parts)


def test_an_approval_says_until_when_it_counts(crew: Crew) -> None:
    crew.declare("promotion: {production: {approvals: 1, approval_days: 14}}\n")
    given = answer(crew.release(), PRODUCTION, "approve", crew.join("bob", "approver").promote_parts())
    assert given.expires_at is not None
    assert round((given.expires_at - given.answered_at).total_seconds() / 86_400, 3) == 14


def test_the_author_cannot_approve_not_even_as_a_named_approver_and_admin(crew: Crew) -> None:
    parts = crew.declare("promotion: {production: {approvals: 1, approvers: [ada]}}\n").promote_parts()
    release = crew.release()
    with pytest.raises(OwnReleaseError):
        answer(release, PRODUCTION, "approve", parts)
    with pytest.raises(ApprovalsMissingError):
        ship(release, PRODUCTION, parts)
    assert crew.entries("review.approve") == []


def test_a_refusal_stands_until_it_is_withdrawn(crew: Crew) -> None:
    release, bob = crew.release(), crew.join("bob", "approver")
    answer(release, PRODUCTION, "refuse", bob.promote_parts())
    parts = crew.ada.promote_parts()
    with pytest.raises(RefusedError) as refused:
        ship(release, PRODUCTION, parts)
    assert [crew.ada.named(actor) for actor in refused.value.refused_by] == ["bob"]
    assert promotions(release, parts)["production"].standing().state == "refused"
    answer(release, PRODUCTION, "withdraw", bob.promote_parts())
    ship(release, PRODUCTION, parts)


def test_a_policy_that_changed_after_its_first_use_holds_only_when_it_was_adopted(crew: Crew) -> None:
    """Who may edit plimsoll.yaml could otherwise take the approvals away."""
    bob, otto = crew.join("bob", "approver"), crew.join("otto", "operator")
    first, second = crew.release("One."), crew.release("Two.")
    parts = crew.declare("promotion: {production: {approvals: 1}}\n").promote_parts()
    approve(first, crew.workshop.open("bob"))
    ship(first, PRODUCTION, parts)
    (adopted,) = crew.entries("policy.adopt")
    assert adopted.facts["environment"] == "production"

    parts = crew.declare("").promote_parts()
    bob, otto = crew.workshop.open("bob"), crew.workshop.open("otto")
    for act in (lambda: ship(second, PRODUCTION, parts), lambda: approve(second, bob)):
        with pytest.raises(PolicyChangedError, match="approvals 1 → 0"):
            act()
    assert crew.live("production") == first.manifest.digest
    ship(second, STAGING, parts)
    held = {found.environment: found for found in policies(APP, parts.policies)}
    assert (held["production"].policy.approvals, held["production"].changes) == (1, ("approvals 1 → 0",))
    with pytest.raises(RightMissingError) as refused:
        adopt(APP, "production", "go", otto.policy_parts())
    assert refused.value.right == "policy"

    assert adopt(APP, "production", "a small team", parts.policies) == ("approvals 1 → 0",)
    ship(second, PRODUCTION, otto.promote_parts())
    assert crew.live("production") == second.manifest.digest
    before, after = [entry for entry in crew.entries("policy.adopt") if entry.facts["environment"] == "production"]
    assert after.facts["from"] == before.facts["to"]
    assert crew.ada.ledger.private([after.sequence])[after.sequence] == {"reason": "a small team"}


def test_rolling_back_asks_no_file(crew: Crew) -> None:
    """Neither a policy that changed, nor a freeze, nor a missing approval keeps anybody from going back."""
    first, second = crew.release("One."), crew.release("Two.")
    for release in (first, second):
        ship(release, PRODUCTION, crew.ada.promote_parts())
    parts = crew.declare(FROZEN).promote_parts()
    adopt(APP, "production", "go", parts.policies)
    parts = crew.declare("promotion: {production: {approvals: 3}}\n").promote_parts()
    assert roll_back(APP, PRODUCTION, parts).to_release == first.manifest.digest


def test_nothing_is_shipped_in_a_freeze(crew: Crew) -> None:
    bob, release = crew.join("bob", "approver"), crew.release()
    parts = crew.declare(FROZEN).promote_parts()
    bob = crew.workshop.open("bob")
    approve(release, bob)
    with pytest.raises(FrozenError, match="the long winter") as refused:
        ship(release, PRODUCTION, parts)
    assert refused.value.until is not None
    assert refused.value.until.year == 2100
    ship(release, STAGING, parts)


def test_a_freeze_that_is_over_holds_nothing_up(crew: Crew) -> None:
    over = "promotion: {staging: {freeze: [{from: 2020-01-01T00:00:00Z, until: 2020-02-01T00:00:00Z, why: winter}]}}\n"
    ship(crew.release(), STAGING, crew.declare(over).promote_parts())


def test_an_override_is_written_down_with_what_it_broke_and_why(crew: Crew) -> None:
    release = crew.release()
    parts = crew.declare(FROZEN).promote_parts()
    glass = Wish("production", override=True)
    with pytest.raises(ReasonMissingError):
        ship(release, glass, parts)
    assert crew.entries("environment.override") == []
    move = ship(release, replace(glass, reason="the harbour is on fire"), parts)
    (broken,) = crew.entries("environment.override")
    assert broken.facts["rules"] == ["approvals", "freeze"]
    assert (broken.facts["release"], broken.sequence) == (release.manifest.digest, move.sequence - 1)
    assert broken.actor == move.actor
    assert crew.ada.ledger.private([broken.sequence])[broken.sequence] == {"reason": "the harbour is on fire"}
    assert not any("on fire" in line for line in crew.ada.ledger.lines())


def test_an_override_that_breaks_nothing_is_an_ordinary_ship(crew: Crew) -> None:
    ship(crew.release(), replace(STAGING, override=True), crew.ada.promote_parts())
    assert crew.entries("environment.override") == []


def test_no_override_gets_past_the_gates(crew: Crew) -> None:
    failed = crew.release(verdict="fail")
    with pytest.raises(NotGatedError):
        ship(failed, replace(STAGING, override=True), crew.ada.promote_parts())


def test_a_protected_environment_wants_proof_and_reasons(crew: Crew) -> None:
    crew.join("bob", "approver")
    release = crew.release()
    crew.declare("promotion: {production: {approvals: 1, protected: true}}\n")
    with pytest.raises(IdentityUnprovenError):
        approve(release, crew.workshop.open("bob"))
    approve(release, crew.with_key("bob"))
    proven = crew.with_key("ada").promote_parts()
    with pytest.raises(ReasonMissingError):
        ship(release, Wish("production"), proven)
    with pytest.raises(IdentityUnprovenError):
        ship(release, PRODUCTION, crew.ada.promote_parts())
    move = ship(release, PRODUCTION, proven)
    (entry,) = crew.entries("environment.ship")
    assert (entry.sequence, entry.via.startswith("key:")) == (move.sequence, True)


def test_content_that_is_gone_is_said_before_anybody_waits_for_it(crew: Crew) -> None:
    release = crew.release()
    (digest,) = release.manifest.artifacts.values()
    crew.ada.blobs.remove(digest)
    with pytest.raises(ContentGoneError, match="1 pieces of its content"):
        ship(release, STAGING, crew.ada.promote_parts())
    assert crew.ada.environments.moves(APP) == ()


def test_an_environment_that_is_not_declared_any_more_can_be_left_but_not_entered(crew: Crew) -> None:
    first, second = crew.release("One."), crew.release("Two.")
    for release in (first, second):
        ship(release, PRODUCTION, crew.ada.promote_parts())
    parts = crew.declare("environments: [staging]\n").promote_parts()
    with pytest.raises(EnvironmentUnknownError, match="no environment `production`"):
        ship(first, PRODUCTION, parts)
    with pytest.raises(EnvironmentUnknownError):
        approve(first, crew.ada)
    assert roll_back(APP, PRODUCTION, parts).to_release == first.manifest.digest
    with pytest.raises(EnvironmentUnknownError, match="no environment `moon`"):
        roll_back(APP, Wish("moon"), parts)


def two_releases(crew: Crew) -> tuple[Release, Release]:
    """Two releases that can answer, by two builds of the project."""
    made = []
    for text in ("Answer from the passages.", "Answer shortly."):
        crew.workshop.write("prompts/answer.yaml", f"system: {text}\n")
        draft = crew.workshop.build().draft
        manifest = Manifest(APP, draft.artifacts, (Evidence("ask", draft.digest, draft.digest, "pass"),))
        made.append(crew.ada.releases.keep_release(manifest, by=crew.ada.acting.by, source_commit=""))
    return made[0], made[1]


def ask_as(users: Sequence[str], platform: Platform) -> dict[str, str]:
    """Which release answers each user."""

    async def story() -> dict[str, str]:
        answering = Answering(platform.serve_parts())
        message = Message("user", "How many days of paid leave has an employee?")
        asked = AnswerRequest.of(APP, "ask", (message,), environment="staging")
        answers = {user: await answering.answer(structs.replace(asked, caller=Caller(user=user))) for user in users}
        await answering.close()
        return {user: given.started.release for user, given in answers.items()}

    return asyncio.run(story())


def test_a_share_of_the_traffic_is_sticky(crew: Crew) -> None:
    live, candidate = two_releases(crew)
    parts = crew.ada.promote_parts()
    with pytest.raises(NothingToShareError):
        ship(candidate, replace(STAGING, share=0.4), parts)
    ship(live, STAGING, parts)
    users = [f"user {number}" for number in range(30)]
    assert set(ask_as(users, crew.ada).values()) == {live.manifest.digest}

    move = ship(candidate, replace(STAGING, share=0.4), parts)
    assert (move.move, move.share) == ("split", 0.4)
    some = ask_as(users, crew.ada)
    assert set(some.values()) == {live.manifest.digest, candidate.manifest.digest}
    assert ask_as(users, crew.workshop.open()) == some, "another process answers each of them alike"
    ship(candidate, replace(STAGING, share=0.8), parts)
    more = ask_as(users, crew.ada)
    met = {user for user, release in some.items() if release == candidate.manifest.digest}
    still = {user for user, release in more.items() if release == candidate.manifest.digest}
    assert met < still, "a growing share takes nobody back"

    assert end_share(APP, STAGING, parts).to_release == live.manifest.digest
    assert set(ask_as(users, crew.ada).values()) == {live.manifest.digest}
    with pytest.raises(NoSplitError):
        end_share(APP, STAGING, parts)


def test_a_share_keeps_to_the_policy(crew: Crew) -> None:
    live, candidate = crew.release("One."), crew.release("Two.")
    bob = crew.join("bob", "approver")
    ship(live, PRODUCTION, crew.ada.promote_parts())
    parts = crew.declare("promotion: {production: {approvals: 1}}\n").promote_parts()
    adopt(APP, "production", "go", parts.policies)
    with pytest.raises(ApprovalsMissingError):
        ship(candidate, replace(PRODUCTION, share=0.01), parts)
    approve(candidate, crew.workshop.open(bob.settings.actor))
    ship(candidate, replace(PRODUCTION, share=0.01), parts)
    (place,) = crew.ada.environments.environments(APP)
    assert (place.live, place.candidate, place.candidate_share) == (
        live.manifest.digest,
        candidate.manifest.digest,
        0.01,
    )


def test_a_rollback_takes_the_candidate_away_too(crew: Crew) -> None:
    first, second, third = (crew.release(text) for text in ("One.", "Two.", "Three."))
    parts = crew.ada.promote_parts()
    ship(first, STAGING, parts)
    ship(second, STAGING, parts)
    ship(third, replace(STAGING, share=0.5), parts)
    roll_back(APP, STAGING, parts)
    (place,) = crew.ada.environments.environments(APP)
    assert (place.live, place.candidate) == (first.manifest.digest, None)


def test_the_whole_story_verifies_and_names_nobody(crew: Crew) -> None:
    crew.join("bob", "approver")
    first, second = crew.release("One."), crew.release("Two.")
    parts = crew.declare(FROZEN).promote_parts()
    bob = crew.workshop.open("bob")
    answer(first, Wish("production", "Read by Robert himself."), "approve", bob.promote_parts())
    ship(first, Wish("production", "Robert said so.", override=True), parts)
    for release in (first, second):
        ship(release, STAGING, parts)
    ship(first, replace(STAGING, share=0.5), parts)
    end_share(APP, STAGING, parts)
    roll_back(APP, STAGING, parts)
    crew.ada.leave_checkpoint()
    audited = verify(crew.ada.audit_parts(lambda *_: None))
    assert audited.sound, (audited.log.findings, audited.records.findings)
    assert (audited.anchored, audited.records.erased_payloads) == (1, 0)
    lines = "\n".join(crew.ada.ledger.lines())
    assert not [name for name in ('"ada"', '"bob"', "Robert") if name in lines]
