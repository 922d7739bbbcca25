"""A key that is narrowed to some models."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import MetaData, Table

from plimsoll.access import Access, Acting
from plimsoll.access._errors import ModelNameUnfitError, NoModelsError
from plimsoll.access._keys import hash_commitment, hash_secret, new_secret, prefix_of
from plimsoll.access.models import AllowedModels, ModelForbiddenError, model_names
from plimsoll.kernel.clock import to_text, utc_now
from plimsoll.kernel.signing import SigningKey
from plimsoll.ledger import Act, By, Ledger, Subjects
from plimsoll.storage import Database, PostgresPlace
from plimsoll.storage.migrations.records import RECORDS

Place = Path | PostgresPlace

NAMES = st.text("ab/*-", max_size=8)
SOME = st.lists(NAMES.filter(bool), min_size=1, max_size=4)


def allowed(*names: str) -> AllowedModels:
    found = AllowedModels.of(model_names(names))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("gpt-4.1", "gpt-4.1", True),
        ("gpt-4.1", "gpt-4.1-mini", False),
        ("gpt-4.1", "gpt-4x1", False),
        ("gpt-4.1", "GPT-4.1", False),
        ("gpt-4.1*", "gpt-4.1", True),
        ("gpt-4.1*", "gpt-4.1-mini", True),
        ("gpt-4.1*", "gpt-4", False),
        ("gpt-4.1*", "my-gpt-4.1", False),
        ("*-mini", "gpt-4.1-mini", True),
        ("*-mini", "gpt-4.1-mini-2025", False),
        ("gpt-*-mini", "gpt-4.1-mini", True),
        ("gpt-*-mini", "gpt-mini", False),
        ("a*a", "a", False),
        ("a*b*c", "axxbxxc", True),
        ("a*b*b", "ab", False),
        ("my-app/*", "my-app/ask", True),
        ("my-app/*", "my-app2/ask", False),
        ("*", "anything/at.all", True),
        ("**", "", True),
        ("[a-z]", "a", False),
        ("a?", "ab", False),
    ],
)
def test_what_a_name_in_the_list_means(pattern: str, name: str, *, fits: bool) -> None:
    assert allowed(pattern).allows(name) is fits


@given(SOME, st.lists(NAMES, max_size=3))
def test_the_list_allows_what_one_of_its_names_means(patterns: list[str], names: list[str]) -> None:
    """The same as regular expressions say it."""
    expressions = [re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL) for pattern in patterns]
    expected = any(expression.fullmatch(name) for expression in expressions for name in names)
    assert allowed(*patterns).allows(*names) is expected


@given(SOME, SOME, NAMES)
def test_a_longer_list_allows_no_less(some: list[str], more: list[str], name: str) -> None:
    assert allowed(*some, *more).allows(name) >= allowed(*some).allows(name)


def test_a_hostile_name_and_a_hostile_pattern_need_one_pass() -> None:
    """With a backtracking matcher this would not end."""
    assert not allowed("*a" * 90 + "*b").allows("a" * 100_000)


def test_no_list_means_everything() -> None:
    assert AllowedModels.of(()) is None


@given(st.permutations(["b", "a", "c*", "a"]))
def test_the_same_names_are_the_same_list(names: list[str]) -> None:
    assert model_names(names) == ("a", "b", "c*")


@pytest.mark.parametrize("name", ["", "a b", "a,b", "a\nb", "a\x00", "\u202eask", "x" * 201])
def test_names_that_no_model_has(name: str) -> None:
    with pytest.raises(ModelNameUnfitError):
        model_names(["ask", name])


def test_a_list_has_at_most_a_hundred_names() -> None:
    assert len(model_names([f"m{number}" for number in range(100)])) == 100
    with pytest.raises(ModelNameUnfitError, match="100 at most"):
        model_names([f"m{number}" for number in range(101)])


def test_a_refusal_names_what_may_be_used_and_never_a_whole_long_name() -> None:
    refused = ModelForbiddenError("x" * 1000, [f"m{number}" for number in range(9)])
    assert refused.hint == "it may use: m0, m1, m2, m3, m4, …"
    assert len(refused.message) < 150
    assert "key create" in ModelForbiddenError("x", []).hint


def test_a_key_carries_its_list_to_whoever_acts_with_it(access: Access, by: By, ledger: Ledger) -> None:
    made = access.create_key("Ada", models=["gpt-4.1*", "harbour/ask", "gpt-4.1*"], by=by)
    assert made.key.models == ("gpt-4.1*", "harbour/ask")
    (entry,) = ledger.entries(act="key.create")
    assert entry.facts["models"] == ["gpt-4.1*", "harbour/ask"]
    models = access.authenticate(made.secret, utc_now()).models
    assert models is not None
    assert models.allows("gpt-4.1-mini")
    assert not models.allows("gpt-4")
    assert access.keys() == (made.key,)
    assert not list(access.strays())


def test_without_a_list_a_key_may_use_everything(access: Access, by: By) -> None:
    made = access.create_key("Ada", by=by)
    assert made.key.models == ()
    assert access.authenticate(made.secret, utc_now()).models is None


def test_a_list_that_turns_out_empty_makes_no_key_for_everything(access: Access, by: By) -> None:
    for names, error in (([], NoModelsError), ([""], ModelNameUnfitError)):
        with pytest.raises(error):
            access.create_key("Ada", models=names, by=by)
    assert access.keys() == ()


def test_rotation_keeps_the_list(access: Access, by: By, ledger: Ledger) -> None:
    old = access.create_key("Ada", models=["ask"], by=by)
    new = access.rotate_key(old.key.prefix, overlap_s=60, by=by)
    assert new.key.models == ("ask",)
    assert access.authenticate(new.secret, utc_now()).models == allowed("ask")
    (entry,) = ledger.entries(act="key.rotate")
    assert entry.facts["models"] == ["ask"]
    assert not list(access.strays())


def test_the_user_of_the_machine_has_no_list(admin: Acting) -> None:
    assert admin.models is None


@pytest.fixture(params=["sqlite", "postgres"])
def older_place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "sqlite":
        return tmp_path / "older.db"
    place: PostgresPlace = request.getfixturevalue("postgres_place")
    return place


def test_keys_that_are_older_than_lists_go_on_as_they_were(older_place: Place, keys_database: Database) -> None:
    secret = new_secret()
    subjects, signing = Subjects(keys_database, b"k" * 32), SigningKey.generate("plimsoll/0011aabb")
    before = RECORDS[: [step.name for step in RECORDS].index("models of keys")]
    records = Database(older_place, before)
    by = Access(records, Ledger(records, subjects, signing)).local("Ada").by
    _older_key(records, Ledger(records, subjects, signing), by, secret)
    records.close()
    records = Database(older_place, RECORDS)
    access = Access(records, Ledger(records, subjects, signing))
    (key,) = access.keys()
    assert (key.prefix, key.models) == (prefix_of(secret), ())
    assert access.authenticate(secret, utc_now()).models is None
    assert access.create_key("Ada", models=["ask"], by=by).key.models == ("ask",)
    assert not list(access.strays())
    records.close()


def _older_key(records: Database, ledger: Ledger, by: By, secret: str) -> None:
    """A key as it was made before there were lists."""
    values = {"prefix": prefix_of(secret), "actor": by.actor, "expires_at": None, "team": "", "project": ""}
    facts = {**values, "rights": None, "hash_commitment": hash_commitment(hash_secret(secret))}
    with records.write() as connection:
        recorded = ledger.append(connection, Act("key.create", "", by, facts))
        made = {"created_at": to_text(recorded.at), "sequence": recorded.sequence}
        table = Table("api_key", MetaData(), autoload_with=connection)
        connection.execute(table.insert().values(**values, **made, hash=hash_secret(secret), rights=""))
