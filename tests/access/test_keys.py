import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plimsoll.access import ROLES, Access, KeyUnknownError, NewKey, NotAuthenticatedError, RightMissingError
from plimsoll.access._errors import (
    ActorDisabledError,
    ActorErasedError,
    ExpiryPastError,
    KeyExpiredError,
    KeyMalformedError,
    KeyMissingError,
    KeyReplacedError,
    KeyRevokedError,
    NoRightsError,
    OverlapUnfitError,
    RightNotHeldError,
)
from plimsoll.access._keys import hash_commitment, hash_secret, new_secret, prefix_of
from plimsoll.access._store import _key
from plimsoll.kernel.clock import to_text, utc_now
from plimsoll.ledger import By, Ledger
from plimsoll.storage import Database

Acts = Callable[[], list[str]]
TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)


@pytest.fixture
def clerk(access: Access, by: By) -> NewKey:
    """A key of a service that may do what developers may."""
    access.create_actor("clerk", kind="service", roles=["developer"], team="law", project="leases", by=by)
    return access.create_key("clerk", by=by)


def test_a_key_lets_its_actor_act(access: Access, clerk: NewKey) -> None:
    acting = access.authenticate(clerk.secret, utc_now())
    assert (acting.actor, acting.name, acting.team, acting.project) == (clerk.key.actor, "clerk", "law", "leases")
    assert acting.rights == ROLES["developer"]
    assert acting.via == acting.by.via == f"key:{clerk.key.prefix}"


def test_making_a_key_is_one_entry_without_secret_and_hash(access: Access, clerk: NewKey, ledger: Ledger) -> None:
    (entry,) = ledger.entries(act="key.create")
    assert entry.facts == {
        "prefix": clerk.key.prefix,
        "actor": clerk.key.actor,
        "rights": None,
        "models": [],
        "expires_at": None,
        "team": "",
        "project": "",
        "hash_commitment": hash_commitment(hash_secret(clerk.secret)),
    }
    assert entry.at == clerk.key.created_at
    assert access.keys() == (clerk.key,)


def test_a_key_may_be_narrower_than_its_actor(access: Access, clerk: NewKey, by: By) -> None:
    narrow = access.create_key("clerk", rights=["call", "read"], team="own", by=by)
    acting = access.authenticate(narrow.secret, utc_now())
    assert acting.rights == narrow.key.rights
    assert acting.rights == {"call", "read"}
    assert (acting.team, acting.project) == ("own", "leases")
    with pytest.raises(RightMissingError, match="clerk does not have the right `publish`") as raised:
        acting.require("publish")
    assert "a key can have fewer rights than its actor" in raised.value.hint
    assert access.keys() == (clerk.key, narrow.key)


def test_a_key_is_never_wider_than_its_actor(access: Access, clerk: NewKey, by: By, acts: Acts) -> None:
    before = acts()
    with pytest.raises(RightNotHeldError, match="rights erase and ship"):
        access.create_key("clerk", rights=["call", "ship", "erase"], by=by)
    with pytest.raises(NoRightsError):
        access.create_key("clerk", rights=[], by=by)
    assert acts() == before
    assert access.keys() == (clerk.key,)


