"""The first admin key of an installation, also when two begin together."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from plimsoll.access import RIGHTS, Access
from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.signing import SigningKey
from plimsoll.ledger import By, Ledger, Subjects
from plimsoll.storage import Database, PostgresPlace
from plimsoll.storage.migrations.keys import KEYS
from plimsoll.storage.migrations.records import RECORDS

SIGNING = SigningKey.generate("plimsoll/0011aabb")


def test_a_new_installation_gets_one_admin_key(access: Access, ledger: Ledger) -> None:
    assert not access.any_key()
    made = access.start()
    assert made is not None
    assert access.any_key()
    acting = access.authenticate(made.secret, utc_now())
    assert acting.rights == frozenset(RIGHTS)
    assert [entry.act for entry in ledger.entries()] == ["ledger.start", "actor.create", "key.create"]
    assert access.start() is None
    assert len(access.keys()) == 1


def test_it_makes_none_when_there_are_keys_already_even_revoked_ones(access: Access, by: By) -> None:
    made = access.create_key("Ada", by=by)
    access.revoke_key(made.key.prefix, by=by)
    assert access.start() is None


def test_it_does_not_take_over_an_actor_that_has_its_name(access: Access, by: By) -> None:
    taken = access.create_actor("first admin", kind="person", roles=[], by=by)
    made = access.start()
    assert made is not None
    assert made.key.actor != taken.id
    assert access.actor(made.key.actor).name == "first admin 2"
    assert access.actor(taken.id).roles == frozenset()


def test_a_user_of_the_machine_is_not_made_admin_after_it(access: Access) -> None:
    access.start()
    acting = access.local("Ada")
    assert acting.rights == frozenset()
    assert acting.granted_by == ("first admin",)


@pytest.mark.parametrize("round_", range(3))
def test_of_two_that_start_together_one_makes_the_key(
    records_place: Path | PostgresPlace, tmp_path: Path, round_: int
) -> None:
    del round_
    together = Barrier(2)

    def start(number: int) -> bool:
        databases = (Database(records_place, RECORDS), Database(tmp_path / "keys.db", KEYS))
        try:
            access = Access(databases[0], Ledger(databases[0], Subjects(databases[1], b"k" * 32), SIGNING))
            together.wait(timeout=60)
            made = access.start()
            access.local(f"user {number}")
        finally:
            for database in databases:
                database.close()
        return made is not None

    for database in (Database(records_place, RECORDS), Database(tmp_path / "keys.db", KEYS)):
        database.close()
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(start, range(2))) == [False, True]
    records, keys = Database(records_place, RECORDS), Database(tmp_path / "keys.db", KEYS)
    access = Access(records, Ledger(records, Subjects(keys, b"k" * 32), SIGNING))
    assert len(access.keys()) == 1
    assert len(access.actors()) == 1
    records.close()
    keys.close()


def test_of_two_first_users_together_one_becomes_admin(records_place: Path | PostgresPlace, tmp_path: Path) -> None:
    records, keys = Database(records_place, RECORDS), Database(tmp_path / "keys.db", KEYS)
    access = Access(records, Ledger(records, Subjects(keys, b"k" * 32), SIGNING))
    together = Barrier(2)

    def arrive(name: str) -> bool:
        together.wait(timeout=60)
        return "keys" in access.local(name).rights

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(arrive, ["Ada", "Bo"])) == [False, True]
    assert len(access.actors()) == 1
    records.close()
    keys.close()
