"""What a model call costs, in US dollars."""

from dataclasses import dataclass

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of one call; `cached` are those input tokens that the provider had from before."""

    input: int
    output: int
    cached: int = 0


@dataclass(frozen=True, slots=True)
class Price:
    """Where the price of a model comes from: the route itself, else OpenAI's list as `genai-prices` ships it."""

    input_usd_per_million: float | None = None
    output_usd_per_million: float | None = None
    listed_as: str | None = None
    """The model's name in OpenAI's list; None for other providers."""

    def cost_usd(self, tokens: Tokens) -> float | None:
        """The cost of a call; None when no price is known. Never asks the network."""
        if self.input_usd_per_million is not None and self.output_usd_per_million is not None:
            total = tokens.input * self.input_usd_per_million + tokens.output * self.output_usd_per_million
            return total / _MILLION
        return _listed_usd(self.listed_as, tokens) if self.listed_as else None


def _listed_usd(model: str, tokens: Tokens) -> float | None:
    # Imported late: it brings an HTTP client for updates, which are never started here.
    import genai_prices

    usage = genai_prices.Usage(
        input_tokens=tokens.input, output_tokens=tokens.output, cache_read_tokens=min(tokens.cached, tokens.input)
    )
    try:
        return float(genai_prices.calc_price(usage, model, provider_id="openai").total_price)
    except (LookupError, ValueError):  # not listed, or no price for these units
        return None
