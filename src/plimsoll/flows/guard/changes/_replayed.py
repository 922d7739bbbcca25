"""One past request under one policy: what it would have said, as far as the trace still holds the texts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from plimsoll.flows.serve.guarding import Guard
from plimsoll.guardrails import Action, Policy
from plimsoll.kernel.errors import BlockedError, InvalidError
from plimsoll.models import Body, Passage
from plimsoll.tracing import Trace

Part = Literal["request", "passages", "answer"]
PARTS: Final[tuple[Part, ...]] = ("request", "passages", "answer")
_STAGES: Final[Mapping[Part, frozenset[str]]] = {
    "request": frozenset({"input", "tool_result", "retrieved"}),
    "passages": frozenset({"retrieved"}),
    "answer": frozenset({"output", "tool_call"}),
}
"""The stages of a policy that say something about a part."""
_NOTED: Final[Mapping[Part, frozenset[str]]] = {**_STAGES, "request": frozenset({"input", "tool_result"})}
"""The stages of notes that say that something was taken out of a part."""
_CHANGING: Final = frozenset({"redact", "ask", "block"})
_ORDER: Final[tuple[Action, ...]] = ("allow", "flag", "redact", "ask", "block")
_RESULTS: Final = frozenset({"tool", "function"})
_KEPT: Final[Mapping[str, str]] = {
    "off": "nothing of what was said is kept",
    "gone": "the key of what was said was destroyed",
    "redacted": "only a redacted form of what was said is kept",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a policy says of a request, or of what could be replayed of it."""

    action: Action
    found: tuple[str, ...]
    """`check.kind on stage: action`, sorted."""


@dataclass(frozen=True, slots=True)
class Change:
    """A request of which two policies do not say the same."""

    trace: str
    at: datetime
    endpoint: str
    before: Verdict
    after: Verdict

    @property
    def is_stricter(self) -> bool:
        """Whether the second policy does more."""
        return _ORDER.index(self.after.action) > _ORDER.index(self.before.action)

    @property
    def is_milder(self) -> bool:
        """Whether the second policy does less."""
        return _ORDER.index(self.after.action) < _ORDER.index(self.before.action)


def unreplayable(trace: Trace, part: Part) -> str:
    """Why a part of a request cannot be looked at again as it was; empty where it can."""
    if trace.content in _KEPT:
        return _KEPT[trace.content]
    if "cut" in trace.request:
        return "it was too long to be kept whole"
    if _changed(trace) & _noted(part, trace):
        return "what the policy of then stopped or took out is not kept"
    if part == "request" and not trace.request.get("messages") and not _inputs(trace):
        return "it was stopped before its texts were kept"
    return ""


def holds(trace: Trace, part: Part) -> bool:
    """Whether there was such a part: a request that was stopped has no answer."""
    if part == "passages":
        return bool(trace.passages)
    return part == "request" or bool(trace.answer) or bool(_calls(trace)) or bool(_changed(trace) & _STAGES[part])


def looks_at(policy: Policy, part: Part) -> bool:
    """Whether a policy says anything about a part."""
    return bool(policy.fault) or bool(_STAGES[part] & set(policy.stages))


def judged(policy: Policy, trace: Trace, parts: Sequence[Part], names: Sequence[str]) -> Verdict:
    """What a policy says of some parts of a request; after a part that it stops the others are not reached.

    `names` are those by which exceptions may know who asked.
    """
    held = policy
    for name in names:
        held = held.within(name, trace.endpoint, trace.started_at.date())
    guard = Guard(held, policy)
    for part in parts:
        try:
            _ASK[part](guard, trace)
        except BlockedError:
            break
        except InvalidError:
            # What cannot be looked at, such as token ids, is refused.
            return Verdict("block", (f"unreadable {part}: block",))
    notes = guard.notes
    # A passage that is blocked is left out, and the request goes on without it.
    strictest: Action = max((_action(note.action) for note in notes), key=_ORDER.index, default="allow")
    found = sorted({f"{note.check}.{note.kind} on {note.stage}: {note.action}" for note in notes})
    return Verdict(strictest, tuple(found))


def _changed(trace: Trace) -> set[str]:
    """The stages at which something was stopped or taken out."""
    return {str(note.get("stage")) for note in trace.guardrails if note.get("action") in _CHANGING}


def _noted(part: Part, trace: Trace) -> frozenset[str]:
    has_results = any(_role(message) in _RESULTS for message in _messages(trace))
    return _STAGES[part] if part == "request" and has_results else _NOTED[part]


def _action(said: str) -> Action:
    return next((one for one in _ORDER if one == said), "block")


def _request(guard: Guard, trace: Trace) -> None:
    given = trace.request.get("parameters")
    parameters: Body = dict(given) if isinstance(given, Mapping) else {}
    if _inputs(trace):
        guard.inputs(parameters)
    else:
        guard.messages({**parameters, "messages": _messages(trace)})


def _passages(guard: Guard, trace: Trace) -> None:
    guard.passages(tuple(map(_passage, trace.passages)))


def _answer(guard: Guard, trace: Trace) -> None:
    calls = _calls(trace)
    message: Body = {"role": "assistant", "content": trace.answer, **({"tool_calls": calls} if calls else {})}
    guard.answer({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})


_ASK: Final[Mapping[Part, Callable[[Guard, Trace], None]]] = {
    "request": _request,
    "passages": _passages,
    "answer": _answer,
}


def _messages(trace: Trace) -> list[Any]:
    given = trace.request.get("messages")
    return [one for one in given if isinstance(one, Mapping)] if isinstance(given, list | tuple) else []


def _role(message: Mapping[str, Any]) -> str:
    return str(message.get("role"))


def _inputs(trace: Trace) -> bool:
    """Whether it was a call for vectors."""
    parameters = trace.request.get("parameters")
    return trace.surface == "embeddings" and isinstance(parameters, Mapping) and "input" in parameters


def _passage(kept: Mapping[str, Any]) -> Passage:
    def text(name: str) -> str:
        return str(kept.get(name) or "")

    def number(name: str) -> int:
        return int(kept.get(name) or 0)

    return Passage(
        id=text("id"),
        document=text("document"),
        title=text("title"),
        page=number("page"),
        start=number("start"),
        end=number("end"),
        text=text("text"),
        score=float(kept.get("score") or 0.0),
    )


def _calls(trace: Trace) -> list[Body]:
    """The tools that the answer called, as its spans tell them."""
    calls: list[Body] = []
    for span in trace.spans:
        said = span.attributes.get("gen_ai.output.messages")
        for message in said if isinstance(said, list | tuple) else ():
            calls += _calls_in(message)
    return calls


def _calls_in(message: object) -> list[Body]:
    parts = message.get("parts") if isinstance(message, Mapping) else None
    return [
        {
            "id": str(part.get("id") or ""),
            "type": "function",
            "function": {"name": str(part.get("name") or ""), "arguments": str(part.get("arguments") or "")},
        }
        for part in (parts if isinstance(parts, list | tuple) else ())
        if isinstance(part, Mapping) and part.get("type") == "tool_call"
    ]
