from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.kernel.signing import (
    SIGNATURE_BYTES,
    KeyInvalidError,
    SigningKey,
    VerifyingKey,
    strict_base64,
)

SUMDB = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"

# RFC 8032 §7.1, test 2: one byte, 0x72
RFC8032_SEED = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
RFC8032_PUBLIC = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
RFC8032_SIGNATURE = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def _pem(secret: str) -> bytes:
    prefix = bytes.fromhex("302e020100300506032b657004220420")
    encoded = b64encode(prefix + bytes.fromhex(secret))
    return b"-----BEGIN PRIVATE KEY-----\n" + encoded + b"\n-----END PRIVATE KEY-----\n"


def test_the_published_key_of_the_go_checksum_database_has_the_key_id_that_it_states() -> None:
    key = VerifyingKey.parse(SUMDB)
    assert key.name == "sum.golang.org"
    assert key.key_id.hex() == "033de0ae"
    assert key.text() == SUMDB


def test_signs_as_rfc_8032_says() -> None:
    key = SigningKey.from_pem("rfc", _pem(RFC8032_SEED))
    assert key.verifier.public.hex() == RFC8032_PUBLIC
    assert key.sign(b"\x72").hex() == RFC8032_SIGNATURE


def test_a_key_survives_its_pem_file_and_its_text() -> None:
    key = SigningKey.generate("plimsoll/0a1b2c3d")
    again = SigningKey.from_pem(key.name, key.to_pem())
    assert again.verifier == key.verifier == VerifyingKey.parse(key.verifier.text())
    assert again.sign(b"x") == key.sign(b"x")


def test_the_text_form_of_a_private_key_never_shows_it() -> None:
    key = SigningKey.from_pem("rfc", _pem(RFC8032_SEED))
    for shown in (repr(key), str(key), f"{key}", repr([key])):
        assert shown in ("SigningKey('rfc')", "[SigningKey('rfc')]")


def test_the_name_is_part_of_the_identity_of_a_key() -> None:
    public = SigningKey.generate("a").verifier.public
    assert VerifyingKey("a", public).key_id != VerifyingKey("b", public).key_id


@given(
    message=st.binary(max_size=64),
    place=st.integers(0, SIGNATURE_BYTES - 1),
    flip=st.integers(1, 255),
)
def test_any_change_of_message_or_signature_breaks_it(message: bytes, place: int, flip: int) -> None:
    key = SigningKey.from_pem("rfc", _pem(RFC8032_SEED))
    signature = key.sign(message)
    changed = bytearray(signature)
    changed[place] ^= flip
    assert key.verifier.verify(message, signature)
    assert not key.verifier.verify(message, bytes(changed))
    assert not key.verifier.verify(message + b"\0", signature)
    assert not key.verifier.verify(message, signature[:-1])
    assert not key.verifier.verify(message, b"")


def test_another_key_of_the_same_name_does_not_verify() -> None:
    signed = SigningKey.generate("k").sign(b"x")
    assert not SigningKey.generate("k").verifier.verify(b"x", signed)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "a name is"),
        ("+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8", "a name is"),
        (SUMDB.replace("sum.", "sum "), "a name is"),
        (SUMDB.replace("sum.", "süm."), "a name is"),
        (SUMDB.replace("sum.", "sum\n"), "a name is"),
        ("sum.golang.org", "no key id"),
        ("sum.golang.org+033de0ae", "no key id"),
        (SUMDB.replace("033de0ae", "033DE0AE"), "no key id"),
        (SUMDB.replace("033de0ae", "33de0ae"), "no key id"),
        (SUMDB.replace("033de0ae", "033de0af"), "its key id is 033de0af, but this name and key give 033de0ae"),
        (SUMDB.replace("sum.", "sun."), "its key id is"),
        (SUMDB[:-1], "not base64"),
        (SUMDB + "=", "not base64"),
        (SUMDB + "\n", "not base64"),
        (SUMDB.replace("+s3U", "-s3U"), "not base64"),
        (SUMDB.replace("+s3U", "üs3U"), "not base64"),
        ("sum.golang.org+033de0ae+", "not Ed25519"),
        (SUMDB.replace("+Ac4z", "+Ac5z"), "its key id is"),
        (SUMDB.replace("+Ac4z", "+Bc4z"), "not Ed25519"),
        (SUMDB[:-4], "29 bytes, not 32"),
        (SUMDB + "AAAA", "35 bytes, not 32"),
    ],
)
def test_a_malformed_key_is_refused_with_what_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(KeyInvalidError, match=problem):
        VerifyingKey.parse(text)


@pytest.mark.parametrize("name", ["", " ", "a b", "a+b", "ä", "a\n", "a\x7f"])
def test_a_bad_name_is_refused_wherever_a_key_is_made(name: str) -> None:
    pem = _pem(RFC8032_SEED)
    with pytest.raises(KeyInvalidError):
        SigningKey.generate(name)
    with pytest.raises(KeyInvalidError):
        SigningKey.from_pem(name, pem)
    with pytest.raises(KeyInvalidError):
        VerifyingKey(name, bytes(32))


def test_a_private_key_of_another_kind_is_refused() -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
    )

    other = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    locked = load_pem_private_key(_pem(RFC8032_SEED), None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    for data, problem in ((other, "another algorithm"), (locked, "encrypted"), (b"hello", "not a PEM file")):
        with pytest.raises(KeyInvalidError, match=problem):
            SigningKey.from_pem("k", data)


def test_a_refusal_does_not_repeat_the_private_key() -> None:
    broken = _pem(RFC8032_SEED).replace(b"MC4C", b"MC4D")
    with pytest.raises(KeyInvalidError) as refused:
        SigningKey.from_pem("k", broken)
    assert "BCIEI" not in str(refused.value) + refused.value.hint


@given(st.binary(max_size=40))
def test_base64_is_read_in_one_way_only(data: bytes) -> None:
    text = b64encode(data).decode()
    assert strict_base64(text) == data


@pytest.mark.parametrize("text", ["QQ", "QQ=", "QR==", "Q Q==", "QQ==\n", "QQ==QQ==", "-_==", "ä", "===="])
def test_base64_that_is_not_canonical_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"wrong|canonical"):
        strict_base64(text)
