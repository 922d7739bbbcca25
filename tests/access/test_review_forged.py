"""Rows of actors and keys that somebody wrote into the database let nobody act."""

import pytest
from sqlalchemy import text

from plimsoll.access import Access, Acting
from plimsoll.access._errors import AccessForgedError
from plimsoll.access._keys import hash_secret, new_secret, prefix_of
from plimsoll.kernel.clock import utc_now
from plimsoll.ledger import By, Ledger
from plimsoll.storage import Database


def change(records: Database, statement: str, **values: object) -> None:
    with records.write() as connection:
        assert connection.execute(text(statement), values).rowcount


def test_a_key_that_was_written_into_the_table_opens_nothing(access: Access, records: Database, by: By) -> None:
    access.create_key("Ada", by=by)
    secret = new_secret()
    change(
        records,
        "INSERT INTO api_key SELECT :prefix, actor, :hash, rights, team, project, created_at, expires_at, revoked_at,"
        " replaced_by, sequence, models FROM api_key",
        prefix=prefix_of(secret),
        hash=hash_secret(secret),
    )
    with pytest.raises(AccessForgedError, match="no entry of the ledger made it"):
        access.authenticate(secret, utc_now())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE api_key SET revoked_at = NULL",
        "UPDATE api_key SET expires_at = '2999-01-01T00:00:00.000000Z', revoked_at = NULL",
    ],
)
def test_what_was_taken_away_cannot_be_given_back_in_the_table(
    access: Access, records: Database, by: By, statement: str
) -> None:
    access.create_actor("ben", kind="person", roles=["viewer"], by=by)
    new = access.create_key("ben", by=by)
    access.revoke_key(new.key.prefix, by=by)
    change(records, statement)
    with pytest.raises(AccessForgedError):
        access.authenticate(new.secret, utc_now())


def test_a_role_that_was_written_into_the_table_is_none(access: Access, records: Database, by: By) -> None:
    access.create_actor("ben", kind="person", roles=["viewer"], by=by)
    assert "keys" not in access.local("ben").rights
    change(records, "UPDATE actor SET roles = 'admin' WHERE roles = 'viewer'")
    with pytest.raises(AccessForgedError, match="`roles` is admin in the table and viewer by the ledger"):
        access.local("ben")


def test_another_owner_of_a_key_is_refused(access: Access, records: Database, by: By) -> None:
    ben = access.create_actor("ben", kind="person", roles=["viewer"], by=by)
    new = access.create_key("ben", by=by)
    change(records, "UPDATE api_key SET actor = :admin WHERE actor = :ben", admin=by.actor, ben=ben.id)
    with pytest.raises(AccessForgedError, match="`actor` is"):
        access.authenticate(new.secret, utc_now())


@pytest.mark.parametrize("wider", ["", "*", "ask,secret"])
def test_a_list_of_models_that_was_widened_in_the_table_lets_nobody_act(
    access: Access, records: Database, by: By, wider: str
) -> None:
    new = access.create_key("Ada", models=["ask"], by=by)
    change(records, "UPDATE api_key SET models = :wider", wider=wider)
    with pytest.raises(AccessForgedError, match=r"`models` is .* in the table and ask by the ledger"):
        access.authenticate(new.secret, utc_now())


def test_changes_of_every_kind_are_followed_by_an_access_that_was_opened_before(
    access: Access, records: Database, ledger: Ledger, admin: Acting
) -> None:
    by, other = admin.by, Access(records, ledger)
    access.create_actor("ben", kind="person", roles=["viewer"], by=by)
    first = access.create_key("ben", by=by)
    assert other.authenticate(first.secret, utc_now()).name == "ben"
    access.set_roles("ben", ["operator"], by=by)
    second = access.rotate_key(first.key.prefix, overlap_s=60, by=by)
    for secret in (first.secret, second.secret):
        assert "ship" in other.authenticate(secret, utc_now()).rights


def test_whoever_empties_the_table_of_actors_does_not_become_admin(access: Access, records: Database, by: By) -> None:
    assert by.actor
    change(records, "DELETE FROM actor")
    assert access.local("eve").rights == frozenset()


def test_whoever_empties_the_table_of_keys_gets_no_key_of_a_first_admin(access: Access, records: Database) -> None:
    assert access.start() is not None
    change(records, "DELETE FROM api_key")
    assert access.start() is None
    assert access.any_key()
