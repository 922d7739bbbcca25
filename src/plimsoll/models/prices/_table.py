"""The list of prices that `genai-prices` ships, turned into whole numbers. Never asks the network.

Its prices are dollars for a million tokens with at most six decimals, so nearly all of them are whole picodollars a
token; the few that are not (a third of a cent) are rounded to the nearest.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Final

import genai_prices.data
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import (
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)

from plimsoll.kernel.digest import digest_bytes, hex_part

from ._price import Price, Rates, Schedule, Tiers
from ._reading import reading_of

_NAME: Final = "genai-prices"
_DIGITS: Final = 12
_PICO_PER_MILLION: Final = 10**6
_PICO_PER_THOUSAND: Final = 10**9

_PROVIDERS: Final = {
    "bedrock": "aws",
    "gemini": "google",
    "vertex": "google",
    "xai": "x-ai",
    "moonshot": "moonshotai",
}
"""Providers that routes call otherwise than the list."""
_LOCAL: Final = frozenset({"ollama", "vllm", "llamacpp", "openai_compatible"})
"""Servers of one's own: whatever their models are called, no list knows what they cost."""

_OWN_WORDS: Final = frozenset({"anthropic", "google", "bedrock"})
"""Providers that are told in fields of their own how a call is to be treated."""

_KINDS: Final = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cached": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "cache_write_hour": "cache_write_1h_mtok",
    "reasoning": "output_reasoning_mtok",
    "audio_input": "input_audio_mtok",
    "audio_output": "output_audio_mtok",
}
_OTHER_INPUT: Final = ("input_image_mtok", "input_video_mtok")
_OTHER_OUTPUT: Final = ("output_image_mtok", "output_video_mtok", "output_citation_mtok")
_FEE: Final = "requests_kcount"
_SEARCH: Final = "web_searches_kcount"
_SERVICE_TIER: Final = ("service_tier", "processing", "speed")
"""What a call can ask for that changes its price, in the list's words."""

Constraint = StartDateConstraint | TimeOfDateConstraint


@cache
def version() -> str:
    """Name, version and digest of the list."""
    path = Path(genai_prices.data.__file__)
    digest = hex_part(digest_bytes(path.read_bytes()))[:_DIGITS]
    return f"{_NAME}/{installed_version(_NAME)}:{digest}"


def listed_price(model: str) -> Price:
    """The price of a model of a route, in all its tiers and for all times that the list knows."""
    provider, _, name = model.partition("/")
    if provider in _LOCAL or not name:
        return Price(version(), reading=reading_of(model))
    try:
        _, found = get_snapshot().find_provider_model(name, None, _PROVIDERS.get(provider, provider), None)
    except LookupError:
        return Price(version(), reading=reading_of(model))
    schedule = schedule_of(found, {})
    return Price(
        version(),
        schedule,
        _service_tiers(found),
        in_openai_words=provider not in _OWN_WORDS,
        reading=reading_of(model, window=found.context_window, has_long_prompts=schedule.has_tiers),
    )


def schedule_of(model: ModelInfo, asked: Mapping[str, str]) -> Schedule:
    """When which rates of a model hold; `asked` is what a call asks for, such as `{"service_tier": "flex"}`."""
    constraints = list(_constraints(model))
    days = sorted({_midnight(rule) for rule in constraints if isinstance(rule, StartDateConstraint)})
    times = sorted(
        {
            _second(moment)
            for rule in constraints
            if isinstance(rule, TimeOfDateConstraint)
            for moment in (rule.start_time, rule.end_time)
        }
        - {0}
    )
    first_days = [*([days[0] - timedelta(days=1)] if days else [datetime(1970, 1, 1, tzinfo=UTC)]), *days]
    return Schedule(
        tuple(
            tuple(_tiers(model.get_prices(day + timedelta(seconds=second), asked)) for second in (0, *times))
            for day in first_days
        ),
        tuple(day.timestamp() for day in days),
        tuple(times),
    )


def _service_tiers(model: ModelInfo) -> dict[str, Schedule]:
    """The treatments that have prices of their own; those that depend on anything else are left out."""
    asked = [dict(variant.when) for variant in model.price_variants or ()]
    plain = [when for when in asked if len(when) == 1 and next(iter(when)) in _SERVICE_TIER]
    return {next(iter(when.values())): schedule_of(model, when) for when in plain}


def _constraints(model: ModelInfo) -> Iterator[Constraint]:
    conditional: list[ConditionalPrice | PriceVariant] = [*(model.price_variants or ())]
    if not isinstance(model.prices, ModelPrice):
        conditional += model.prices
    yield from (price.constraint for price in conditional if price.constraint is not None)


def _midnight(rule: StartDateConstraint) -> datetime:
    return datetime.combine(rule.start_date, time(), UTC)


def _second(moment: time) -> int:
    zoned = datetime.combine(datetime(1970, 1, 2, tzinfo=UTC).date(), moment, moment.tzinfo or UTC).astimezone(UTC)
    return zoned.hour * 3600 + zoned.minute * 60 + zoned.second


def _tiers(price: ModelPrice) -> Tiers:
    """The rates by thresholds; none at all where the list has no price for tokens."""
    if price.input_mtok is None and price.output_mtok is None:
        return ()
    starts = {0} | {
        tier.start for value in vars(price).values() if isinstance(value, TieredPrices) for tier in value.tiers
    }
    return tuple((start, _rates(price, start + 1 if start else 0)) for start in sorted(starts))


def _rates(price: ModelPrice, input_tokens: int) -> Rates:
    def rate(key: str) -> int | None:
        return _pico(getattr(price, key), input_tokens, _PICO_PER_MILLION)

    return Rates(
        **{kind: rate(key) for kind, key in _KINDS.items()},
        other_input=max(rate(key) or 0 for key in _OTHER_INPUT),
        other_output=max(rate(key) or 0 for key in _OTHER_OUTPUT),
        fee=_pico(getattr(price, _FEE), input_tokens, _PICO_PER_THOUSAND) or 0,
        web_search=_pico(getattr(price, _SEARCH), input_tokens, _PICO_PER_THOUSAND),
    )


def _pico(price: Decimal | TieredPrices | None, input_tokens: int, factor: int) -> int | None:
    if isinstance(price, TieredPrices):
        reached = [tier.price for tier in price.tiers if input_tokens > tier.start]
        price = reached[-1] if reached else price.base
    return None if price is None else round(price * factor)
