"""Environments in the database: one pointer, moved in one transaction, under the policy that holds there."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import column, select, table, text, update

from plimsoll.kernel.digest import Digest, digest_bytes
from plimsoll.kernel.errors import GateError, PlimsollError
from plimsoll.ledger import By, Ledger
from plimsoll.registry import ReferencedError
from plimsoll.releases import (
    EnvironmentPolicy,
    Evidence,
    Manifest,
    NothingLiveError,
    Release,
    ReleaseMissingError,
    Releases,
)
from plimsoll.releases._errors import (
    AlreadyLiveError,
    ApprovalsMissingError,
    FrozenError,
    NoEarlierReleaseError,
    NoSplitError,
    NotGatedError,
    NothingToShareError,
    OwnReleaseError,
    ReasonMissingError,
    RefusedError,
    ShareInvalidError,
)
from plimsoll.releases._freeze import FreezeSpan
from plimsoll.releases.environments import Environments
from plimsoll.reviews import Reviews
from plimsoll.storage import BlobFolder, Database, _rows

TABLES = ("environment", "environment_move", "environment_policy", "review_answer", "ledger_entry", "ledger_head")
LONG = FreezeSpan(datetime(2000, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC), "the year's end")
Stored = Callable[[], dict[str, list[str]]]


@pytest.fixture
def releases(records: Database, blobs: BlobFolder, ledger: Ledger) -> Releases:
    return Releases(records, blobs, ledger)


@pytest.fixture
def places(records: Database, ledger: Ledger) -> Environments:
    return Environments(records, ledger, Reviews(records, ledger))


@pytest.fixture
def ada(ledger: Ledger) -> By:
    return By(ledger.subject("ada"))


@pytest.fixture
def ben(ledger: Ledger) -> By:
    return By(ledger.subject("ben"), "key:pk_ben")


@pytest.fixture
def keep(releases: Releases, ada: By) -> Callable[[str], Release]:
    def kept(name: str, *, app: str = "app") -> Release:
        digest = digest_bytes(name.encode())
        manifest = Manifest(app, {"prompt:answer": digest}, (Evidence("ask", digest, digest, "pass"),))
        return releases.keep_release(manifest, by=ada, source_commit="")

    return kept


@pytest.fixture
def stored(records: Database) -> Stored:
    def read() -> dict[str, list[str]]:
        with records.read() as connection:
            return {
                name: sorted(map(str, connection.execute(select(text("*")).select_from(table(name)))))
                for name in TABLES
            }

    return read


def acts(ledger: Ledger) -> list[str]:
    return [entry.act for entry in ledger.entries() if entry.act.startswith(("environment.", "policy."))]


def test_since_when_and_by_whom_a_release_is_live_does_not_change_with_a_candidate(
    places: Environments, keep: Callable[..., Release], ada: By, ben: By
) -> None:
    one, two = keep("one"), keep("two")

    def told(app: str = "app") -> list[tuple[str, str, str, datetime | None, Digest | None]]:
        return [
            (place.name, place.live_name, place.actor, place.moved_at, place.candidate)
            for place in places.environments(app)
        ]

    shipped = places.ship(one, "staging", by=ada, reason="first")
    other = places.ship(two, "production", by=ben, reason="another place")
    elsewhere = places.ship(keep("three", app="another"), "staging", by=ben, reason="another application")
    beside = ("production", two.manifest.name, ben.actor, other.moved_at, None)
    places.share(two, "staging", 0.1, by=ben, reason="a few")
    live = ("staging", one.manifest.name, ada.actor, shipped.moved_at)
    assert told() == [beside, (*live, two.manifest.digest)]
    places.unshare("app", "staging", by=ben, reason="enough")
    assert told() == [beside, (*live, None)]
    widened = places.ship(two, "staging", by=ben, reason="to all")
    assert told()[1] == ("staging", two.manifest.name, ben.actor, widened.moved_at, None)
    places.share(one, "staging", 0.5, by=ben, reason="half")
    back = places.roll_back("app", "staging", by=ada, reason="wrong")
    assert told()[1] == ("staging", one.manifest.name, ada.actor, back.moved_at, None)
    assert [place[3] for place in told("another")] == [elsewhere.moved_at]


def test_ship_and_roll_back(
    places: Environments, ledger: Ledger, keep: Callable[[str], Release], ada: By, ben: By
) -> None:
    one, two = keep("one"), keep("two")
    with pytest.raises(NothingLiveError):
        places.live("app", "staging")
    assert places.environments() == ()
    shipped = [
        places.ship(one, "staging", by=ada, reason="first"),
        places.ship(two, "staging", by=ada, reason=""),
    ]
    assert places.live("app", "staging") == two.manifest.digest
    back = places.roll_back("app", "staging", by=ben, reason="bad answers")
    assert (back.from_release, back.to_release) == (two.manifest.digest, one.manifest.digest)
    assert places.live("app", "staging") == one.manifest.digest
    (place,) = places.environments("app")
    assert (place.live_name, place.actor, place.moved_at) == (one.manifest.name, ben.actor, back.moved_at)
    assert places.moves("app") == (*shipped, back)
    assert [move.reason for move in places.moves("app", limit=2)] == ["", "bad answers"]
    assert acts(ledger) == ["environment.ship", "environment.ship", "environment.rollback"]
    (entry,) = ledger.entries(back.sequence)
    assert (entry.app, entry.actor, entry.via, entry.at) == ("app", ben.actor, "key:pk_ben", back.moved_at)
    assert entry.facts == {
        "environment": "staging",
        "move": "rollback",
        "from": two.manifest.digest,
        "to": one.manifest.digest,
        "share": 1,
    }
    assert list(places.strays()) == []


def test_a_candidate_shares_the_traffic_until_it_does_not(
    places: Environments, keep: Callable[[str], Release], ada: By
) -> None:
    one, two, three = (keep(name) for name in ("one", "two", "three"))
    places.ship(one, "staging", by=ada, reason="")
    assert places.choose("app", "staging", "anybody") == one.manifest.digest
    split = places.share(two, "staging", 0.5, by=ada, reason="try it")
    assert (split.from_release, split.to_release, split.share) == (one.manifest.digest, two.manifest.digest, 0.5)
    (place,) = places.environments("app")
    assert (place.live, place.candidate, place.candidate_share) == (one.manifest.digest, two.manifest.digest, 0.5)
    chosen = [places.choose("app", "staging", f"user {number}") for number in range(60)]
    assert set(chosen) == {one.manifest.digest, two.manifest.digest}
    assert chosen == [places.choose("app", "staging", f"user {number}") for number in range(60)]
    assert places.live("app", "staging") == one.manifest.digest
    places.unshare("app", "staging", by=ada, reason="")
    (place,) = places.environments("app")
    assert (place.candidate, place.candidate_share) == (None, 0.0)
    places.share(two, "staging", 0.1, by=ada, reason="")
    places.share(two, "staging", 0.3, by=ada, reason="")
    assert list(places.strays()) == []
    # A ship and a rollback end whatever was shared.
    places.ship(three, "staging", by=ada, reason="")
    assert places.environments("app")[0].candidate is None
    places.share(two, "staging", 0.25, by=ada, reason="")
    places.roll_back("app", "staging", by=ada, reason="")
    (place,) = places.environments("app")
    assert (place.live, place.candidate) == (one.manifest.digest, None)
    assert list(places.strays()) == []


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 1.5, float("nan"), float("inf")])
def test_a_share_is_above_nothing_and_below_everything(
    places: Environments, keep: Callable[[str], Release], ada: By, stored: Stored, share: float
) -> None:
    one, two = keep("one"), keep("two")
    with pytest.raises(NothingToShareError):
        places.share(two, "staging", 0.5, by=ada, reason="")
    places.ship(one, "staging", by=ada, reason="")
    before = stored()
    with pytest.raises(ShareInvalidError):
        places.share(two, "staging", share, by=ada, reason="")
    assert stored() == before


def test_what_cannot_be_moved_is_said_and_changes_nothing(
    places: Environments, keep: Callable[[str], Release], ada: By, stored: Stored
) -> None:
    one = keep("one")
    with pytest.raises(NothingLiveError):
        places.roll_back("app", "staging", by=ada, reason="")
    with pytest.raises(NothingLiveError):
        places.unshare("app", "staging", by=ada, reason="")
    places.ship(one, "staging", by=ada, reason="")
    before = stored()
    draft = Release(Manifest("app", one.manifest.artifacts), one.created_at, one.author, "", 0)
    refused: list[tuple[type[PlimsollError], Callable[[], object]]] = [
        (NoEarlierReleaseError, lambda: places.roll_back("app", "staging", by=ada, reason="")),
        (AlreadyLiveError, lambda: places.ship(one, "staging", by=ada, reason="")),
        (AlreadyLiveError, lambda: places.share(one, "staging", 0.5, by=ada, reason="")),
        (AlreadyLiveError, lambda: places.ship(one, "staging", by=ada, reason="why", override=True)),
        (NoSplitError, lambda: places.unshare("app", "staging", by=ada, reason="")),
        (NotGatedError, lambda: places.ship(draft, "staging", by=ada, reason="why", override=True)),
    ]
    for error, deed in refused:
        with pytest.raises(error):
            deed()
    assert stored() == before


def test_environments_and_applications_do_not_share_a_pointer(
    places: Environments, keep: Callable[..., Release], ada: By
) -> None:
    one, two, other = keep("one"), keep("two"), keep("one", app="other")
    places.ship(one, "staging", by=ada, reason="")
    places.ship(two, "production", by=ada, reason="")
    places.ship(other, "staging", by=ada, reason="")
    assert places.live("app", "staging") == one.manifest.digest
    assert places.live("other", "staging") == other.manifest.digest
    assert [(place.app, place.name) for place in places.environments()] == [
        ("app", "production"),
        ("app", "staging"),
        ("other", "staging"),
    ]
    assert len(places.moves("app")) == 2
    assert len(places.moves()) == 3
    with pytest.raises(NoEarlierReleaseError):
        places.roll_back("app", "production", by=ada, reason="")


def test_only_a_release_that_is_kept_can_be_live(
    places: Environments, releases: Releases, keep: Callable[..., Release], ada: By, stored: Stored
) -> None:
    one, two = keep("one"), keep("two")
    places.ship(one, "staging", by=ada, reason="")
    releases.collect("app", [two.manifest.digest], by=ada, guard=lambda _: None)
    before = stored()
    deeds: list[Callable[[], object]] = [
        lambda: places.ship(two, "staging", by=ada, reason=""),
        lambda: places.share(two, "staging", 0.5, by=ada, reason=""),
    ]
    for deed in deeds:
        with pytest.raises(ReleaseMissingError, match=two.manifest.name):
            deed()
    assert stored() == before


def test_the_way_back_ends_where_a_release_was_collected(
    places: Environments, releases: Releases, records: Database, keep: Callable[..., Release], ada: By, stored: Stored
) -> None:
    """Of what is below the next rollback's target nothing is held; a second rollback says so."""
    for name in ("one", "two", "three"):
        places.ship(keep(name), "staging", by=ada, reason="")
    one = keep("one").manifest
    with records.read() as connection:
        places.refuse_pointed(connection, "app", [one.digest])
    releases.collect("app", [one.digest], by=ada, guard=lambda _: None)
    places.roll_back("app", "staging", by=ada, reason="")
    before = stored()
    with pytest.raises(ReleaseMissingError, match=one.name):
        places.roll_back("app", "staging", by=ada, reason="")
    assert stored() == before


