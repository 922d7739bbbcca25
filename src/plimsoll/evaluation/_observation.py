"""What an endpoint did with one row."""

from collections.abc import ItemsView
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from plimsoll.kernel.digest import Json


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A retrieved passage, as the model was given it."""

    document: str
    text: str
    page: int | None = None
    chunk: str = ""
    """Its id in the index snapshot."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What an endpoint did with one row. `error` is empty unless there is no answer at all."""

    answer: str = ""
    span: str | None = None
    answered: bool | None = None
    cited: tuple[str, ...] = ()
    """Documents that the answer cites."""
    retrieved: tuple[str, ...] = ()
    """Documents of the retrieved passages, best first."""
    latency_ms: float = 0.0
    cost_usd: float | None = None
    trace: str = ""
    error: str = ""
    passages: tuple[Retrieved, ...] = ()
    """The retrieved passages, best first."""
    first_token_ms: float | None = None
    """Until the first text that is not empty; None where nothing was streamed."""
    input_tokens: int = 0
    output_tokens: int = 0
    guardrails: tuple[str, ...] = ()
    """What guardrails did: `output/pii: redact`."""
    energy_wh: float | None = None
    probability: float | None = None
    """That the passages answer, where the model was calibrated to say it."""
    target: str = ""
    """The model that answered."""

    @classmethod
    def not_asked(cls, why: str) -> "Observation":
        """Of a row that was not asked any more."""
        return cls(error=f"{_NOT_ASKED}{why}")

    @property
    def was_asked(self) -> bool:
        """Whether anybody was asked at all."""
        return not self.error.startswith(_NOT_ASKED)

    def to_json(self) -> Json:
        """Every field that says something."""
        found = {name: list(value) if isinstance(value, tuple) else value for name, value in self._builtins()}
        return {name: value for name, value in found.items() if value not in (None, "", []) or name in _ALWAYS}

    def _builtins(self) -> ItemsView[str, Any]:
        told: dict[str, Any] = msgspec.to_builtins(self)
        return told.items()

    @classmethod
    def from_json(cls, value: Json) -> "Observation":
        """What `to_json` wrote. Raises ValueError for anything else."""
        try:
            return msgspec.convert(value, cls)
        except msgspec.ValidationError as error:
            msg = f"not an observation: {error}"
            raise ValueError(msg) from error


_NOT_ASKED: Final = "not asked: "
_ALWAYS: Final = frozenset({"answer", "latency_ms"})
