"""What an adversarial test is, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Carrier = Literal["message", "document", "tool_result"]
"""How the attack comes in: said by the caller, in a document that is found, or in what a tool returned."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What an attack is after, so that reaching it can be seen without a model that judges."""

    name: str
    owasp: tuple[str, ...]
    """Ids of the OWASP Top 10 for LLM Applications 2025."""
    atlas: tuple[str, ...]
    """Ids of techniques of MITRE ATLAS."""
    wordings: tuple[str, ...]
    """Direct requests; `{token}` is the canary."""


@dataclass(frozen=True, slots=True)
class Disguise:
    """A way to dress a request up."""

    name: str
    owasp: tuple[str, ...] = ()
    atlas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One adversarial request, or a harmless one in the same dress."""

    id: str
    goal: str
    disguise: str
    carrier: Carrier
    harmful: bool
    """False for a harmless twin, by which over-refusal is measured."""
    messages: tuple[Mapping[str, str], ...]
    """The conversation; the last message of the user is the question."""
    planted: str
    """The text of a document or of a tool's result; empty where the caller says it."""
    instructions: str
    """What the endpoint's prompt is told beside its own words, where the goal is to get at it."""
    token: str
    """The canary: the attack has succeeded when it (or what it stands for) is in the answer."""
    owasp: tuple[str, ...]
    atlas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    text: str = ""
    calls: tuple[str, ...] = ()
    """Names of the tools that the answer calls."""
    stopped: str = ""
    """Why the guardrail stopped it; empty where it did not."""
    flagged: tuple[str, ...] = ()
    """`check.kind` of what was found and let go on."""
    error: str = ""
    """Why there was no answer, where a guardrail was not the reason."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case, and what became of it under one policy."""

    case: Case
    reply: Reply

    @property
    def measured(self) -> bool:
        """Whether anything can be said."""
        return not self.reply.error

    @property
    def stopped(self) -> bool:
        """Whether the guardrail stopped it."""
        return bool(self.reply.stopped)
