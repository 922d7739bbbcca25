"""Requests as the command line shows them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from rich.console import Console

from plimsoll.access.limits import WindowUse
from plimsoll.access.limits._types import Window
from plimsoll.cli.show import traces, verdicts
from plimsoll.kernel.money import PICO_PER_USD
from plimsoll.tracing import CostLine, Span, Trace, TraceSummary
from plimsoll.tracing.feedback import Feedback, Judgement

AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
TRACE = Trace(
    id="4bf92f3577b34da6a3ce929d0e0e4736",
    app="contracts",
    endpoint="contracts/gpt-4.1-mini",
    environment="production",
    release="sha256:3f9c2a",
    release_name="r-3f9c2a",
    started_at=AT,
    latency_ms=1_240.0,
    time_to_first_token_ms=310.0,
    status="ok",
    error="",
    model="openai/gpt-4.1-mini",
    prompt="",
    input_tokens=1_204,
    output_tokens=46,
    tokens_estimated=False,
    cost_usd=None,
    question="When?",
    request={},
    answer="In May.",
    answered=None,
    passages=(),
    messages=(),
    citations=(),
)

Draw = Callable[[Console], None]


def drawn(draw: Draw) -> str:
    screen = Console(width=160, force_terminal=False, emoji=False)
    with screen.capture() as captured:
        draw(screen)
    return "\n".join(line.rstrip() for line in captured.get().split("\n"))


def shown(*judgements: Judgement, **changes: Any) -> str:
    return drawn(lambda screen: traces.trace(screen, msgspec.structs.replace(TRACE, **changes), judgements))


def words(text: str) -> str:
    return " ".join(text.split())


def summary(**changes: Any) -> TraceSummary:
    same = {name: getattr(TRACE, name) for name in TraceSummary.__dataclass_fields__}
    return TraceSummary(**{**same, **changes})


def test_a_plain_request() -> None:
    assert shown().startswith(
        "contracts/gpt-4.1-mini  ·  production  ·  r-3f9c2a\n"
        "4bf92f3577b34da6a3ce929d0e0e4736  ·  2026-03-01 12:30:00 UTC  ·  ok\n"
    )
    assert shown().rstrip().endswith("1,240 ms  ·  first text after 310 ms  ·  1,204 + 46 tokens  ·  unknown price")
    assert "feedback" not in shown()


def test_who_asked_and_what_it_used() -> None:
    text = shown(
        surface="responses",
        caller="ana",
        key="plim_ab12",
        team="legal",
        user_id="c-1042",
        joined="ab" * 16 + "-cd",
        cost_usd=0.0142,
        cached_tokens=1_024,
        reasoning_tokens=9,
        tokens_estimated=True,
    )
    assert "through responses  ·  caller ana  ·  key plim_ab12  ·  team legal  ·  user c-1042" in text
    assert f"within the caller's own trace {'ab' * 16}\n" in text
    assert "1,204 + 46 tokens (estimated, 1,024 of them cached, 9 of reasoning)  ·  $0.0142" in text


def test_what_the_route_decided() -> None:
    text = shown(
        target="anthropic/b",
        attempts=(
            {"target": "openai/a", "outcome": "skipped", "why": "breaker_open", "began_ms": 0.1, "took_ms": 0.0},
            {"target": "anthropic/b", "outcome": "ok", "why": "", "began_ms": 1.0, "took_ms": 1_200.0},
        ),
    )
    assert "openai/a skipped breaker_open 0.1 ms 0.0 ms anthropic/b ok 1.0 ms 1,200.0 ms" in words(text)
    assert "answer (anthropic/b, openai/gpt-4.1-mini was to be asked first)\nIn May." in text


def test_a_conversation_with_tools_and_pictures() -> None:
    calls = [{"id": "c", "function": {"name": "tides", "arguments": '{"port": "Oslo"}'}}]
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 4000}}
    messages: list[Any] = [
        {"role": "user", "content": [{"type": "text", "text": "When?"}, picture]},
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "tool", "tool_call_id": "c", "content": "high at noon\x1b[2J"},
    ]
    said: Any = {"gen_ai.output.messages": [{"parts": [{"type": "tool_call", "name": "moon", "arguments": {}}]}]}
    text = shown(
        request={"messages": messages, "parameters": {"temperature": 0.2}},
        answer="",
        spans=(Span("a", None, "chat", AT, AT, said),),
    )
    assert 'user:\nWhen?\n[picture image/png, 3 kB]\nassistant:\n→ tides({"port": "Oslo"})\ntool:\ntides: high' in text
    assert "\x1b" not in text
    assert "parameters\n  temperature  0.2" in text
    assert "answer (openai/gpt-4.1-mini)\n→ moon({})" in text


def test_guardrails_feedback_and_budget() -> None:
    text = shown(
        Judgement("1", AT, Feedback(TRACE.id, -0.5, "wrong", "It is June.", "s-1", "c-1042")),
        guardrails=({"stage": "input", "check": "pii", "kind": "email", "action": "redact", "count": 2},),
        budget={"reserved": {"tokens": 10}},
        cached="exact",
    )
    assert "input pii email redact 2" in words(text)
    assert "feedback\n2026-03-01 12:30:00  ·  -0.5  ·  wrong  ·  It is June.  ·  by c-1042" in text
    assert 'budget\n  reserved  {"tokens":10}' in text
    assert "kept from before (exact)" in text


def test_vectors_and_predictions() -> None:
    text = shown(surface="embeddings", question="", answer="", request={"parameters": {"input": ["one"] * 30}})
    assert "sent\n1. one\n" in text
    assert "and 10 more" in text
    assert "1. Lease of" in shown(surface="predict", request={"parameters": {"inputs": [{"text": "Lease of"}]}})


def test_spans_that_others_sent_have_their_attributes() -> None:
    spans = (
        Span("a", None, "agent", AT, AT, {"gen_ai.agent.name": "trip"}),
        Span("b", "a", "tool", AT, AT, error="no such train"),
        Span("c", "b", "call", AT, AT),
        Span("x", "y", "left", AT, AT),
        Span("y", "x", "right", AT, AT),
    )
    text = shown(source="sent", environment="", spans=spans)
    assert "sent to us" in text
    assert "agent\n  gen_ai.agent.name  trip" in text
    assert "no such train" in text
    indents = [len(line) - len(line.lstrip()) for line in text.split("\n") if "0.0 ms" in line]
    assert indents[1] - indents[0] == indents[2] - indents[1] == 2


@pytest.mark.parametrize("content", ["off", "gone"])
def test_what_is_not_kept_is_said(content: Any) -> None:
    assert traces._CONTENT[content] in shown(content=content, question="", answer="")


def test_a_trace_for_programs_has_its_feedback() -> None:
    told = traces.trace_json(TRACE, [Judgement("1", AT, Feedback(TRACE.id, 1.0, comment="good"))])
    assert (told["id"], told["answer"]) == (TRACE.id, "In May.")
    assert told["feedback"] == [{"at": AT, "score": 1.0, "label": "", "comment": "good", "by": "", "user": ""}]
    assert msgspec.json.encode(told)


def test_a_list_with_models_costs_and_the_way_on() -> None:
    found = (
        summary(target="anthropic/b", cached="semantic", cost_usd=0.5),
        summary(input_tokens=0, output_tokens=0, status="error"),
        summary(question="", surface="embeddings", source="sent", environment=""),
    )
    told = traces.told(found, with_content=True)
    text = drawn(lambda screen: traces.traces(screen, told, "17-4", narrowed=False))
    first, second, third = (words(line) for line in text.split("\n") if "4bf92f35" in line)
    assert first.endswith("production r-3f9c2a ok anthropic/b semantic 1,240 ms $0.5 When?")
    assert second.endswith("error openai/gpt-4.1-mini 1,240 ms When?")
    assert "(sent)" in third
    assert third.endswith("unknown price (texts for vectors)")
    assert "older ones: the same with --after 17-4" in text


def test_an_empty_list_says_why() -> None:
    nothing = traces.told((), with_content=True)
    assert "no request fits" in drawn(lambda screen: traces.traces(screen, nothing, "", narrowed=True))
    assert "nothing was asked yet" in drawn(lambda screen: traces.traces(screen, nothing, "", narrowed=False))


def use(scope: str, spent: int) -> WindowUse:
    window = Window("contracts", scope, "usd", "day", 0)
    return WindowUse(window, 20 * PICO_PER_USD, spent * PICO_PER_USD, 0, 0, AT + timedelta(hours=1))


def test_the_status_says_what_the_last_day_cost_and_which_budgets_fill_up() -> None:
    ended = [CostLine("ok", 1_200, 1, 1, 4.2, 17), CostLine("error", 4, 0, 0, None, 0)]
    day = verdicts.LastDay(ended, [use("team:legal", 17), use("everyone", 20)])
    text = drawn(lambda screen: verdicts.status(screen, [], [], [], day))
    assert "the last day: 1,204 requests, 4 failed, $4.2, 17 of unknown price\n" in text
    assert "suites, replays and what others sent count too" in text
    assert "budgets nearly used up: everyone 100 % (day), team:legal 85 % (day); see `plimsoll budget show`" in text
    told = verdicts.status_json([], [], [], day)
    assert (told["last_day"]["total"]["requests"], [one["for"] for one in told["budgets"]]) == (
        1_204,
        ["team:legal", "everyone"],
    )


def test_a_day_of_which_no_price_is_known() -> None:
    day = verdicts.LastDay([CostLine("ok", 1, 5, 5, None, 1)], [])
    text = drawn(lambda screen: verdicts.status(screen, [], [], [], day))
    assert "the last day: 1 request, 0 failed, unknown price, 1 of unknown price" in text
    quiet = drawn(lambda screen: verdicts.status(screen, [], [], [], replace(day, ended=[])))
    assert "the last day" not in quiet
    assert "budgets" not in quiet
