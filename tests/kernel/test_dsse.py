import json
from base64 import b64encode, urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.kernel.digest import Json
from plimsoll.kernel.dsse import (
    EnvelopeInvalidError,
    EnvelopeUntrustedError,
    open_envelope,
    pre_authentication_encoding,
    sign_envelope,
)
from plimsoll.kernel.signing import SigningKey

TYPE = "application/vnd.in-toto+json"
KEY = SigningKey.generate("plimsoll/0a1b2c3d")
OTHER = SigningKey.generate("elsewhere")


def _envelope(payload: bytes = b"{}", key: SigningKey = KEY) -> dict[str, Any]:
    envelope: dict[str, Any] = json.loads(json.dumps(sign_envelope(TYPE, payload, key)))
    return envelope


def test_the_signed_bytes_are_those_of_the_example_in_the_specification() -> None:
    encoded = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world")
    assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_lengths_are_counted_in_bytes_not_in_characters() -> None:
    assert pre_authentication_encoding("é", "ü".encode()) == "DSSEv1 2 é 2 ü".encode()


@given(st.tuples(st.text(max_size=6), st.binary(max_size=6)), st.tuples(st.text(max_size=6), st.binary(max_size=6)))
def test_no_two_contents_are_signed_alike(one: tuple[str, bytes], two: tuple[str, bytes]) -> None:
    assert (pre_authentication_encoding(*one) == pre_authentication_encoding(*two)) == (one == two)


@given(st.binary(max_size=200))
def test_what_was_signed_comes_out_again(payload: bytes) -> None:
    assert open_envelope(_envelope(payload), [OTHER.verifier, KEY.verifier], TYPE) == payload


def test_the_specification_s_envelope_layout_is_written() -> None:
    envelope = _envelope(b"hello world")
    assert envelope["payload"] == "aGVsbG8gd29ybGQ="
    assert envelope["payloadType"] == TYPE
    assert [sorted(each) for each in envelope["signatures"]] == [["keyid", "sig"]]
    assert envelope["signatures"][0]["keyid"] == "plimsoll/0a1b2c3d"


def test_url_safe_base64_is_read_too() -> None:
    payload = b"\xfb\xff\xfe"
    signature = KEY.sign(pre_authentication_encoding(TYPE, payload))
    envelope: Json = {
        "payload": urlsafe_b64encode(payload).decode(),
        "payloadType": TYPE,
        "signatures": [{"sig": urlsafe_b64encode(signature).decode()}],
    }
    assert open_envelope(envelope, [KEY.verifier], TYPE) == payload


def test_the_key_id_decides_nothing_because_it_is_not_signed() -> None:
    envelope = _envelope()
    envelope["signatures"][0]["keyid"] = "somebody else"
    assert open_envelope(envelope, [KEY.verifier], TYPE) == b"{}"


def test_one_trusted_signature_among_others_is_enough() -> None:
    envelope = _envelope()
    envelope["signatures"] = _envelope(key=OTHER)["signatures"] + envelope["signatures"]
    assert open_envelope(envelope, [KEY.verifier], TYPE) == b"{}"


def test_a_changed_payload_is_refused_with_the_names_of_the_signers() -> None:
    envelope = _envelope(b"approved: no")
    envelope["payload"] = b64encode(b"approved: yes").decode()
    with pytest.raises(EnvelopeUntrustedError, match="plimsoll/0a1b2c3d") as refused:
        open_envelope(envelope, [KEY.verifier], TYPE)
    assert refused.value.signed_by == ("plimsoll/0a1b2c3d",)


def test_an_unknown_key_is_refused_even_under_a_known_name() -> None:
    impostor = SigningKey.generate(KEY.name)
    with pytest.raises(EnvelopeUntrustedError):
        open_envelope(_envelope(key=impostor), [KEY.verifier], TYPE)


def test_without_trusted_keys_nothing_opens() -> None:
    with pytest.raises(EnvelopeUntrustedError, match="trusted keys are none"):
        open_envelope(_envelope(), [], TYPE)


def test_a_type_that_was_changed_after_signing_is_refused() -> None:
    envelope = _envelope()
    envelope["payloadType"] = "text/plain"
    with pytest.raises(EnvelopeInvalidError, match="text/plain"):
        open_envelope(envelope, [KEY.verifier], TYPE)
    with pytest.raises(EnvelopeUntrustedError):
        open_envelope(envelope, [KEY.verifier], "text/plain")


def test_a_claimed_signer_can_write_nothing_to_the_terminal() -> None:
    envelope = _envelope(key=OTHER)
    envelope["signatures"][0]["keyid"] = "\x1b[2J" + "x" * 500
    with pytest.raises(EnvelopeUntrustedError) as refused:
        open_envelope(envelope, [KEY.verifier], TYPE)
    assert "\x1b" not in str(refused.value)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"payload": None}, "payload"),
        ({"payload": 3}, "payload"),
        ({"payload": "e30"}, "base64"),
        ({"payload": "e30=\n"}, "base64"),
        ({"payload": "ä"}, "base64"),
        ({"payloadType": None}, "payloadType"),
        ({"signatures": None}, "not a list"),
        ({"signatures": "sig"}, "not a list"),
        ({"signatures": []}, "0 signatures"),
        ({"signatures": [{"sig": ""}] * 65}, "65 signatures"),
        ({"signatures": ["x"]}, "not a JSON object"),
        ({"signatures": [{}]}, "sig"),
        ({"signatures": [{"sig": "?"}]}, "base64"),
        ({"signatures": [{"sig": "e30=", "keyid": 1}]}, "keyid"),
    ],
)
def test_a_malformed_envelope_is_refused_with_what_is_wrong(change: dict[str, Json], problem: str) -> None:
    with pytest.raises(EnvelopeInvalidError, match=problem):
        open_envelope({**_envelope(), **change}, [KEY.verifier], TYPE)


@pytest.mark.parametrize("value", [None, [], "x", 3, True])
def test_what_is_no_object_is_no_envelope(value: Json) -> None:
    with pytest.raises(EnvelopeInvalidError, match="not a JSON object"):
        open_envelope(value, [KEY.verifier], TYPE)
