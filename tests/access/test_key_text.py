import hmac
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.access import ApiKey
from plimsoll.access._errors import KeyExpiredError, KeyMalformedError, KeyRevokedError
from plimsoll.access._keys import (
    check_usable,
    hash_commitment,
    hash_secret,
    is_secret_of,
    new_secret,
    prefix_of,
    visible_part,
)

MADE = datetime(2026, 5, 1, tzinfo=UTC)
SECRET = new_secret()


def key(
    expires_at: datetime | None = None, revoked_at: datetime | None = None, replaced_by: str | None = None
) -> ApiKey:
    return ApiKey("abcd012345", "s-0011223344556677", None, (), "", "", MADE, expires_at, revoked_at, replaced_by)


def test_a_key_has_a_form_that_scanners_for_secrets_can_find() -> None:
    assert re.fullmatch(r"plim_[a-z2-9]{4}[0-9a-f]{6}_[A-Za-z0-9_-]{43}", SECRET)
    assert SECRET.split("_", 2)[1] == prefix_of(SECRET)


def test_no_two_keys_are_the_same() -> None:
    made = [new_secret() for _ in range(200)]
    assert len(set(made)) == 200
    assert len({prefix_of(secret) for secret in made}) == 200


@given(st.integers(5, len(SECRET) - 1), st.sampled_from("abcdefXYZ0123456789-_"))
def test_a_mistyped_character_is_told_without_asking_anybody(place: int, character: str) -> None:
    typed = SECRET[:place] + character + SECRET[place + 1 :]
    if typed == SECRET:
        assert prefix_of(typed)
        return
    with pytest.raises(KeyMalformedError):
        prefix_of(typed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sk-proj-0123456789",
        SECRET[:-1],
        SECRET + "A",
        SECRET + "\n",
        SECRET.upper(),
        f" {SECRET}",
        "plim_",
        "é" * 59,
    ],
    ids=["empty", "other", "short", "long", "line", "upper", "space", "prefix", "letters"],
)
def test_what_is_not_a_whole_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(KeyMalformedError) as raised:
        prefix_of(text)
    said = f"{raised.value.message} {raised.value.hint}"
    assert SECRET[20:-1] not in said
    assert "sk-proj" not in said


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading_of_keys(text: str) -> None:
    with pytest.raises(KeyMalformedError):
        prefix_of(text)


def test_a_key_is_named_by_its_visible_part_however_it_is_typed() -> None:
    prefix = prefix_of(SECRET)
    assert [visible_part(text) for text in (prefix, f"plim_{prefix}", SECRET, f" {prefix} ")] == [prefix] * 4


def test_only_the_hash_is_kept_and_only_a_commitment_to_it_is_published() -> None:
    kept = hash_secret(SECRET)
    assert re.fullmatch("sha256:[0-9a-f]{64}", kept)
    assert SECRET not in kept
    assert hash_commitment(kept) != kept
    assert hash_commitment(kept) == hash_commitment(hash_secret(SECRET))


def test_a_secret_matches_its_own_hash_alone() -> None:
    assert is_secret_of(SECRET, hash_secret(SECRET))
    assert not is_secret_of(SECRET, hash_secret(new_secret()))
    assert not is_secret_of(SECRET, None)


@pytest.mark.parametrize("kept", [hash_secret(SECRET), hash_secret("another"), None], ids=["own", "other", "none"])
def test_known_and_unknown_keys_are_compared_in_the_same_timing_safe_way(
    kept: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[str, str]] = []
    real = hmac.compare_digest

    def compare(first: str, second: str) -> bool:
        compared.append((first, second))
        return real(first, second)

    monkeypatch.setattr("plimsoll.access._keys.hmac.compare_digest", compare)
    is_secret_of(SECRET, kept)
    ((given_hash, against),) = compared
    assert given_hash == hash_secret(SECRET)
    assert len(given_hash) == len(against)
    assert kept in {None, against}


@pytest.mark.parametrize(("after_us", "works"), [(-1, True), (0, False), (1, False)])
def test_a_key_works_before_its_expiry_and_at_it_no_more(after_us: int, works: bool) -> None:
    expires_at = MADE + timedelta(days=90)
    now = expires_at + timedelta(microseconds=after_us)
    if works:
        check_usable(key(expires_at), now)
        return
    with pytest.raises(KeyExpiredError, match="plim_abcd012345 expired at 2026-07-30T00:00:00"):
        check_usable(key(expires_at), now)


def test_a_key_without_expiry_works_for_ever() -> None:
    check_usable(key(), datetime(9999, 1, 1, tzinfo=UTC))


def test_a_revoked_key_never_works_and_says_so_first() -> None:
    with pytest.raises(KeyRevokedError, match="was revoked at 2026-05-02"):
        check_usable(key(MADE, MADE + timedelta(days=1)), MADE)


def test_an_expired_key_names_the_one_that_took_its_place() -> None:
    with pytest.raises(KeyExpiredError) as raised:
        check_usable(key(MADE, replaced_by="wxyz543210"), MADE)
    assert "plim_wxyz543210 has taken its place" in raised.value.hint
