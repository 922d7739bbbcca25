"""From a request to a budget: reserved from what the call can use, settled with what the provider says it used."""

from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.access.limits.conftest import APP, Desk, run, tokens, usd

from plimsoll.access.limits import BudgetUsedUpError, Need, Payer, RateLimitedError, Spent
from plimsoll.models import Usage
from plimsoll.models.prices import most_of, price_of

PRICE: Final = price_of("openai/gpt-4.1-mini")
TIERS: Final = ("", "default", "priority")
shares = st.one_of(st.just(1.0), st.floats(0, 1))
calls = st.tuples(
    st.text(max_size=200),
    st.integers(1, 2_000),
    st.integers(1, 3),
    st.sampled_from(TIERS),
    st.tuples(shares, shares, shares),
    st.sampled_from([1, 1, 1, 50]),
)


def body_of(text: str, bound: int, choices: int, tier: str) -> dict[str, Any]:
    asked = {"service_tier": tier} if tier else {}
    return {"messages": [{"role": "user", "content": text}], "max_tokens": bound, "n": choices, **asked}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(calls, min_size=1, max_size=8))
def test_a_budget_is_only_overshot_by_what_a_provider_bills_beyond_the_request(small: Desk, asked: list[Any]) -> None:
    """Of honest calls nothing is overrun; of one that lies, exactly what goes beyond its reservation."""
    small.clock.now_s += 86_400  # another day, so another window
    needs, used = [], []
    for text, bound, choices, tier, (share_in, share_out, cached), lie in asked:
        most = most_of(body_of(text, bound, choices, tier), output_tokens=bound)
        needs.append(Need(*PRICE.worst(most)))
        read = round(share_in * (len(text.encode("utf-8", "replace")) + 4))
        told = Usage(read * lie, round(share_out * bound * choices) * lie, cached_tokens=round(cached * read))
        used.append(Spent(told.input_tokens + told.output_tokens, PRICE.cost_pico(told, service_tier=tier)))

    async def steps() -> None:
        async with small.meter(usd("everyone", 1_000), tokens("everyone", 10**9, "day")) as meter:
            for need, spent in zip(needs, used, strict=True):
                (await meter.reserve(Payer(), need)).settle(spent)

    run(steps)
    found = {use.window.measure: use for use in small.record.windows(APP, small.clock.moment)}
    over_tokens = sum(max(0, spent.tokens - need.tokens) for need, spent in zip(needs, used, strict=True))
    over_cost = sum(max(0, (one.cost_pico or 0) - (need.cost_pico or 0)) for need, one in zip(needs, used, strict=True))
    assert (found["tokens"].spent, found["tokens"].overrun) == (sum(one.tokens for one in used), over_tokens)
    assert (found["usd"].spent, found["usd"].overrun) == (sum(one.cost_pico or 0 for one in used), over_cost)
    if all(lie == 1 for *_, lie in asked):
        assert (over_tokens, over_cost) == (0, 0)


def test_a_file_that_could_be_as_long_as_the_model_reads_needs_room_for_all_of_it(small: Desk) -> None:
    parts = [{"type": "file", "file": {"file_id": "file-1"}}]
    need = Need(*PRICE.worst(most_of({"messages": [{"role": "user", "content": parts}]}, output_tokens=100)))

    async def steps() -> None:
        async with small.meter(tokens("everyone", 900_000), usd("everyone", 100)) as meter:
            with pytest.raises(RateLimitedError):
                await meter.reserve(Payer(), need)
        async with small.meter(usd("everyone", 0.5)) as meter:
            with pytest.raises(BudgetUsedUpError):
                await meter.reserve(Payer(), need)
        async with small.meter(usd("everyone", 5)) as meter:
            (await meter.reserve(Payer(), need)).settle(Spent(2_000, 10**9))

    run(steps)
    assert small.sums()["everyone usd"] == (10**9, 0)
