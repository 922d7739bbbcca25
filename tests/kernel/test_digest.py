import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.kernel.digest import Json, canonical_json, digest_bytes, digest_json, hex_part, short_name

# Larger floats are written as whole numbers, which a reader without doubles takes for others.
FLOATS = st.floats(-1e15, 1e15)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | FLOATS | st.text()
JSON: st.SearchStrategy[Json] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def test_known_digest() -> None:
    assert digest_bytes(b"abc") == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_canonical_form_of_the_standard() -> None:
    # The example of RFC 8785, section 3.2.2, in part: sorted keys, shortest numbers, escaped controls.
    value: Json = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 1e-27],
        "literals": [None, True, False],
        "a": "\u000a€",
    }
    assert canonical_json(value).decode() == (
        '{"a":"\\n€","literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}'
    )


@given(JSON)
def test_same_content_same_digest(value: Json) -> None:
    shuffled = json.loads(json.dumps(value, sort_keys=True))
    assert digest_json(value) == digest_json(shuffled)


@given(JSON)
def test_canonical_json_reads_back(value: Json) -> None:
    assert json.loads(canonical_json(value)) == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**60])
def test_what_json_cannot_carry_is_refused(value: float) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the library's own words
        canonical_json(value)


def test_short_names() -> None:
    digest = "sha256:" + hashlib.sha256(b"x").hexdigest()
    assert short_name("r", digest) == f"r-{hex_part(digest)[:6]}"
