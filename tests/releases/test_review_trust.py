"""Nothing moves, and nothing is served, by rows that do not say what the log says."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from plimsoll.kernel.digest import digest_bytes
from plimsoll.kernel.errors import IntegrityError
from plimsoll.ledger import By, Ledger
from plimsoll.releases import EnvironmentPolicy, Evidence, Manifest, Release, Releases
from plimsoll.releases.environments import Environments
from plimsoll.reviews import Question, Reviews
from plimsoll.storage import BlobFolder, Database

Change = Callable[..., None]
Keep = Callable[[str], Release]


@pytest.fixture
def reviews(records: Database, ledger: Ledger) -> Reviews:
    return Reviews(records, ledger)


@pytest.fixture
def places(records: Database, ledger: Ledger, reviews: Reviews) -> Environments:
    return Environments(records, ledger, reviews)


@pytest.fixture
def ada(ledger: Ledger) -> By:
    return By(ledger.subject("ada"))


@pytest.fixture
def ben(ledger: Ledger) -> By:
    return By(ledger.subject("ben"), "key:pk_ben")


@pytest.fixture
def releases(records: Database, blobs: BlobFolder, ledger: Ledger) -> Releases:
    return Releases(records, blobs, ledger)


@pytest.fixture
def keep(releases: Releases, ada: By) -> Keep:
    def kept(name: str) -> Release:
        digest = digest_bytes(name.encode())
        manifest = Manifest("app", {"prompt:answer": digest}, (Evidence("ask", digest, digest, "pass"),))
        return releases.keep_release(manifest, by=ada, source_commit="")

    return kept


@pytest.fixture
def change(records: Database) -> Change:
    def changed(statement: str, **values: object) -> None:
        with records.write() as connection:
            assert connection.execute(text(statement), values).rowcount

    return changed


@pytest.fixture
def asked(places: Environments, ada: By) -> None:
    """Production asks for one approval."""
    places.adopt("app", "production", EnvironmentPolicy(approvals=1), by=ada, reason="")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE review_answer SET answer = 'approve'",
        "UPDATE review_answer SET expires_at = '2999-01-01T00:00:00.000000Z'",
        "UPDATE review_answer SET actor = 's-0123456789abcdef'",
        "UPDATE review_answer SET sequence = 0",
        "DELETE FROM review_answer",
        "DELETE FROM environment_policy",
        r"""UPDATE environment_policy SET policy = replace(policy, '"approvals"\:1', '"approvals"\:0')""",
        "UPDATE environment_policy SET environment = 'elsewhere'",
        "UPDATE ledger_entry SET body = replace(body, 'review.refuse', 'review.approve') WHERE act = 'review.refuse'",
    ],
)
@pytest.mark.usefixtures("asked")
def test_a_refused_release_does_not_ship_by_a_changed_row(
    places: Environments, keep: Keep, change: Change, ada: By, ben: By, statement: str
) -> None:
    one = keep("one")
    places.answer(one, "production", "refuse", by=ben, reason="no")
    change(statement)
    with pytest.raises(IntegrityError):
        places.ship(one, "production", by=ada, reason="now")
    with pytest.raises(IntegrityError):
        places.promotion(one, "production")
    assert places.moves("app") == ()


@pytest.mark.usefixtures("asked")
def test_row_and_entry_changed_alike_do_not_make_an_approval(
    places: Environments, keep: Keep, change: Change, ada: By, ben: By
) -> None:
    one = keep("one")
    places.answer(one, "production", "refuse", by=ben, reason="no")
    change("UPDATE review_answer SET answer = 'approve'")
    change(
        "UPDATE ledger_entry SET act = 'review.approve', body = replace(body, 'review.refuse', 'review.approve')"
        " WHERE act = 'review.refuse'"
    )
    with pytest.raises(IntegrityError, match="cannot be trusted"):
        places.ship(one, "production", by=ada, reason="now")


@pytest.mark.usefixtures("asked")
def test_an_approval_of_another_release_does_not_count(
    places: Environments, keep: Keep, change: Change, ada: By, ben: By
) -> None:
    one, two = keep("one"), keep("two")
    places.answer(one, "production", "approve", by=ben, reason="")
    change("UPDATE review_answer SET subject = :two", two=two.manifest.digest)
    with pytest.raises(IntegrityError, match="cannot be trusted"):
        places.ship(two, "production", by=ada, reason="now")


@pytest.mark.usefixtures("asked")
def test_another_author_does_not_make_an_own_approval_count(
    places: Environments, releases: Releases, keep: Keep, change: Change, ada: By, ben: By
) -> None:
    one = keep("one")
    change("UPDATE release SET author = :ben", ben=ben.actor)
    with pytest.raises(IntegrityError, match="cannot be trusted"):
        places.answer(releases.release("app", one.manifest.digest), "production", "approve", by=ada, reason="")


def test_an_old_policy_put_back_is_not_the_one_that_holds(
    places: Environments, records: Database, change: Change, ada: By
) -> None:
    places.adopt("app", "production", EnvironmentPolicy(approvals=1), by=ada, reason="")
    with records.read() as connection:
        old = dict(connection.execute(text("SELECT * FROM environment_policy")).mappings().one())
    places.adopt("app", "production", EnvironmentPolicy(approvals=2), by=ada, reason="")
    change("UPDATE environment_policy SET policy=:policy, adopted_at=:adopted_at, sequence=:sequence", **old)
    with pytest.raises(IntegrityError, match=r"policy\.adopt is gone"):
        places.adopted("app")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE environment SET live = :two",
        "UPDATE environment SET candidate = :two, candidate_share = 0.9",
        "UPDATE environment SET sequence = sequence - 1",
    ],
)
def test_nothing_is_served_by_a_pointer_that_nobody_moved(
    places: Environments, keep: Keep, change: Change, ada: By, statement: str
) -> None:
    one, two = keep("one"), keep("two")
    places.ship(one, "production", by=ada, reason="")
    assert places.choose("app", "production", "u") == one.manifest.digest
    change(statement, **({"two": two.manifest.digest} if ":two" in statement else {}))
    with pytest.raises(IntegrityError, match="pointer of app in production"):
        places.choose("app", "production", "u")
    with pytest.raises(IntegrityError, match="pointer of app in production"):
        places.live("app", "production")


def test_an_earlier_pointer_put_back_is_not_served(
    places: Environments, keep: Keep, change: Change, ada: By, records: Database
) -> None:
    places.ship(keep("one"), "production", by=ada, reason="")
    with records.read() as connection:
        old = dict(connection.execute(text("SELECT live, sequence FROM environment")).mappings().one())
    places.ship(keep("two"), "production", by=ada, reason="")
    change("UPDATE environment SET live = :live, sequence = :sequence", **old)
    with pytest.raises(IntegrityError, match="pointer of app in production"):
        places.live("app", "production")


def test_every_genuine_move_is_served(places: Environments, keep: Keep, ada: By) -> None:
    one, two = keep("one"), keep("two")
    places.ship(one, "production", by=ada, reason="")
    assert places.live("app", "production") == one.manifest.digest
    places.share(two, "production", 0.5, by=ada, reason="")
    assert {places.choose("app", "production", str(user)) for user in range(40)} == {
        one.manifest.digest,
        two.manifest.digest,
    }
    places.unshare("app", "production", by=ada, reason="")
    assert places.live("app", "production") == one.manifest.digest
    places.ship(two, "production", by=ada, reason="")
    places.roll_back("app", "production", by=ada, reason="")
    assert places.live("app", "production") == one.manifest.digest


def test_no_rollback_leads_to_a_release_that_was_never_shipped_there(
    places: Environments, keep: Keep, change: Change, ada: By
) -> None:
    one, two, never = keep("one"), keep("two"), keep("never")
    places.ship(one, "production", by=ada, reason="")
    places.ship(two, "production", by=ada, reason="")
    change(
        "UPDATE environment_move SET to_release = :never WHERE to_release = :one",
        never=never.manifest.digest,
        one=one.manifest.digest,
    )
    with pytest.raises(IntegrityError, match="cannot be trusted"):
        places.roll_back("app", "production", by=ada, reason="")


@pytest.mark.usefixtures("asked")
def test_a_move_that_was_taken_away_does_not_hide_that_new_approvals_are_needed(
    places: Environments, keep: Keep, change: Change, ada: By, ben: By
) -> None:
    one, two = keep("one"), keep("two")
    for release in (one, two):
        places.answer(release, "production", "approve", by=ben, reason="")
        places.ship(release, "production", by=ada, reason="")
    change("DELETE FROM environment_move WHERE to_release = :one", one=one.manifest.digest)
    with pytest.raises(IntegrityError, match=r"environment\.ship is gone"):
        places.ship(one, "production", by=ada, reason="")


def test_answers_of_an_earlier_entry_than_asked_for_are_found_all_the_same(
    reviews: Reviews, records: Database, ben: By
) -> None:
    question = Question("app", digest_bytes(b"x"), 'prompt:"quoted"@production')
    given = [reviews.answer(question, answer, by=ben) for answer in ("approve", "withdraw")]
    with records.read() as connection:
        assert reviews.trusted_in(connection, question) == tuple(given)
    with records.write() as connection:
        connection.execute(text("DELETE FROM review_answer WHERE answer = 'withdraw'"))
    with records.read() as connection, pytest.raises(IntegrityError, match=r"review\.withdraw is gone"):
        reviews.trusted_in(connection, question)
