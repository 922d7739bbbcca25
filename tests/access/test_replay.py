"""Rows that are not what the ledger made them are found and named."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.access import Access, NewKey
from plimsoll.access._keys import hash_secret
from plimsoll.access._replay import Place, Row, differences, replay_access
from plimsoll.access._store import _actor, _key
from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.digest import Json
from plimsoll.ledger import By, Entry, Ledger
from plimsoll.storage import Database


@pytest.fixture
def history(access: Access, by: By) -> NewKey:
    """Every act of this room at least once; gives a key that still works."""
    access.create_actor("clerk", kind="service", roles=["viewer"], team="law", project="leases", by=by)
    access.create_actor("Bo", kind="person", roles=["admin"], by=by)
    access.set_roles("clerk", ["developer", "operator"], by=by)
    old = access.create_key("clerk", rights=["call", "read"], models=["ask", "gpt-4.1*"], by=by)
    access.revoke_key(access.create_key("Bo", by=by).key.prefix, by=by)
    access.disable("Bo", by=by)
    return access.rotate_key(old.key.prefix, overlap_s=60, by=by)


def test_untouched_rows_are_what_the_ledger_made_them(access: Access, history: NewKey) -> None:
    kept = access.keys()
    assert history.key in kept
    assert list(access.strays()) == []


def test_an_erased_person_leaves_no_difference(access: Access, history: NewKey, by: By, ledger: Ledger) -> None:
    ledger.erase(history.key.actor, {}, by=by)
    assert list(access.strays()) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "person"),
        ("roles", "admin"),
        ("team", "sales"),
        ("project", "x"),
        ("created_at", "2020-01-01T00:00:00.000000Z"),
        ("disabled_at", "2020-01-01T00:00:00.000000Z"),
        ("sequence", 0),
    ],
)
def test_every_changed_field_of_an_actor_is_found(
    access: Access, history: NewKey, records: Database, column: str, value: str | int
) -> None:
    with records.write() as connection:
        connection.execute(_actor.update().where(_actor.c.id == history.key.actor).values({column: value}))
    (sentence,) = access.strays()
    assert sentence.startswith(f"actor {history.key.actor}: `{column}` is {value} in the table and ")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("rights", ""),
        ("models", ""),
        ("models", "*"),
        ("team", "sales"),
        ("project", "x"),
        ("created_at", "2020-01-01T00:00:00.000000Z"),
        ("expires_at", "2999-01-01T00:00:00.000000Z"),
        ("revoked_at", "2020-01-01T00:00:00.000000Z"),
        ("replaced_by", "abcd012345"),
        ("sequence", 0),
    ],
)
def test_every_changed_field_of_a_key_is_found(
    access: Access, history: NewKey, records: Database, column: str, value: str | int
) -> None:
    with records.write() as connection:
        connection.execute(_key.update().where(_key.c.prefix == history.key.prefix).values({column: value}))
    (sentence,) = access.strays()
    assert sentence.startswith(
        f"key {history.key.prefix}: `{column}` is {'empty' if value == '' else value} in the table and "
    )


def test_a_key_given_to_another_actor_is_found(access: Access, history: NewKey, by: By, records: Database) -> None:
    with records.write() as connection:
        connection.execute(_key.update().where(_key.c.prefix == history.key.prefix).values(actor=by.actor))
    (sentence,) = access.strays()
    assert "`actor`" in sentence


def test_a_swapped_hash_is_found_without_the_hash_being_shown(
    access: Access, history: NewKey, records: Database
) -> None:
    other = hash_secret("mine")
    with records.write() as connection:
        connection.execute(_key.update().where(_key.c.prefix == history.key.prefix).values(hash=other))
    (sentence,) = access.strays()
    assert sentence.startswith(f"key {history.key.prefix}: `hash_commitment` is ")
    assert other not in sentence


def test_a_key_brought_back_to_life_is_found(access: Access, history: NewKey, records: Database) -> None:
    assert history.key.revoked_at is None
    with records.write() as connection:
        connection.execute(_key.update().values(revoked_at=None))
    (sentence,) = access.strays()
    assert "`revoked_at` is not set in the table and 2" in sentence


def test_added_and_removed_rows_are_found(access: Access, history: NewKey, by: By, records: Database) -> None:
    with records.write() as connection:
        values = {
            "actor": by.actor,
            "hash": hash_secret("mine"),
            "rights": "",
            "team": "",
            "project": "",
            "created_at": "2020-01-01T00:00:00.000000Z",
            "sequence": 1,
        }
        connection.execute(_key.insert().values(prefix="wxyz543210", **values))
        connection.execute(_key.delete().where(_key.c.prefix == history.key.prefix))
    assert set(access.strays()) == {
        "key wxyz543210 is in the table, and no entry of the ledger made it",
        f"key {history.key.prefix} is in the ledger and not in the table",
    }


def test_an_act_between_the_two_readings_is_no_difference(
    access: Access, history: NewKey, by: By, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    size: Callable[[], int] = ledger.size

    def acting_meanwhile() -> int:
        sizes.append(size())
        if len(sizes) == 1:
            access.revoke_key(history.key.prefix, by=by)
        return sizes[-1]

    monkeypatch.setattr(ledger, "size", acting_meanwhile)
    assert list(access.strays()) == []
    # Read again, and then nothing came in between any more.
    assert (sizes[0], set(sizes[1:])) == (sizes[0], {sizes[0] + 1})


def test_other_acts_are_passed_over(access: Access, history: NewKey, ledger: Ledger) -> None:
    access.authenticate(history.secret, utc_now())
    rows = replay_access(ledger.entries())
    assert sorted(place[0] for place in rows) == ["actor"] * 3 + ["key"] * 3


@pytest.mark.parametrize(
    ("act", "facts"),
    [("key.revoke", {"prefix": "a"}), ("actor.disable", {"actor": "b"}), ("actor.roles", {"actor": "b", "to": []})],
)
def test_a_change_of_what_was_never_made_makes_nothing(act: str, facts: dict[str, Json]) -> None:
    assert replay_access([Entry(0, utc_now(), act, "", "s-0", "local", facts, None)]) == {}


ROWS = st.dictionaries(
    st.tuples(st.sampled_from(["actor", "key"]), st.sampled_from("abc")),
    st.fixed_dictionaries({"roles": st.sampled_from(["admin", "viewer", ""]), "at": st.none() | st.integers(0, 2)}),
)


@given(ROWS, ROWS)
def test_there_are_differences_exactly_when_the_rows_differ(
    expected: dict[Place, Row], found: dict[Place, Row]
) -> None:
    sentences = differences(expected, found)
    assert bool(sentences) == (expected != found)
    for place in {*expected, *found}:
        named = any(
            sentence.startswith((f"{place[0]} {place[1]}:", f"{place[0]} {place[1]} ")) for sentence in sentences
        )
        assert named == (expected.get(place) != found.get(place))
