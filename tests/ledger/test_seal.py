import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.kernel.digest import Json
from plimsoll.ledger._errors import IdentifierInvalidError, SealBrokenError
from plimsoll.ledger._seal import (
    commitment,
    commitment_holds,
    lookup_code,
    new_key,
    new_nonce,
    open_sealed,
    seal,
    unwrap_key,
    wrap_key,
)

KEY = new_key()
SUBJECT = "s-0123456789abcdef"


@given(content=st.binary(max_size=100), record=st.text(st.characters(codec="utf-8"), max_size=20))
def test_sealed_content_opens_with_its_key_for_its_record(content: bytes, record: str) -> None:
    assert open_sealed(KEY, seal(KEY, content, record), record) == content


@given(content=st.binary(max_size=100), data=st.data())
def test_any_change_breaks_the_seal(content: bytes, data: st.DataObject) -> None:
    sealed = bytearray(seal(KEY, content, "ledger:17"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBrokenError, match="ledger:17"):
        open_sealed(KEY, bytes(sealed), "ledger:17")


def test_sealed_content_opens_neither_for_another_record_nor_with_another_key() -> None:
    sealed = seal(KEY, b"the reason", "ledger:17")
    with pytest.raises(SealBrokenError):
        open_sealed(KEY, sealed, "ledger:18")
    with pytest.raises(SealBrokenError):
        open_sealed(new_key(), sealed, "ledger:17")


@pytest.mark.parametrize("length", [0, 11, 12, 27, 28, 37])
def test_sealed_content_that_was_cut_does_not_open(length: int) -> None:
    with pytest.raises(SealBrokenError):
        open_sealed(KEY, seal(KEY, b"the reason", "ledger:17")[:length], "ledger:17")


def test_the_same_content_is_never_sealed_alike() -> None:
    assert seal(KEY, b"yes", "ledger:1") != seal(KEY, b"yes", "ledger:1")


def test_a_broken_seal_says_nothing_of_key_or_content() -> None:
    with pytest.raises(SealBrokenError) as broken:
        open_sealed(new_key(), seal(KEY, b"the reason", "ledger:17"), "ledger:17")
    shown = str(broken.value) + broken.value.hint
    assert "the reason" not in shown
    assert KEY.hex() not in shown
    assert broken.value.code == "seal_broken"


def test_a_wrapped_key_comes_back_for_its_subject_alone() -> None:
    kek = new_key()
    wrapped = wrap_key(kek, KEY, SUBJECT)
    assert KEY not in wrapped
    assert unwrap_key(kek, wrapped, SUBJECT) == KEY
    with pytest.raises(SealBrokenError):
        unwrap_key(kek, wrapped, "s-ffffffffffffffff")
    with pytest.raises(SealBrokenError, match=SUBJECT):
        unwrap_key(new_key(), wrapped, SUBJECT)


def test_a_wrapped_key_and_sealed_content_do_not_pass_for_one_another() -> None:
    kek = new_key()
    with pytest.raises(SealBrokenError):
        open_sealed(kek, wrap_key(kek, KEY, SUBJECT), SUBJECT)
    with pytest.raises(SealBrokenError):
        unwrap_key(kek, seal(kek, b"short", f"key:{SUBJECT}"), SUBJECT)


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_length_is_a_mistake(length: int) -> None:
    bad = bytes(length)
    for use in (
        lambda: seal(bad, b"x", "r"),
        lambda: open_sealed(bad, bytes(40), "r"),
        lambda: wrap_key(bad, KEY, SUBJECT),
        lambda: wrap_key(KEY, bad, SUBJECT),
        lambda: unwrap_key(bad, bytes(60), SUBJECT),
        lambda: lookup_code(bad, "ada"),
    ):
        with pytest.raises(ValueError, match=f"a key has 32 bytes, not {length}"):
            use()


def test_keys_and_nonces_are_fresh_and_long_enough() -> None:
    assert len(new_key()) == len(new_nonce()) == 32
    assert len({new_key() for _ in range(50)} | {new_nonce() for _ in range(50)}) == 100


def test_a_commitment_is_hmac_sha256_over_the_canonical_json() -> None:
    # echo -n '{"reason":"ok"}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:00…00
    expected = "hmac-sha256:5f5ea19dc413038aaf5deba5d82d71b4aa638c78cafba0719e148eae628a1bb1"
    assert commitment(bytes(32), {"reason": "ok"}) == expected


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), st.text(st.characters(codec="utf-8"))))
def test_a_commitment_binds_its_content_and_its_nonce(content: dict[str, str]) -> None:
    nonce = new_nonce()
    sealed = commitment(nonce, content)
    assert commitment_holds(sealed, nonce, dict(reversed(content.items())))
    assert not commitment_holds(sealed, nonce, {**content, "one more": ""})
    assert not commitment_holds(sealed, new_nonce(), content)


def test_without_the_nonce_a_guess_of_the_content_cannot_be_confirmed() -> None:
    content: Json = {"name": "Ada"}
    assert commitment(new_nonce(), content) != commitment(new_nonce(), content)


def test_what_cannot_be_a_commitment_does_not_hold() -> None:
    nonce = bytes(32)
    sealed = commitment(nonce, {"a": "b"})
    for text in ("", sealed[:-1], sealed.upper(), sealed.replace("hmac", "sha"), "hmac-sha256:ä", "\ud800"):
        assert not commitment_holds(text, nonce, {"a": "b"})
    assert not commitment_holds(sealed, nonce[:-1], {"a": "b"})
    assert not commitment_holds(sealed, nonce + b"\0", {"a": "b"})
    assert not commitment_holds(sealed, nonce, {"a": float("nan")})


def test_a_nonce_of_another_length_is_a_mistake_because_hmac_would_pad_it() -> None:
    with pytest.raises(ValueError, match="has 32 bytes, not 31"):
        commitment(bytes(31), {})


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Ada@Example.com", "ada@example.com"),
        (" ada \n", "ada"),
        ("Jos\u00e9", "jose\u0301"),
        ("STRASSE", "straße"),
        ("\u1fb3", "\u0391\u0345"),
    ],
)
def test_a_person_is_found_however_the_name_is_written(one: str, two: str) -> None:
    assert lookup_code(KEY, one) == lookup_code(KEY, two)


@given(st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: text.strip()))
def test_a_lookup_code_does_not_depend_on_form_or_case(identifier: str) -> None:
    code = lookup_code(KEY, identifier)
    assert lookup_code(KEY, unicodedata.normalize("NFC", identifier)) == code
    assert lookup_code(KEY, unicodedata.normalize("NFD", identifier)) == code
    assert lookup_code(KEY, unicodedata.normalize("NFD", identifier).casefold()) == code


def test_a_lookup_code_tells_nothing_without_its_key() -> None:
    code = lookup_code(KEY, "ada@example.com")
    assert len(code) == 64
    assert int(code, 16) >= 0
    assert lookup_code(new_key(), "ada@example.com") != code
    assert lookup_code(KEY, "bob@example.com") != code


@pytest.mark.parametrize("identifier", ["", " ", "\n\t", "\u00a0", "a\ud800"])
def test_nobody_is_looked_up_by_an_empty_or_broken_text(identifier: str) -> None:
    with pytest.raises(IdentifierInvalidError):
        lookup_code(KEY, identifier)
