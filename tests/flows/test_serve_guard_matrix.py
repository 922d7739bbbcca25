"""A check that fails, hangs or answers rubbish never passes: at every stage, streamed or not, whatever it is."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from plimsoll.checks import NO_CONTEXT, Check, Context, Found
from plimsoll.checks.patterns import Pattern, PatternCheck
from plimsoll.flows.serve._errors import GuardrailBlockedError
from plimsoll.flows.serve.guarding import Guard, Passing
from plimsoll.guardrails import STAGES, Policy, Stage
from plimsoll.models import Body, Chunks, Passage

TEXT = "The lease ends in May. It is long."
LET_GO = threading.Event()


@dataclass(frozen=True)
class Asked:
    """A check that answers as a test says."""

    answer: Callable[[str], Any]
    by_sentence: bool = False
    name: str = "odd"
    version: str = "3"
    kinds: tuple[str, ...] = ("odd",)

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:  # noqa: ARG002  # the text is enough
        found: Sequence[Found] = self.answer(text)
        return found


def raises(_: str) -> Any:
    raise ValueError("no answer")


def hangs(_: str) -> Any:
    LET_GO.wait(60)
    return ()


def pours(_: str) -> Iterator[Found]:
    """Goes on finding until it is let go."""
    while not LET_GO.wait(0.001):
        yield Found(0, 1, "odd")


def judge(_found: str, _before: str, _after: str) -> float:
    raise ValueError("no answer")


ANSWERS: dict[str, Callable[[str], Any]] = {
    "raises": raises,
    "hangs": hangs,
    "never ends": pours,
    "nothing at all": lambda _: None,
    "a number": lambda _: 1,
    "other things": lambda _: ["odd"],
    "an unknown kind": lambda _: [Found(0, 1, "even")],
    "an end behind the text": lambda text: [Found(0, len(text) + 1, "odd")],
    "a place before the text": lambda _: [Found(-1, 1, "odd")],
    "no length": lambda _: [Found(1, 1, "odd")],
    "a place that is no number": lambda _: [Found(0.0, 1.5, "odd")],  # type: ignore[arg-type]  # that is the point
    "a score of nothing": lambda _: [Found(0, 1, "odd", 0.0)],
    "a score above one": lambda _: [Found(0, 1, "odd", 7.0)],
    "a score that is no number": lambda _: [Found(0, 1, "odd", float("nan"))],
    "a reason that is no text": lambda _: [Found(0, 1, "odd", 1.0, object())],  # type: ignore[arg-type]  # the point
}
MADE: dict[str, Check] = {
    **{f"{name}, as a whole": Asked(answer) for name, answer in ANSWERS.items()},
    **{f"{name}, by sentence": Asked(answer, by_sentence=True) for name, answer in ANSWERS.items()},
    "a pattern whose judge raises": PatternCheck("odd", [Pattern("odd", "[tT]he", judge=judge)]),
}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": "The lease"}'}}
RESULT = {"type": "tool_result", "tool_use_id": "c1", "content": TEXT}


async def _messages(passing: Passing, *messages: Body) -> Any:
    return await passing.messages({"messages": list(messages)}, 0)


async def _passages(passing: Passing) -> Any:
    passage = Passage("p1", "a.md", "A", 1, 0, len(TEXT), TEXT, 1.0)
    return await passing.passages((passage,)) or None


async def _answer(passing: Passing, **message: Any) -> Any:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    return await passing.answer({"choices": [choice]})


async def _stream(passing: Passing, finish: str | None, **delta: Any) -> Any:
    passing.begin()
    pieces: list[Body] = [
        {"delta": delta, "finish_reason": None},
        *([{"delta": {}, "finish_reason": finish}] if finish else []),
    ]
    told = [await passing.pieces(Chunks(({"choices": [{"index": 0, **piece}]},))) for piece in pieces]
    return [one for one in (*told, await passing.rest()) if one is not None]


WAYS: dict[str, tuple[Stage, Callable[[Passing], Any]]] = {
    "a message": ("input", lambda one: _messages(one, {"role": "user", "content": TEXT})),
    "a call for vectors": ("input", lambda one: one.inputs({"input": [TEXT]}, 0)),
    "a passage": ("retrieved", _passages),
    "a tool's message": ("tool_result", lambda one: _messages(one, {"role": "tool", "content": TEXT})),
    "a tool's part": ("tool_result", lambda one: _messages(one, {"role": "user", "content": [RESULT]})),
    "an answer": ("output", lambda one: _answer(one, content=TEXT)),
    "a thought": ("output", lambda one: _answer(one, content=None, reasoning_content=TEXT)),
    "a stream": ("output", lambda one: _stream(one, "stop", content=TEXT)),
    "a stream without an end": ("output", lambda one: _stream(one, None, content=TEXT)),
    "a stream of thoughts": ("output", lambda one: _stream(one, "stop", reasoning_content=TEXT)),
    "a call": ("tool_call", lambda one: _answer(one, content=None, tool_calls=[CALL])),
    "a call in a stream": ("tool_call", lambda one: _stream(one, "tool_calls", tool_calls=[{"index": 0, **CALL}])),
    "a name that is shown": (
        "output",
        lambda one: one.shown([Passage("p1", "The lease of May.md", "A", 1, 0, 1, "x", 1.0)]),
    ),
}


def test_the_matrix_has_every_stage() -> None:
    assert {stage for stage, _ in WAYS.values()} == set(STAGES)


@pytest.fixture(autouse=True)
def _let_go() -> Iterator[None]:
    LET_GO.clear()
    yield
    LET_GO.set()


@pytest.mark.parametrize("on_error", ["block", "ask", "flag"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("made", MADE)
def test_no_answer_is_never_a_pass(made: str, way: str, on_error: str) -> None:
    stage, walk = WAYS[way]
    rule: dict[str, Any] = {"check": "odd", "on": [stage], "action": "redact", "on_error": on_error}
    if "hangs" in made or "never ends" in made:
        rule["timeout_s"] = 0.01
    passing = Passing(Guard(Policy.from_json("p", {"checks": [rule]}, {"odd": MADE[made]})))

    async def story() -> Any:
        return await walk(passing)

    if on_error == "flag":
        assert asyncio.run(story()), "it goes on, and is noted"
    elif stage == "retrieved" or way == "a name that is shown":
        assert not asyncio.run(story()), "what is not known to be good is left out"
    else:
        with pytest.raises(GuardrailBlockedError, match="check_failed"):
            asyncio.run(story())
    noted = {(note.stage, note.check, note.kind, note.action, note.score) for note in passing.notes}
    assert noted == {(stage, "odd", "check_failed", on_error, 0.0)}


@pytest.mark.parametrize("way", WAYS)
def test_a_policy_that_is_no_policy_lets_nothing_pass(way: str) -> None:
    passing = Passing(Guard(Policy.load("p", {"checks": [{"check": "nothing"}]})))
    stage, walk = WAYS[way]

    async def story() -> Any:
        return await walk(passing)

    if stage == "retrieved" or way == "a name that is shown":
        assert not asyncio.run(story())
    else:
        with pytest.raises(GuardrailBlockedError, match="policy_invalid"):
            asyncio.run(story())


@pytest.mark.parametrize("way", WAYS)
def test_a_check_that_ends_its_thread_ends_the_request(way: str) -> None:
    """Nothing may go on either where somebody raises what no check may raise."""

    def exits(_: str) -> Any:
        raise SystemExit

    stage, walk = WAYS[way]
    rule = {"check": "odd", "on": [stage], "action": "redact"}
    passing = Passing(Guard(Policy.from_json("p", {"checks": [rule]}, {"odd": Asked(exits)})))

    async def story() -> Any:
        with pytest.raises(SystemExit):
            await walk(passing)

    asyncio.run(story())
