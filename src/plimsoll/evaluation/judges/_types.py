"""What a judge is asked through, and what comes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, Protocol, runtime_checkable

from plimsoll.kernel.digest import Digest, Json, digest_json

from ..scorers import Scorer

USUAL: Final[Mapping[str, Json]] = {"temperature": 0, "max_tokens": 500}
"""What a judge's calls say beside their messages, unless a suite says otherwise."""


class Message(NamedTuple):
    """One message to the model."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One call."""

    messages: Sequence[Message]
    form: Json
    """The JSON schema that the answer must have; a model that knows structured output is held to it."""
    parameters: Mapping[str, Json]
    sample: int = 0
    """The how-manieth time the same is asked, from 0: whoever keeps answers must tell these apart."""


class Reply(NamedTuple):
    """What the model said, and what that cost; None where the price is not known."""

    text: str
    cost_usd: float | None = None


class Asker(Protocol):
    """Asks a model. What it raises makes the row not measured, with its message as the reason."""

    async def ask(self, asked: Asked) -> Reply:
        """One answer."""


@dataclass(frozen=True, slots=True)
class JudgeModel:
    """Who judges: a route of the release, or any other model that answers chats."""

    asker: Asker
    route: str
    """Its name, for people."""
    version: Digest
    """Of everything that decides which model answers, and how; part of the judge's version."""
    model: str = ""
    """The model's own name, so that it is seen when a model judges its own answers."""
    parameters: Mapping[str, Json] = field(default_factory=dict)
    """Beside, or in place of, the usual ones: temperature, most tokens."""

    def all_parameters(self) -> dict[str, Json]:
        """What every call says; None takes a usual one away."""
        given = {**USUAL, **self.parameters}
        return {name: value for name, value in given.items() if value is not None}

    def facts(self) -> Json:
        """What of the model belongs into a judge's version."""
        return {"route": self.route, "version": self.version, "parameters": self.all_parameters()}


@runtime_checkable
class Judge(Scorer, Protocol):
    """A scorer whose word is a model's, and decides nothing until it was calibrated."""

    @property
    def model(self) -> JudgeModel:
        """Who is asked."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What it can say, from the worst to the best, as people are asked to label the same rows."""


def share_of(label: int, labels: Sequence[str]) -> float:
    """The place of a label among those that there are, as a share: the worst is 0 and the best 1."""
    return label / (len(labels) - 1)


def version_of(facts: Json) -> str:
    """A judge's version: of its prompt, scale, way of asking and model."""
    return digest_json(facts).removeprefix("sha256:")[:16]
