"""The price of a model by its name: the route's own, else the list's."""

from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from functools import lru_cache
from math import isfinite

from plimsoll.kernel.digest import digest_json, hex_part

from .._errors import RouteModelError
from ._price import Price, Rates, Schedule
from ._reading import reading_of

_BUILT_IN = "builtin"
_FREE = Price(_BUILT_IN, Schedule((((((0, Rates(input=0, output=0)),),)),)), holds_for_all=True)
_PICO_PER_USD_PER_MILLION = 10**6
_DIGITS = 12
_REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class PriceOverride:
    """A price that the route says itself, in US dollars; what is None costs what plain tokens cost."""

    input_usd_per_million: float
    output_usd_per_million: float
    cached_input_usd_per_million: float | None = None
    cache_write_usd_per_million: float | None = None
    cache_write_hour_usd_per_million: float | None = None
    reasoning_usd_per_million: float | None = None
    audio_input_usd_per_million: float | None = None
    audio_output_usd_per_million: float | None = None
    request_usd: float = 0.0
    web_search_usd: float | None = None
    """For each search that the provider makes by itself; unknown where it is None."""


def price_of(model: str, override: PriceOverride | None = None, *, window: int | None = None) -> Price:
    """The price of a model of a route, such as `openai/gpt-4.1-mini`. Asks no network; slow only the first time.

    `override` goes before every list, and so does `window`, the tokens that the model reads at most. Models under
    `builtin/` cost nothing. A model that nobody lists has a price that is not known. Raises RouteModelError for an
    override that is no price.
    """
    if override is not None:
        found = _from_override(model, override)
    else:
        found = _FREE if model.startswith(f"{_BUILT_IN}/") else _listed(model)
    return found if window is None else replace(found, reading=replace(found.reading, window=window))


def table_version() -> str:
    """The version of the list of prices: its name, its version, and the digest of what stands in it."""
    from ._table import version

    return version()


@lru_cache(_REMEMBERED)
def _listed(model: str) -> Price:
    # Imported late: the list brings pydantic and two megabytes of prices, which many processes never need.
    from ._table import listed_price

    return listed_price(model)


def _from_override(model: str, override: PriceOverride) -> Price:
    values = asdict(override)
    if any(usd is not None and not (isfinite(usd) and usd >= 0) for usd in values.values()):
        raise RouteModelError(
            f"the price of {model} is not one", hint="every part of a price is a number of dollars, 0 or more"
        )
    rates = Rates(
        input=_pico(override.input_usd_per_million),
        output=_pico(override.output_usd_per_million),
        cached=_optional(override.cached_input_usd_per_million),
        cache_write=_optional(override.cache_write_usd_per_million),
        cache_write_hour=_optional(override.cache_write_hour_usd_per_million),
        reasoning=_optional(override.reasoning_usd_per_million),
        audio_input=_optional(override.audio_input_usd_per_million),
        audio_output=_optional(override.audio_output_usd_per_million),
        fee=_of_one(override.request_usd),
        web_search=None if override.web_search_usd is None else _of_one(override.web_search_usd),
    )
    digest = hex_part(digest_json(values))[:_DIGITS]
    return Price(f"route:{digest}", Schedule((((((0, rates),),)),)), holds_for_all=True, reading=reading_of(model))


def _of_one(usd: float) -> int:
    return round(Decimal(str(usd)) * 10**12)


def _pico(usd_per_million: float) -> int:
    return round(Decimal(str(usd_per_million)) * _PICO_PER_USD_PER_MILLION)


def _optional(usd_per_million: float | None) -> int | None:
    return None if usd_per_million is None else _pico(usd_per_million)
