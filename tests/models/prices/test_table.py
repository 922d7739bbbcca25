"""The list of prices as whole numbers: the same costs as the list's own arithmetic, for every model in it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import genai_prices
import pytest
from genai_prices.data import providers
from genai_prices.types import ModelInfo, ModelPrice, Provider
from msgspec.structs import replace

from plimsoll.kernel.money import PICO_PER_USD
from plimsoll.models import Usage
from plimsoll.models.prices import Price, price_of, table_version
from plimsoll.models.prices._table import schedule_of

MOMENTS = [
    datetime(2024, 3, 1, 12, tzinfo=UTC),
    datetime(2026, 3, 12, 23, 59, 59, tzinfo=UTC),
    datetime(2026, 3, 13, tzinfo=UTC),
    datetime(2026, 10, 20, 0, 30, tzinfo=UTC),
    datetime(2026, 10, 20, 17, tzinfo=UTC),
]
USAGES = [
    Usage(1_000, 500),
    Usage(1_000, 500, cached_tokens=400),
    Usage(150_000, 0, cache_write_tokens=1_000, cached_tokens=140_000),
    Usage(300_001, 8_000, cached_tokens=10, reasoning_tokens=7_000),
    Usage(600_000, 1),
]
MODELS = [(provider, model) for provider in providers for model in provider.models]


def theirs(provider: Provider, model: ModelInfo, usage: Usage, at: datetime, asked: dict[str, str]) -> int:
    """What the list's own arithmetic says, in picodollars."""
    prices: Any = model.get_prices(at, asked)
    counted: dict[str, int] = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cached_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "output_reasoning_tokens": usage.reasoning_tokens,
    }
    found = model.calc_price(
        genai_prices.Usage(**counted), provider, genai_request_timestamp=at, price_context=asked or None
    )
    assert isinstance(prices, ModelPrice)
    return round(found.total_price * PICO_PER_USD)


def asked_of(model: ModelInfo) -> Iterator[dict[str, str]]:
    yield {}
    yield from (variant.when for variant in model.price_variants or ())


@pytest.mark.parametrize("at", MOMENTS, ids=str)
def test_every_model_costs_what_the_list_itself_says(at: datetime) -> None:
    compared = 0
    for provider, model in MODELS:
        for asked in asked_of(model):
            price = Price("test", schedule_of(model, asked))
            for usage in USAGES:
                ours = price.cost_pico(usage, at=at)
                if ours is None:
                    continue
                # A rate that is no whole picodollar is rounded: at most half a picodollar for each token.
                slack = (usage.input_tokens + usage.output_tokens) / 2
                assert abs(ours - theirs(provider, model, usage, at, asked)) <= slack, (provider.id, model.id, usage)
                compared += 1
    assert compared > 8_000


def test_only_what_has_no_price_for_its_tokens_is_unknown() -> None:
    for _, model in MODELS:
        price = Price("test", schedule_of(model, {}))
        listed: Any = model.get_prices(datetime.now(UTC))
        if price.cost_pico(Usage(10, 10)) is None:
            assert listed.input_mtok is None or listed.output_mtok is None, model.id
        assert (price.cost_pico(Usage(10, 0)) is None) == (listed.input_mtok is None), model.id


def test_no_call_costs_more_than_its_worst_case() -> None:
    kinds = [
        Usage(300_000, 9_000, cache_write_tokens=300_000, reasoning_tokens=9_000),
        Usage(300_000, 9_000, cached_tokens=1, audio_input_tokens=299_999, audio_output_tokens=9_000),
        Usage(199_999, 9_000),
        Usage(1, 0, audio_input_tokens=1),
    ]
    for _, model in MODELS:
        price = Price("test", schedule_of(model, {}))
        for usage in kinds:
            cost = price.cost_pico(usage)
            worst = price.worst_case_pico(300_000, 9_000)
            assert cost is None or worst is None or cost <= worst, (model.id, usage)


def test_the_rates_of_a_real_price_are_whole_picodollars() -> None:
    price = price_of("openai/gpt-4o-mini")
    assert price.cost_pico(Usage(1, 0)) == 150_000
    assert price.cost_pico(Usage(1, 0, cached_tokens=1)) == 75_000
    assert price.cost_pico(Usage(0, 1)) == 600_000


