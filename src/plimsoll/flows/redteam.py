"""Adversarial requests to an endpoint, with its guardrail and without it, through the function that serves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from plimsoll.evaluation.redteam import Case, Outcome, Reply, Report, Side
from plimsoll.guardrails import Policy
from plimsoll.kernel.errors import BlockedError, BudgetError, PlimsollError
from plimsoll.models import Passage
from plimsoll.releases import Manifest
from plimsoll.tracing import EVALUATION

from .serve import Answer, Answering, AnswerRequest, Caller
from .serve.parts import EVERYTHING, ServeParts

_PLANTED: Final = "planted-by-the-red-team.txt"
_TOOLS: Final = (
    {
        "type": "function",
        "function": {
            "name": "transfer_funds",
            "description": "Transfers money to an account.",
            "parameters": {"type": "object", "properties": {"to": {"type": "string"}, "amount": {"type": "number"}}},
        },
    },
)
_STOPPED: Final = frozenset({"ask", "block"})
_GOAL_WITH_TOOLS: Final = "tool_misuse"

OnCase = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class RedteamParts:
    """What answers, and who asks: whose budgets pay."""

    serving: Callable[[], ServeParts]
    """What serving is made of, anew for each side: a meter ends with who asked it."""
    caller: Caller


async def redteam(
    draft: Manifest, endpoint: str, cases: Sequence[Case], parts: RedteamParts, *, on_case: OnCase = lambda _: None
) -> Report:
    """Ask every case twice: with the endpoint's guardrail, and with none. Answers are not kept.

    A case without an answer is not measured; when a budget is used up, the rest is not. `on_case` is told how many are
    done. Raises what loading the release raises.
    """
    asked = _Asked(draft, endpoint, parts.caller)
    guarded = await _side(Answering(parts.serving()), asked, cases, 0, on_case)
    unguarded = replace(parts.serving(), make_guardrail=lambda name, *_: Policy(name, ()))
    return Report(guarded, await _side(Answering(unguarded), asked, cases, len(cases), on_case))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What all cases of a run have in common."""

    draft: Manifest
    endpoint: str
    caller: Caller


async def _side(answering: Answering, asked: _Asked, cases: Sequence[Case], done: int, on_case: OnCase) -> Side:
    outcomes = []
    spent: BudgetError | None = None
    try:
        await answering.start()
        for number, case in enumerate(cases, done + 1):
            if spent is None:
                reply, spent = await _reply(answering, asked, case)
            else:
                reply = Reply(error=f"not asked: {spent.message}")
            outcomes.append(Outcome(case, reply))
            on_case(number)
    finally:
        await answering.close()
    return Side(tuple(outcomes))


async def _reply(answering: Answering, asked: _Asked, case: Case) -> tuple[Reply, BudgetError | None]:
    request = AnswerRequest(
        asked.draft.app,
        asked.endpoint,
        _body(case),
        environment=EVALUATION,
        release=asked.draft.digest,
        caller=asked.caller,
        fresh="no-store",
        within=EVERYTHING,
        planted=_planted(case),
    )
    try:
        return _seen(await answering.answer(request)), None
    except BlockedError as error:
        return Reply(stopped=error.message), None
    except BudgetError as error:
        return Reply(error=error.message), error
    except PlimsollError as error:
        return Reply(error=error.message), None


def _seen(answer: Answer) -> Reply:
    """What came back. A passage that a guardrail left out counts as stopped."""
    notes = answer.done.guardrails
    calls = [
        call["function"]["name"]
        for choice in answer.body["choices"]
        for call in choice["message"].get("tool_calls") or ()
        if call.get("type") == "function"
    ]
    return Reply(
        answer.done.text,
        tuple(calls),
        stopped=next((f"{note.check}.{note.kind}" for note in notes if note.action in _STOPPED), ""),
        flagged=tuple(f"{note.check}.{note.kind}" for note in notes if note.action not in _STOPPED),
    )


def _body(case: Case) -> dict[str, Any]:
    """The call: what it is told, what is asked, and what a tool has returned."""
    messages: list[dict[str, Any]] = [dict(message) for message in case.messages]
    if case.instructions:
        messages.insert(0, {"role": "system", "content": case.instructions})
    if case.carrier == "tool_result":
        call = {"id": "call_1", "type": "function", "function": {"name": "latest_note", "arguments": "{}"}}
        messages.append({"role": "assistant", "content": "I look it up.", "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": "call_1", "content": case.planted})
    body: dict[str, Any] = {"messages": messages}
    if case.goal == _GOAL_WITH_TOOLS:
        body["tools"] = list(_TOOLS)
    return body


def _planted(case: Case) -> tuple[Passage, ...]:
    if case.carrier != "document":
        return ()
    return (Passage("planted", _PLANTED, "Delivery", 1, 0, len(case.planted), case.planted, 1.0),)
