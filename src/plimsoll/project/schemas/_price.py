"""What a price may say, in routes."""

from pydantic import Field

from .._fields import Finite
from ._section import Section


class PriceSection(Section):
    """What the model costs, where the built-in price list does not know it or is wrong."""

    input_usd_per_million: Finite = Field(
        ge=0, description="a number of at least 0", examples=["input_usd_per_million: 0.4"]
    )
    output_usd_per_million: Finite = Field(
        ge=0, description="a number of at least 0", examples=["output_usd_per_million: 1.6"]
    )
    cached_input_usd_per_million: Finite | None = Field(
        None, ge=0, description="a number of at least 0", examples=["cached_input_usd_per_million: 0.1"]
    )
    cache_write_usd_per_million: Finite | None = Field(
        None, ge=0, description="a number of at least 0", examples=["cache_write_usd_per_million: 0.5"]
    )
    cache_write_hour_usd_per_million: Finite | None = Field(
        None, ge=0, description="a number of at least 0", examples=["cache_write_hour_usd_per_million: 0.8"]
    )
    reasoning_usd_per_million: Finite | None = Field(
        None, ge=0, description="a number of at least 0", examples=["reasoning_usd_per_million: 1.6"]
    )
    audio_input_usd_per_million: Finite | None = Field(
        None, ge=0, description="a number of at least 0", examples=["audio_input_usd_per_million: 10"]
    )
    audio_output_usd_per_million: Finite | None = Field(
        None, ge=0, description="a number of at least 0", examples=["audio_output_usd_per_million: 20"]
    )
    request_usd: Finite | None = Field(
        None, ge=0, description="a number of at least 0", examples=["request_usd: 0.005"]
    )
    web_search_usd: Finite | None = Field(
        None, ge=0, description="a number of at least 0", examples=["web_search_usd: 0.01"]
    )
