"""What differs from one Claude to the next, read from the model's name; a route's `options` go before it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Thinking = Literal["adaptive", "budget", "none"]
StructuredOutput = Literal["native", "tool"]

_VERSION: Final = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?![\d])")
_SWITCH: Final = {"on": True, "true": True, "off": False, "false": False}  # YAML reads `on` as true
_NEWEST: Final = (99, 0)
_ADAPTIVE_SINCE: Final = (4, 6)
_SCHEMA_SINCE: Final = (4, 5)
_NO_SAMPLING_SINCE: Final = (4, 7)


@dataclass(frozen=True, slots=True)
class Traits:
    """What a model takes."""

    thinking: Thinking
    structured_output: StructuredOutput
    sampling: bool
    """Whether it takes `temperature` and `top_p`: from Claude 4.7 on they are refused."""
    efforts: frozenset[str]
    """Values of `effort` that it knows; only of meaning where `thinking` is adaptive."""

    def nearest(self, effort: str) -> str:
        """The effort that it knows for OpenAI's `reasoning_effort`; empty for a word that nobody knows."""
        if effort in self.efforts:
            return effort
        return {"minimal": "low", "xhigh": "high"}.get(effort, "")


def traits(model: str, options: Mapping[str, str]) -> Traits:
    """What `model` takes. A name that is no Claude's is another server with the same form: the oldest ways are used."""
    version = _version(model)
    known = {"low", "medium", "high", "max"} | ({"xhigh"} if version >= _NO_SAMPLING_SINCE else set())
    return Traits(
        thinking=_one_of(options.get("thinking"), ("adaptive", "budget", "none"))
        or ("adaptive" if version >= _ADAPTIVE_SINCE else "budget"),
        structured_output=_one_of(options.get("structured_output"), ("native", "tool"))
        or ("native" if version >= _SCHEMA_SINCE else "tool"),
        sampling=_SWITCH.get(options.get("sampling", "").lower(), version < _NO_SAMPLING_SINCE),
        efforts=frozenset(known),
    )


def _one_of(value: Any, known: tuple[Any, ...]) -> Any:
    return value if value in known else None


def _version(model: str) -> tuple[int, int]:
    if "claude" not in model:
        return (0, 0)
    found = _VERSION.search(model)
    return (int(found[1]), int(found[2] or 0)) if found else _NEWEST
