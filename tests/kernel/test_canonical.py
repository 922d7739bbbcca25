import enum

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from plimsoll.kernel.digest import Json, canonical_json

_SAFE = 2**53 - 1
_texts = st.text(st.characters(codec="utf-8"))
_numbers = (
    st.integers(-_SAFE, _SAFE) | st.sampled_from([_SAFE, -_SAFE, 0]) | st.floats(allow_nan=False, allow_infinity=False)
)
_leaves = st.none() | st.booleans() | _numbers | _texts
_values = st.recursive(
    _leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=5), max_leaves=30
)


@given(_values)
@example({"é": 1, "e": 2, "": 3, "\U0001f600": 4, "\ufffd": 5, "E": 6})
@example({"b": [True, 1, 1.0, '\x7f\x1f\b\t\n\f\r"\\/\u2028'], "a": {"z": None, "A": ()}})
def test_it_is_canonical_json_for_every_value(value: Json) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


@given(_texts)
def test_a_text_is_escaped_as_the_scheme_asks(text: str) -> None:
    assert canonical_json([text]) == rfc8785.dumps([text])


class _Colour(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize("value", [2**53, -(2**53), float("nan"), float("inf"), "\ud800", {"\udfff": 1}])
def test_what_the_scheme_cannot_carry_is_refused_in_its_words(value: Json) -> None:
    with pytest.raises(ValueError, match=r".+") as fast:
        canonical_json(value)
    with pytest.raises(ValueError, match=r".+") as general:
        rfc8785.dumps(value)
    assert (type(fast.value), str(fast.value)) == (type(general.value), str(general.value))


def test_a_kind_of_text_with_a_mind_of_its_own_goes_the_general_way() -> None:
    assert canonical_json([_Colour.RED]) == rfc8785.dumps([_Colour.RED])
