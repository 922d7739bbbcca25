"""Where a model of a provider is, and how it is spoken to: what every provider is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from plimsoll.http import Timeouts


@dataclass(frozen=True, slots=True)
class ProviderEndpoint:
    """One model behind one address. The key is already resolved, and never shown."""

    route_model: str
    """The route's name for it, such as `openai/gpt-4.1-mini`."""
    model: str
    """The name that the server knows, such as `gpt-4.1-mini`."""
    base_url: str
    """Without a slash at its end."""
    api_key: str | None = field(default=None, repr=False)
    timeouts: Timeouts = field(default_factory=Timeouts)
    """For each phase of one exchange."""
    total_s: float = 60.0
    """For a whole answer."""
    max_output_tokens: int | None = None
    """The most tokens of an answer where the caller does not say, for providers that must be told."""
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What only this provider needs, such as `api_version` (Azure, Anthropic) or `region` (Bedrock)."""