def test_without_a_policy_nothing_is_asked(places: Environments) -> None:
    assert places.policy("app", "production") == EnvironmentPolicy()
    assert places.adopted("app") == {}


def test_a_policy_is_adopted_once_and_written_down(places: Environments, ledger: Ledger, ada: By) -> None:
    first = EnvironmentPolicy(approvals=1, approval_valid_s=86_400.0, freezes=(LONG,))
    second = EnvironmentPolicy(approvals=2, approvers=("s-b", "s-a"))
    assert places.adopt("app", "production", first, by=ada, reason="we begin")
    assert not places.adopt("app", "production", first, by=ada, reason="again")
    assert places.adopt("app", "production", second, by=ada, reason="stricter")
    assert places.adopt("app", "staging", EnvironmentPolicy(), by=ada, reason="")
    assert places.policy("app", "production") == second
    assert places.adopted("app") == {"production": second, "staging": EnvironmentPolicy()}
    assert places.adopted("other") == {}
    entries = list(ledger.entries(act="policy.adopt"))
    assert [(entry.facts["from"], entry.facts["to"]) for entry in entries[:2]] == [
        (None, first.digest),
        (first.digest, second.digest),
    ]
    assert EnvironmentPolicy.from_json(entries[1].facts["policy"]) == second
    assert ledger.private([entries[0].sequence]) == {entries[0].sequence: {"reason": "we begin"}}
    assert list(places.strays()) == []