def test_no_two_keys_have_the_same_visible_part(
    access: Access, clerk: NewKey, by: By, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = [clerk.secret, new_secret()]
    secrets = iter(drawn)
    monkeypatch.setattr("plimsoll.access._store.new_secret", lambda: next(secrets))
    assert access.create_key("clerk", by=by).secret == drawn[1]


def test_a_key_loses_a_right_when_its_actor_does(access: Access, clerk: NewKey, by: By) -> None:
    narrow = access.create_key("clerk", rights=["call", "read"], by=by)
    access.set_roles("clerk", ["viewer"], by=by)
    assert access.authenticate(clerk.secret, utc_now()).rights == {"read"}
    assert access.authenticate(narrow.secret, utc_now()).rights == {"read"}
    access.set_roles("clerk", [], by=by)
    assert access.authenticate(clerk.secret, utc_now()).rights == frozenset()


def test_unknown_and_wrong_keys_get_the_same_sentence(access: Access, clerk: NewKey, by: By, records: Database) -> None:
    revoked = access.create_key("clerk", by=by)
    access.revoke_key(revoked.key.prefix, by=by)
    with records.write() as connection:
        # Now both keys are wrong ones whose visible part exists.
        connection.execute(_key.update().values(hash=hash_secret(new_secret())))
    said = set()
    for sent in (new_secret(), clerk.secret, revoked.secret):
        with pytest.raises(KeyUnknownError) as raised:
            access.authenticate(sent, utc_now())
        said.add((raised.value.message, raised.value.hint, raised.value.code))
    assert len(said) == 1


def test_known_and_unknown_prefixes_are_compared_alike(
    access: Access, clerk: NewKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []
    real = hmac.compare_digest

    def compare(first: str, second: str) -> bool:
        compared.append((len(first), len(second)))
        return real(first, second)

    monkeypatch.setattr("plimsoll.access._keys.hmac.compare_digest", compare)
    access.authenticate(clerk.secret, utc_now())
    with pytest.raises(KeyUnknownError):
        access.authenticate(new_secret(), utc_now())
    assert compared[0] == compared[1]
    assert len(compared) == 2


@pytest.mark.parametrize("sent", ["", "plim_", "sk-0123456789", "Bearer x"])
def test_what_is_no_key_is_told_as_such(access: Access, sent: str) -> None:
    with pytest.raises(KeyMalformedError) as raised:
        access.authenticate(sent, utc_now())
    assert isinstance(raised.value, NotAuthenticatedError)


def test_a_key_with_an_expiry_ends_with_it(access: Access, clerk: NewKey, by: By) -> None:
    expires_at = utc_now() + 90 * DAY
    made = access.create_key("clerk", expires_at=expires_at, by=by)
    assert made.key.expires_at == expires_at
    assert access.authenticate(made.secret, expires_at - TICK).actor == clerk.key.actor
    for now in (expires_at, expires_at + TICK):
        with pytest.raises(KeyExpiredError):
            access.authenticate(made.secret, now)


def test_an_expiry_lies_in_the_future(access: Access, clerk: NewKey, by: By) -> None:
    for expires_at in (utc_now() - TICK, datetime(2001, 1, 1, tzinfo=UTC)):
        with pytest.raises(ExpiryPastError):
            access.create_key("clerk", expires_at=expires_at, by=by)
    assert access.keys() == (clerk.key,)


def test_a_revoked_key_never_works_again(access: Access, clerk: NewKey, by: By, ledger: Ledger, acts: Acts) -> None:
    revoked = access.revoke_key(f"plim_{clerk.key.prefix}", by=by)
    assert revoked.revoked_at is not None
    with pytest.raises(KeyRevokedError, match=clerk.key.prefix):
        access.authenticate(clerk.secret, utc_now())
    (entry,) = ledger.entries(act="key.revoke")
    assert (entry.facts, entry.at) == ({"prefix": clerk.key.prefix}, revoked.revoked_at)
    before = acts()
    assert access.revoke_key(clerk.key.prefix, by=by) == revoked
    assert acts() == before


def test_keys_of_disabled_and_erased_actors_do_not_work(access: Access, clerk: NewKey, by: By, ledger: Ledger) -> None:
    access.create_actor("bot", kind="service", roles=["viewer"], by=by)
    bot = access.create_key("bot", by=by)
    access.disable("clerk", by=by)
    with pytest.raises(ActorDisabledError, match="clerk was disabled"):
        access.authenticate(clerk.secret, utc_now())
    ledger.erase(bot.key.actor, {}, by=by)
    with pytest.raises(ActorErasedError, match=bot.key.actor):
        access.authenticate(bot.secret, utc_now())
    with pytest.raises(ActorErasedError):
        access.create_key(bot.key.actor, by=by)
    for key in (clerk, bot):
        with pytest.raises((ActorDisabledError, ActorErasedError)):
            access.rotate_key(key.key.prefix, overlap_s=0, by=by)


def test_a_rotated_key_has_the_same_rights_and_tags(access: Access, clerk: NewKey, by: By, ledger: Ledger) -> None:
    old = access.create_key("clerk", rights=["call"], team="t", project="p", by=by)
    new = access.rotate_key(old.key.prefix, overlap_s=3600, by=by)
    assert new.secret not in {old.secret, clerk.secret}
    assert new.key.rights == old.key.rights == frozenset({"call"})
    assert (new.key.actor, new.key.team, new.key.project) == (clerk.key.actor, "t", "p")
    assert new.key.expires_at is None
    replaced = access.keys()[1]
    assert (replaced.prefix, replaced.replaced_by) == (old.key.prefix, new.key.prefix)
    assert replaced.expires_at is not None
    (entry,) = ledger.entries(act="key.rotate")
    assert (entry.facts["prefix"], entry.facts["replaces"]) == (new.key.prefix, old.key.prefix)
    assert entry.facts["overlap_until"] == to_text(replaced.expires_at)


def test_a_key_knows_whose_place_it_took(access: Access, clerk: NewKey, by: By) -> None:
    """What limits the others limits it too."""
    keys = [access.create_key("clerk", by=by)]
    while len(keys) < 4:
        keys.append(access.rotate_key(keys[-1].key.prefix, overlap_s=3600, by=by))
    first, second, third, last = (key.key.prefix for key in keys)
    replaced = [access.authenticate(key.secret, utc_now()).replaced for key in (*keys, clerk)]
    assert replaced == [(), (first,), (second, first), (third, second, first), ()]
    assert last not in replaced[3]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(overlap_s=st.floats(0, 31 * 86400), life_s=st.none() | st.floats(60, 400 * 86400))
def test_both_keys_work_until_the_overlap_ends_and_then_the_new_one_alone(
    access: Access, clerk: NewKey, by: By, overlap_s: float, life_s: float | None
) -> None:
    expires_at = None if life_s is None else utc_now() + timedelta(seconds=life_s)
    old = access.create_key("clerk", expires_at=expires_at, by=by)
    new = access.rotate_key(old.key.prefix, overlap_s=overlap_s, by=by)
    ends_at = access.keys()[-2].expires_at
    assert ends_at is not None
    assert access.authenticate(old.secret, ends_at - TICK).actor == clerk.key.actor
    assert access.authenticate(new.secret, ends_at - TICK).actor == clerk.key.actor
    with pytest.raises(KeyExpiredError) as raised:
        access.authenticate(old.secret, ends_at)
    assert new.key.prefix in raised.value.hint
    assert expires_at is None or ends_at <= expires_at
    assert ends_at <= new.key.created_at + timedelta(seconds=overlap_s)
    if expires_at is not None:
        assert new.key.expires_at is not None
        assert new.key.expires_at > expires_at
    assert not list(access.strays())


def test_a_key_is_rotated_once_and_only_while_it_works(access: Access, clerk: NewKey, by: By, acts: Acts) -> None:
    new = access.rotate_key(clerk.key.prefix, overlap_s=60, by=by)
    before = acts()
    with pytest.raises(KeyReplacedError, match=new.key.prefix):
        access.rotate_key(clerk.key.prefix, overlap_s=60, by=by)
    access.rotate_key(new.key.prefix, overlap_s=0, by=by)
    with pytest.raises(KeyExpiredError):
        access.rotate_key(new.key.prefix, overlap_s=60, by=by)
    third = access.keys()[-1]
    access.revoke_key(third.prefix, by=by)
    with pytest.raises(KeyRevokedError):
        access.rotate_key(third.prefix, overlap_s=60, by=by)
    assert acts() == [*before, "key.rotate", "key.revoke"]


@pytest.mark.parametrize("overlap_s", [-1, 32 * 86400, float("nan"), float("inf")])
def test_an_overlap_is_a_length_of_time_of_at_most_a_month(
    access: Access, clerk: NewKey, by: By, overlap_s: float
) -> None:
    with pytest.raises(OverlapUnfitError):
        access.rotate_key(clerk.key.prefix, overlap_s=overlap_s, by=by)
    assert access.keys() == (clerk.key,)


def test_a_key_that_does_not_exist_is_named_by_its_visible_part_alone(access: Access, by: By) -> None:
    secret = new_secret()
    for act in (lambda: access.revoke_key(secret, by=by), lambda: access.rotate_key(secret, overlap_s=0, by=by)):
        with pytest.raises(KeyMissingError) as raised:
            act()
        assert raised.value.message == f"there is no key plim_{prefix_of(secret)}"
