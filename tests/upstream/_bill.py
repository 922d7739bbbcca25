"""What was asked, and what was really spent."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

PRICES: Mapping[str, tuple[int, int]] = {"cheap": (100_000, 400_000), "dear": (10_000_000, 40_000_000)}
"""Picodollars for one token of input and of output; a model that is not listed costs what `cheap` costs."""


@dataclass
class Spent:
    """Of one model."""

    requests: int = 0
    answered: int = 0
    refused: int = 0
    broken: int = 0
    """Ended before their end: by a fault, or because the client left."""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_pico: int = 0


@dataclass
class Bill:
    """Of all models."""

    models: dict[str, Spent] = field(default_factory=dict)
    connections: int = 0
    open_connections: int = 0
    in_progress: int = 0

    def of(self, model: str) -> Spent:
        return self.models.setdefault(model, Spent())

    def charge(self, model: str, *, input_tokens: int = 0, output_tokens: int = 0) -> None:
        """Tokens cost when they are read or written, also those of an answer that never ends."""
        spent = self.of(model)
        spent.input_tokens += input_tokens
        spent.output_tokens += output_tokens
        for_input, for_output = PRICES.get(model, PRICES["cheap"])
        spent.cost_pico += input_tokens * for_input + output_tokens * for_output

    def stats(self) -> dict[str, object]:
        models = {name: asdict(spent) for name, spent in self.models.items()}
        return {
            "requests": sum(spent.requests for spent in self.models.values()),
            "cost_pico": sum(spent.cost_pico for spent in self.models.values()),
            "connections": self.connections,
            "open_connections": self.open_connections,
            "in_progress": self.in_progress,
            "models": models,
        }