def test_approvals_are_asked_and_counted(
    places: Environments, keep: Callable[..., Release], ada: By, ben: By, stored: Stored
) -> None:
    one = keep("one")
    places.adopt("app", "production", EnvironmentPolicy(approvals=1, approval_valid_s=3600), by=ada, reason="")
    before = stored()
    with pytest.raises(ApprovalsMissingError):
        places.ship(one, "production", by=ada, reason="")
    with pytest.raises(OwnReleaseError):
        places.answer(one, "production", "approve", by=ada, reason="")
    assert stored() == before
    answer = places.answer(one, "production", "approve", by=ben, reason="I read them")
    assert answer.expires_at is not None
    assert places.promotion(one, "production").standing().state == "approved"
    places.ship(one, "production", by=ada, reason="")
    assert places.promotion(one, "production").standing().state == "live"


def test_a_refusal_stands_in_the_way_of_a_ship_and_of_a_share(
    places: Environments, keep: Callable[..., Release], ada: By, ben: By
) -> None:
    one, two = keep("one"), keep("two")
    places.ship(one, "staging", by=ada, reason="")
    places.answer(two, "staging", "refuse", by=ben, reason="it lies")
    with pytest.raises(RefusedError):
        places.ship(two, "staging", by=ada, reason="")
    with pytest.raises(RefusedError):
        places.share(two, "staging", 0.5, by=ada, reason="")
    places.answer(two, "staging", "withdraw", by=ben, reason="")
    places.ship(two, "staging", by=ada, reason="")


