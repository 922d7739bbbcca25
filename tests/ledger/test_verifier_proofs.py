from typing import Any

import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.verifier_files import (
    tree_path,
    tree_root,
)

from plimsoll.ledger.verifier._canonical import canonical, is_canonical, parse
from plimsoll.ledger.verifier._ed25519 import L, ed25519_verifies
from plimsoll.ledger.verifier._tree import Tree, inclusion_root

# Ed25519

VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_signatures_of_rfc_8032_verify(public: str, message: str, signature: str) -> None:
    key, data, signed = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
    assert ed25519_verifies(key, signed, data)
    assert not ed25519_verifies(key, signed, data + b"!")
    larger = int.from_bytes(signed[32:], "little") + L
    assert not ed25519_verifies(key, signed[:32] + larger.to_bytes(32, "little"), data)
    assert not ed25519_verifies(key, signed[:-1], data)


@pytest.mark.parametrize("number", [1, 2**255 - 19 + 1, 2**255 - 20, 0, 2**255 - 1, 1 + (1 << 255), 2])
def test_keys_of_small_order_and_points_that_are_not_canonical_are_refused(number: int) -> None:
    # with S = 0 and R the neutral element such a key would verify many messages
    signature = (1).to_bytes(32, "little") + bytes(32)
    assert not any(ed25519_verifies(number.to_bytes(32, "little"), signature, b"%d" % place) for place in range(8))


@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=200), place=st.integers(0, 511))
@settings(deadline=None, max_examples=40)
def test_it_agrees_with_the_cryptography_package(seed: bytes, message: bytes, place: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert ed25519_verifies(public, signature, message)
    flipped = bytearray(signature)
    flipped[place // 8] ^= 1 << place % 8
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(bytes(flipped), message)
        expected = True
    except InvalidSignature:
        expected = False
    assert ed25519_verifies(public, bytes(flipped), message) is expected


# The tree and canonical JSON


@pytest.mark.parametrize("size", range(1, 18))
def test_roots_and_proofs_are_those_of_rfc_6962(size: int) -> None:
    lines, tree = [f"line {number}" for number in range(size)], Tree()
    for line in lines:
        tree.append(line.encode())
    root = tree_root(lines)
    assert tree.root() == root
    for index in range(size):
        proof = tree_path(index, lines)
        assert inclusion_root(lines[index].encode(), index, size, proof) == root
        assert inclusion_root(lines[index].encode(), index, size, [*proof, root]) is None
        assert inclusion_root(lines[index].encode(), size, size, proof) is None
        assert inclusion_root(b"another line", index, size, proof) != root
        assert not proof or inclusion_root(lines[index].encode(), index, size, proof[:-1]) != root


numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False).filter(
    lambda number: abs(number) < 2**53
)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(), lambda some: st.lists(some) | st.dictionaries(st.text(), some)
)


@given(values)
def test_canonical_json_is_that_of_rfc_8785(value: Any) -> None:
    text = rfc8785.dumps(value).decode()
    read = parse(text)
    assert canonical(read) == text
    assert is_canonical(read, text)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        "1" * 5000,
        "9007199254740993",
        "NaN",
        "-Infinity",
        "1e400",
        "[" * 200_000,
        '{"a"',
        "1.0",
        "1e5",
        "0.10",
    ],
)
def test_hostile_json_is_refused_with_an_ordinary_error(text: str) -> None:
    with pytest.raises((ValueError, RecursionError)):
        parse(text)


@pytest.mark.parametrize(
    "text", ['{"b":1,"a":1}', '{"a": 1}', '"\\u0041"', " 1", "-0", '"\\/"', '{"\ufb33":1,"\U0001f600":1}']
)
def test_json_that_is_not_canonical_is_recognised(text: str) -> None:
    assert not is_canonical(parse(text), text)
