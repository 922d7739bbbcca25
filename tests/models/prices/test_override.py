"""Prices that a route says itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.models import Usage
from plimsoll.models._errors import RouteModelError
from plimsoll.models.prices import PriceOverride, price_of

tokens = st.integers(0, 2_000_000)
dollars = st.floats(0, 1_000, allow_nan=False)


def test_what_is_built_in_costs_nothing() -> None:
    price = price_of("builtin/reader")
    assert (price.cost_pico(Usage(10_000, 500)), price.worst_case_pico(10_000, 500)) == (0, 0)
    assert price.version == "builtin"
    assert price.is_known


def test_the_routes_own_price_goes_before_the_list() -> None:
    price = price_of("openai/gpt-4.1-mini", PriceOverride(1.0, 2.0))
    assert price.cost_pico(Usage(1_000_000, 1_000_000)) == 3 * 10**12
    assert price.version.startswith("route:")


def test_another_price_has_another_version() -> None:
    one, same, other = (price_of("a/b", PriceOverride(1.0, output)) for output in (2.0, 2.0, 2.5))
    assert one.version == same.version != other.version


def test_cached_tokens_without_a_price_of_their_own_cost_what_input_costs() -> None:
    price = price_of("vllm/mine", PriceOverride(1.0, 2.0))
    assert price.cost_pico(Usage(100, 0, cached_tokens=90, cache_write_tokens=10)) == price.cost_pico(Usage(100, 0))


def test_each_kind_of_token_may_have_its_own_price() -> None:
    price = price_of(
        "a/b",
        PriceOverride(
            1.0,
            2.0,
            cached_input_usd_per_million=0.1,
            cache_write_usd_per_million=1.25,
            reasoning_usd_per_million=3.0,
            audio_input_usd_per_million=10.0,
            audio_output_usd_per_million=20.0,
            request_usd=0.001,
        ),
    )
    usage = Usage(
        100,
        100,
        cached_tokens=10,
        cache_write_tokens=20,
        reasoning_tokens=30,
        audio_input_tokens=40,
        audio_output_tokens=50,
    )
    paid_in = 10 * 100_000 + 20 * 1_250_000 + 40 * 10_000_000 + 30 * 1_000_000
    paid_out = 30 * 3_000_000 + 50 * 20_000_000 + 20 * 2_000_000
    assert price.cost_pico(usage) == 10**9 + paid_in + paid_out
    assert price.worst_case_pico(100, 100) == 10**9 + 100 * 10_000_000 + 100 * 20_000_000


@pytest.mark.parametrize("usd", [-1.0, float("nan"), float("inf")])
def test_what_is_no_price_is_refused(usd: float) -> None:
    with pytest.raises(RouteModelError, match="the price of a/b is not one"):
        price_of("a/b", PriceOverride(1.0, usd))


@given(
    st.tuples(dollars, dollars, dollars, dollars, dollars),
    st.tuples(tokens, tokens),
    st.tuples(tokens, tokens, tokens),
)
def test_no_usage_costs_more_than_its_worst_case(
    prices: tuple[float, float, float, float, float], sums: tuple[int, int], parts: tuple[int, int, int]
) -> None:
    price = price_of("a/b", PriceOverride(*prices))
    usage = Usage(*sums, cached_tokens=parts[0], cache_write_tokens=parts[1], reasoning_tokens=parts[2])
    cost, worst = price.cost_pico(usage), price.worst_case_pico(*sums)
    assert cost is not None
    assert worst is not None
    assert cost <= worst
