"""Usage as servers report it. What cannot be true counts as not reported, and is then counted here."""

from typing import Annotated, Any, Final

import msgspec

from plimsoll.kernel.money import to_usd

from ..._types import Usage
from ...prices import Price

_MOST_TOKENS: Final = 100_000_000
"""More than any model reads or writes in one call."""

_Count = Annotated[int, msgspec.Meta(ge=0, le=_MOST_TOKENS)]


class _InputDetails(msgspec.Struct, frozen=True):
    cached_tokens: _Count | None = None
    cache_write_tokens: _Count | None = None
    audio_tokens: _Count | None = None


class _OutputDetails(msgspec.Struct, frozen=True):
    reasoning_tokens: _Count | None = None
    audio_tokens: _Count | None = None


_NO_INPUT_DETAILS: Final = _InputDetails()
_NO_OUTPUT_DETAILS: Final = _OutputDetails()


class _Searches(msgspec.Struct, frozen=True):
    web_search_requests: _Count | None = None


class _Reported(msgspec.Struct):
    prompt_tokens: Annotated[int, msgspec.Meta(ge=1, le=_MOST_TOKENS)]
    completion_tokens: _Count = 0
    total_tokens: _Count | None = None
    prompt_tokens_details: _InputDetails | None = None
    completion_tokens_details: _OutputDetails | None = None
    prompt_cache_hit_tokens: _Count | None = None
    """DeepSeek's name for cached tokens."""
    num_sources_used: _Count | None = None
    """xAI's count of what its search read; it bills each."""
    server_tool_use: _Searches | None = None
    """Anthropic's form, which OpenRouter uses as well."""


def priced(usage: Usage, price: Price, service_tier: str = "") -> Usage:
    """The same usage with what it cost in the treatment that the server says it gave, where a price is known."""
    cost = price.cost_pico(usage, service_tier=service_tier)
    if cost is None:
        return usage
    # Written out, because every answer has one: `replace` takes several times as long.
    return Usage(
        usage.input_tokens,
        usage.output_tokens,
        to_usd(cost),
        usage.estimated,
        usage.cached_tokens,
        usage.cache_write_tokens,
        usage.reasoning_tokens,
        usage.audio_input_tokens,
        usage.audio_output_tokens,
        usage.cache_write_hour_tokens,
        usage.web_searches,
    )


def usage_of(reported: Any, *, has_output: bool) -> Usage | None:
    """The usage that a server reports, without its cost; None when it is missing or cannot be true.

    Not believed: counts that are negative, absurd, missing or no whole numbers; no input at all; no output tokens for
    an answer that has text.
    """
    try:
        usage = msgspec.convert(reported, _Reported)
    except msgspec.ValidationError:
        return None
    if has_output and not usage.completion_tokens:
        return None
    given_in = usage.prompt_tokens_details or _NO_INPUT_DETAILS
    given_out = usage.completion_tokens_details or _NO_OUTPUT_DETAILS
    reasoning = given_out.reasoning_tokens or 0
    output = usage.completion_tokens
    if reasoning and usage.total_tokens == usage.prompt_tokens + output + reasoning:
        output += reasoning  # some servers count reasoning beside the answer, and not as a part of it
    return Usage(
        input_tokens=usage.prompt_tokens,
        output_tokens=output,
        cached_tokens=min(given_in.cached_tokens or usage.prompt_cache_hit_tokens or 0, usage.prompt_tokens),
        cache_write_tokens=min(given_in.cache_write_tokens or 0, usage.prompt_tokens),
        reasoning_tokens=min(reasoning, output),
        audio_input_tokens=min(given_in.audio_tokens or 0, usage.prompt_tokens),
        audio_output_tokens=min(given_out.audio_tokens or 0, output),
        web_searches=(usage.server_tool_use.web_search_requests or 0) if usage.server_tool_use else 0,
        unpriced=bool(usage.num_sources_used),
    )