def test_breaking_the_glass_is_written_down_with_what_it_breaks(
    places: Environments, ledger: Ledger, keep: Callable[..., Release], ada: By, stored: Stored
) -> None:
    one, two = keep("one"), keep("two")
    policy = EnvironmentPolicy(approvals=1, freezes=(LONG,), reason_required=True)
    places.ship(one, "production", by=ada, reason="")
    places.adopt("app", "production", policy, by=ada, reason="")
    before = stored()
    for override, reason, error in ((False, "now", GateError), (True, " ", ReasonMissingError)):
        with pytest.raises(error):
            places.ship(two, "production", by=ada, reason=reason, override=override)
    assert stored() == before
    move = places.ship(two, "production", by=ada, reason="the old one leaks", override=True)
    override_entry, ship_entry = ledger.entries(move.sequence - 1)
    assert (override_entry.act, ship_entry.act) == ("environment.override", "environment.ship")
    assert override_entry.facts == {
        "environment": "production",
        "release": two.manifest.digest,
        "rules": ["approvals", "freeze"],
    }
    assert ledger.private([move.sequence - 1])[move.sequence - 1] == {"reason": "the old one leaks"}
    # The way back is open even in a freeze, but for its reason.
    with pytest.raises(ReasonMissingError):
        places.roll_back("app", "production", by=ada, reason="")
    places.roll_back("app", "production", by=ada, reason="worse")


def test_nothing_is_overridden_where_nothing_is_broken(
    places: Environments, ledger: Ledger, keep: Callable[..., Release], ada: By
) -> None:
    places.ship(keep("one"), "staging", by=ada, reason="to be sure", override=True)
    assert acts(ledger) == ["environment.ship"]


def test_a_freeze_stops_a_ship(places: Environments, keep: Callable[..., Release], ada: By, stored: Stored) -> None:
    one = keep("one")
    places.adopt("app", "production", EnvironmentPolicy(freezes=(LONG,)), by=ada, reason="")
    before = stored()
    with pytest.raises(FrozenError, match="the year's end"):
        places.ship(one, "production", by=ada, reason="")
    assert stored() == before


def test_what_a_pointer_leads_to_is_not_collected(
    places: Environments, records: Database, keep: Callable[..., Release], ada: By
) -> None:
    old, back, live, candidate, free = (keep(name) for name in ("old", "back", "live", "candidate", "free"))
    for release in (old, back, live):
        places.ship(release, "staging", by=ada, reason="")
    places.share(candidate, "staging", 0.5, by=ada, reason="")
    with records.read() as connection:
        places.refuse_pointed(connection, "app", [free.manifest.digest, old.manifest.digest])
        for release in (back, live, candidate):
            places.refuse_pointed(connection, "other", [release.manifest.digest])
            with pytest.raises(ReferencedError, match="the environment staging"):
                places.refuse_pointed(connection, "app", [free.manifest.digest, release.manifest.digest])