@pytest.mark.parametrize(
    "model",
    [
        "openai/gpt-4.1-mini",
        "anthropic/claude-sonnet-4-5",
        "google/gemini-2.5-pro",
        "gemini/gemini-2.5-flash",
        "bedrock/anthropic.claude-3-5-sonnet-20240620-v1:0",
        "azure/gpt-4.1",
        "groq/llama-3.3-70b-versatile",
        "mistral/mistral-large-latest",
        "deepseek/deepseek-chat",
        "xai/grok-3",
        "openrouter/openai/gpt-4o",
        "cohere/command-r",
    ],
)
def test_providers_are_found_under_the_names_of_routes(model: str) -> None:
    assert (price_of(model).worst_case_pico(1_000, 1_000) or 0) > 0


@pytest.mark.parametrize("model", ["openai/nobody-1", "nobody/gpt-4.1", "openai/", "gpt-4.1", "", "openai/moderation"])
def test_what_is_not_listed_is_unknown_and_never_free(model: str) -> None:
    price = price_of(model)
    assert not price.is_known
    assert price.cost_pico(Usage(1_000, 1)) is None
    assert price.worst_case_pico(1_000, 1) is None
    assert price.worst_case_pico(0, 0) is None


@pytest.mark.parametrize("provider", ["ollama", "vllm", "llamacpp", "openai_compatible"])
def test_a_server_of_ones_own_has_no_list_price_whatever_its_model_is_called(provider: str) -> None:
    assert not price_of(f"{provider}/gpt-4.1").is_known


def test_a_long_prompt_is_priced_at_its_tier_when_it_is_reserved_too() -> None:
    # BerriAI/litellm pull request 40002: reservations at the tier of short prompts let $0.60 through a $0.45 key.
    price = price_of("google/gemini-2.5-pro")
    short, long = price.cost_pico(Usage(200_000, 1_000)), price.cost_pico(Usage(200_001, 1_000))
    assert short is not None
    assert long is not None
    assert long > 1.4 * short
    reserved = price.worst_case_pico(200_001, 1_000)
    assert reserved is not None
    assert reserved >= long


def test_an_effective_date_moves_the_price_at_midnight() -> None:
    price = price_of("anthropic/claude-opus-4-6")
    long = Usage(300_000, 0)
    before = price.cost_pico(long, at=datetime(2026, 3, 12, 23, 59, 59, tzinfo=UTC))
    after = price.cost_pico(long, at=datetime(2026, 3, 13, tzinfo=UTC))
    assert (before, after) == (3 * PICO_PER_USD, 3 * PICO_PER_USD // 2)


def test_a_call_that_is_admitted_before_its_price_rises_is_reserved_at_the_higher_one() -> None:
    falling = price_of("anthropic/claude-opus-4-6")
    eve = datetime(2026, 3, 12, 23, 30, tzinfo=UTC)
    assert falling.worst_case_pico(300_000, 0, at=eve) == falling.worst_case_pico(
        300_000, 0, at=datetime(2026, 3, 1, tzinfo=UTC)
    )


def test_a_service_tier_has_its_own_price() -> None:
    plain = price_of("openai/gpt-4.1-mini")
    usage = Usage(1_000, 1_000)
    cost = plain.cost_pico(usage)
    assert cost is not None
    assert (plain.cost_pico(usage, service_tier="priority") or 0) > cost
    assert (plain.cost_pico(usage, service_tier="batch") or cost) < cost
    assert plain.cost_pico(usage, service_tier="default") == cost


def test_a_request_fee_is_part_of_the_price() -> None:
    price = price_of("perplexity/sonar")
    assert price.cost_pico(Usage(0, 0)) == price.worst_case_pico(0, 0)
    assert (price.cost_pico(Usage(0, 0)) or 0) > 0


def test_the_version_names_the_table_and_its_content() -> None:
    assert re.fullmatch(r"genai-prices/[0-9.]+:[0-9a-f]{12}", table_version())
    assert price_of("openai/gpt-4.1-mini").version == table_version()
    assert price_of("openai/nobody-1").version == table_version()


def test_what_a_provider_counts_twice_is_paid_once() -> None:
    # langfuse/langfuse issues 10592, 12306, 12635: cached and reasoning tokens were added to the totals.
    price = price_of("openai/gpt-4o-mini")
    plain = Usage(1_000, 500)
    told = replace(plain, cached_tokens=400, reasoning_tokens=300)
    assert price.cost_pico(told) == 600 * 150_000 + 400 * 75_000 + 500 * 600_000
    boastful = replace(plain, cached_tokens=5_000, reasoning_tokens=9_000)
    assert price.cost_pico(boastful) == 1_000 * 75_000 + 500 * 600_000
