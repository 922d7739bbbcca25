"""What a filter means, and that it costs what it should whatever a stranger writes into it."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.retrieval import Filter, FilterError
from plimsoll.retrieval._filter import Condition

scalars = st.one_of(
    st.booleans(), st.integers(-2, 2), st.floats(-2, 2, width=16), st.sampled_from(["", "1", "true", "a", "ä"])
)


def kind(value: object) -> type:
    return bool if isinstance(value, bool) else str if isinstance(value, str) else float


@given(scalars, scalars)
def test_two_filters_are_the_same_only_where_they_mean_the_same(one: Any, other: Any) -> None:
    """Masks of documents are remembered by their filter: `true` must never be taken for `1`."""
    same = kind(one) is kind(other) and one == other
    for write in (lambda value: {"a": value}, lambda value: {"a": {"in": [value]}}, lambda value: {"a": {"gt": value}}):
        first, second = Filter.from_json(write(one)), Filter.from_json(write(other))
        assert (first == second) == same
        assert len({first, second}) == 2 - same


@given(scalars, st.lists(scalars, max_size=6))
def test_one_of_some_values_is_what_equals_one_of_them(value: Any, wanted: list[Any]) -> None:
    condition = Condition("a", "in", tuple(wanted))
    assert condition.holds(value) == any(Condition("a", "eq", one).holds(value) for one in wanted)
    assert not condition.holds(None)


def test_what_is_no_number_equals_nothing() -> None:
    assert not Condition("a", "in", (math.nan,)).holds(math.nan)
    assert not Condition("a", "eq", math.nan).holds(math.nan)


def test_a_long_list_is_not_gone_through_for_every_document() -> None:
    compared = 0

    class Counted(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    condition = Condition("path", "in", tuple(Counted(number) for number in range(1000)))
    compared = 0
    assert not any(condition.holds(f"document {number}") for number in range(1000))
    assert compared < 100


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        [],
        "year",
        {"year": None},
        {"year": [1]},
        {"year": {}},
        {"year": {"not": 1}},
        {"year": {"or": [{"eq": 1}]}},
        {"$or": [{"year": 1}]},
        {"year": {"eq": {"eq": 1}}},
        {"year": {"in": 1}},
        {"year": {"in": list(range(1001))}},
        {"year": {"starts_with": 1}},
        {f"f{number}": 1 for number in range(21)},
        {"year": math.nan},
        {"year": {"lt": math.inf}},
        {"year": {"in": [1, -math.inf]}},
    ],
)
def test_what_means_nothing_is_told(wanted: Any) -> None:
    with pytest.raises(FilterError, match="this filter cannot be used"):
        Filter.from_json(wanted)


def test_what_an_error_says_of_a_filter_is_short() -> None:
    with pytest.raises(FilterError) as caught:
        Filter.from_json({"n" * 50_000: {"o" * 50_000: 1}})
    assert len(str(caught.value)) < 1000
