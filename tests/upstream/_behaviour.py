"""What a request asks the server to do, read from the model's name."""

import functools
from dataclasses import dataclass
from typing import Literal, get_args

Fault = Literal[
    "",
    "hang_before",
    "hang_mid",
    "held",
    "calls",
    "reset_before",
    "reset_mid",
    "cut_mid",
    "error_mid",
    "malformed",
    "half_utf8",
    "lying_usage",
    "absurd_usage",
    "no_usage",
    "no_end",
    "unknown_model",
    "too_long",
    "filtered",
    "refused",
    "denied",
    "giant",
    "trickle",
]

FAULTS: tuple[Fault, ...] = get_args(Fault)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One answer. Times are in seconds. `held` waits in its middle until the server's gate is opened;
    `calls` wants a tool."""

    model: str
    """The name without what follows the first tilde."""
    fault: Fault = ""
    status: int = 200
    latency: float = 0.0
    rate: float = 0.0
    """Tokens a second; 0 sends everything at once."""
    tokens: int = 8
    hidden: int = 0
    """Tokens of reasoning that come before the text, that no stream shows, and that are billed."""
    retry_after: str = ""
    retry_after_ms: str = ""
    retry_date: float = 0.0
    """Say `Retry-After` as the date that is so many seconds ahead."""
    every: int = 1
    """Only every so-many-th request for this name is treated so; the others get a plain answer."""


@functools.lru_cache(maxsize=1024)
def behaviour_of(name: str) -> Behaviour:
    """Raises ValueError for what it does not know: a test that misspells a fault must not pass."""
    model, *told = name.split("~")
    fields: dict[str, str] = dict(part.split("=", 1) for part in told)
    fault = fields.pop("fault", "")
    if fault not in FAULTS:
        raise ValueError(fault)
    numbers = {name: float(fields.pop(name)) for name in ("latency", "rate", "retry_date") if name in fields}
    counts = {name: int(fields.pop(name)) for name in ("status", "tokens", "hidden", "every") if name in fields}
    return Behaviour(model, fault, **counts, **numbers, **fields)  # type: ignore[arg-type] # names are checked by it