def test_a_reason_goes_with_its_author_and_the_move_stays(
    places: Environments, ledger: Ledger, keep: Callable[..., Release], ada: By, ben: By
) -> None:
    places.ship(keep("one"), "staging", by=ben, reason="ben's reason")
    places.ship(keep("two"), "staging", by=ada, reason="ada's reason")
    ledger.erase(ben.actor, {}, by=ada)
    moves = places.moves("app")
    assert [(move.actor, move.reason) for move in moves] == [(ben.actor, None), (ada.actor, "ada's reason")]


def test_every_row_says_the_same_as_its_entry(
    places: Environments, ledger: Ledger, keep: Callable[..., Release], ada: By, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_rows, "_PER_PAGE", 2)
    policy = EnvironmentPolicy(approval_valid_s=0.5)
    one, two = keep("one"), keep("two")
    places.adopt("app", "staging", policy, by=ada, reason="")
    places.ship(one, "staging", by=ada, reason="")
    places.share(two, "staging", 0.1, by=ada, reason="")
    places.unshare("app", "staging", by=ada, reason="")
    places.ship(two, "staging", by=ada, reason="")
    places.roll_back("app", "staging", by=ada, reason="")
    claims = [*places.policy_claims(), *places.move_claims()]
    assert len(claims) == 6
    for claim in claims:
        (entry,) = ledger.entries(claim.sequence, claim.sequence + 1)
        assert (claim.act, claim.app, claim.actor, claim.at) == (entry.act, entry.app, entry.actor, entry.at)
        assert {name: entry.facts[name] for name in claim.facts} == claim.facts


STRAYS = {
    "UPDATE environment SET live = candidate": "the pointer of app in staging",
    "UPDATE environment SET candidate = live": "the pointer of app in staging",
    "UPDATE environment SET candidate = NULL": "the pointer of app in staging",
    "UPDATE environment SET candidate_share = 0.9": "the pointer of app in staging",
    "UPDATE environment SET sequence = 1": "the pointer of app in staging",
    "UPDATE environment SET name = 'production'": "the pointer of app in production",
    "DELETE FROM environment": "the pointer of app in staging",
    "DELETE FROM environment_move WHERE move = 'split'": "the pointer of app in staging",
    "DELETE FROM environment_policy": "the policy of app in staging",
    "UPDATE environment_policy SET environment = 'production'": "the policy of app in production",
    "UPDATE environment_policy SET sequence = 0": "the policy of app in staging",
}


@pytest.mark.parametrize(("statement", "said"), STRAYS.items())
def test_what_was_moved_behind_the_ledgers_back_is_named(
    places: Environments, records: Database, keep: Callable[..., Release], ada: By, statement: str, said: str
) -> None:
    places.adopt("app", "staging", EnvironmentPolicy(reason_required=True), by=ada, reason="strict")
    places.ship(keep("one"), "staging", by=ada, reason="x")
    places.share(keep("two"), "staging", 0.5, by=ada, reason="x")
    assert list(places.strays()) == []
    with records.write() as connection:
        assert connection.exec_driver_sql(statement).rowcount == 1
    assert any(said in sentence for sentence in places.strays())


def test_an_old_policy_that_is_put_back_is_named(places: Environments, records: Database, ada: By) -> None:
    """Its row fits the entry of its own adoption; only it is not the last one."""
    places.adopt("app", "production", EnvironmentPolicy(), by=ada, reason="")
    with records.read() as connection:
        (old,) = connection.exec_driver_sql("SELECT policy, adopted_at, sequence FROM environment_policy")
    places.adopt("app", "production", EnvironmentPolicy(approvals=2), by=ada, reason="")
    assert list(places.strays()) == []
    with records.write() as connection:
        columns = ("policy", "adopted_at", "sequence")
        policies = table("environment_policy", *map(column, columns))
        connection.execute(update(policies).values(dict(zip(columns, old, strict=True))))
    assert list(places.strays()) == ["the policy of app in production is not the one that was adopted last"]
