"""The page of one trace, with everything that a gateway knows of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient
from tests.api.test_console import HOSTILE, words_of

from plimsoll.tracing import Span, Trace
from plimsoll.tracing.feedback import Feedback, Judgement

ANA = "s-00000000000000aa"


@pytest.fixture
def route_trace(a_trace: Trace) -> Trace:
    """A call that a route passed through: no prompt, no documents."""
    return replace(
        a_trace,
        endpoint="gpt-4.1-mini",
        model="openai/gpt-4.1-mini",
        prompt="",
        passages=(),
        messages=(),
        citations=(),
        answered=None,
        tokens_estimated=False,
    )


def words(client: TestClient, service: Any, trace: Trace) -> str:
    service.traces[trace.id] = trace
    response = client.get(f"/traces/{trace.id}")
    assert response.status_code == 200
    return words_of(response.text)


def test_what_the_route_decided(client: TestClient, service: Any, route_trace: Trace) -> None:
    found = replace(
        route_trace,
        target="anthropic/claude-sonnet-4-5",
        attempts=(
            {
                "target": "openai/gpt-4.1-mini",
                "outcome": "failed",
                "why": "rate_limited",
                "began_ms": 0.5,
                "took_ms": 40,
            },
            {"target": "anthropic/claude-sonnet-4-5", "outcome": "ok", "why": "", "began_ms": 45.0, "took_ms": 410.0},
            {"outcome": 3, "began_ms": "soon", "took_ms": -1},
        ),
    )
    page = words(client, service, found)
    assert "Model that answered anthropic/claude-sonnet-4-5 First choice of the route openai/gpt-4.1-mini" in page
    assert "openai/gpt-4.1-mini failed rate limited +0.5 ms 40 ms" in page
    assert "anthropic/claude-sonnet-4-5 answered — +45 ms 410 ms" in page
    assert "Passages" not in page


def test_tokens_cost_and_who(client: TestClient, service: Any, route_trace: Trace) -> None:
    found = replace(
        route_trace,
        surface="messages",
        cached_tokens=1_024,
        cache_write_tokens=1,
        reasoning_tokens=32,
        cost_usd=0.01423,
        key="plim_ab12cd34",
        project="portal",
    )
    page = words(client, service, found)
    for fact in (
        "Called by Anthropic messages",
        "Tokens 1,204 → 9",
        "Read from the provider's cache 1,024 tokens",
        "Written to the provider's cache 1 token",
        "Spent on reasoning 32 tokens",
        "Cost $0.01423",
        "Key plim_ab12cd34 Project portal",
    ):
        assert fact in page


def test_an_answer_from_the_cache(client: TestClient, service: Any, route_trace: Trace) -> None:
    page = words(client, service, replace(route_trace, cached="semantic"))
    assert "From the cache same meaning" in page
    assert "The answer was kept from a call that means the same: no model was asked." in page


def test_a_conversation_with_pictures_and_tools(client: TestClient, service: Any, route_trace: Trace) -> None:
    call: Any = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
    found = replace(
        route_trace,
        answer="",
        request={
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": HOSTILE},
                        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 4000}},
                    ],
                },
                {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "c1", "content": "rain"},
            ],
            "parameters": {"tools": [{"type": "function", "function": {"name": "weather"}}], "temperature": 0.2},
        },
        spans=(_answer_span(route_trace, {"type": "tool_call", "name": "tides", "arguments": {"port": "Bergen"}}),),
    )
    page = words(client, service, found)
    assert "picture image/png, 3 kB" in page
    assert 'calls weather {"city": "Oslo"}' in page
    assert "result weather rain" in page
    assert "temperature 0.2 tools weather" in page
    assert 'calls tides { "port": "Bergen" }' in page
    assert "There is no answer" not in page
    assert "<script" not in client.get(f"/traces/{found.id}").text


def _answer_span(trace: Trace, *parts: Any) -> Span:
    said: Any = {"gen_ai.output.messages": [{"role": "assistant", "parts": list(parts)}], "gen_ai.request.stream": True}
    return Span("a", None, "chat", trace.started_at, trace.started_at, said)


def test_whether_it_was_streamed(client: TestClient, service: Any, route_trace: Trace) -> None:
    span = _answer_span(route_trace)
    assert "Delivered" not in words(client, service, route_trace)
    assert "Delivered as a stream" in words(client, service, replace(route_trace, spans=(span,)))
    whole = replace(span, attributes={"gen_ai.request.stream": False})
    assert "Delivered whole" in words(client, service, replace(route_trace, spans=(whole,)))


def test_guardrails_and_budgets(client: TestClient, service: Any, route_trace: Trace) -> None:
    found = replace(
        route_trace,
        guardrails=({"stage": "tool_call", "check": "pii", "kind": "email", "action": "redact", "count": 2},),
        budget={"reserved": {"tokens": 4096}},
    )
    page = words(client, service, found)
    assert "tool call pii email redact 2" in page
    assert "reserved.tokens 4096" in page
    plain = words(client, service, route_trace)
    assert plain.count("Guardrails") == 1, "only the link above every page"
    assert "Budget" not in plain


def test_feedback(client: TestClient, service: Any, route_trace: Trace) -> None:
    at = datetime.now(UTC) - timedelta(hours=2)
    service.known_names = {ANA: "Ana Ferreira"}
    service.known_judgements = [
        Judgement("1", at, Feedback(route_trace.id, 1.0, "helpful", HOSTILE, ANA, "c-1042")),
        Judgement("2", at, Feedback(route_trace.id, -0.5)),
        Judgement("3", at, Feedback("f" * 32, 1.0, "of another")),
    ]
    page = words(client, service, route_trace)
    assert "Feedback 2 good helpful 2 h ago from c-1042, brought by Ana Ferreira <script>" in page
    assert "bad -0.5 2 h ago" in page
    assert "of another" not in page


def test_vectors_and_predictions_read_well(client: TestClient, service: Any, route_trace: Trace) -> None:
    moment = route_trace.started_at
    length = Span("a", None, "embeddings", moment, moment, {"gen_ai.embeddings.dimension.count": 384})
    made = replace(
        route_trace,
        surface="embeddings",
        question="",
        answer="",
        request={"messages": [], "parameters": {"input": ["one", "two"], "dimensions": 384}},
        spans=(length,),
    )
    page = words(client, service, made)
    assert "Vectors for 2 texts" in page
    assert "1 one 2 two Parameters dimensions 384" in page
    assert "2 vectors of 384 numbers" in page
    tokens = replace(made, request={"parameters": {"input": [1, 2, 3]}})
    assert "Vectors for 1 text" in words(client, service, tokens)
    many = replace(made, request={"parameters": {"input": ["x"] * 300}})
    assert "Vectors for 300 texts" in words(client, service, many)
    told = replace(made, surface="predict", answer="lease", request={"parameters": {"inputs": [{"text": "Lease of"}]}})
    assert "Prediction for 1 row" in words(client, service, told)


def test_spans_that_others_sent(client: TestClient, service: Any, route_trace: Trace) -> None:
    moment = route_trace.started_at
    more: Any = {
        "start_ns": 1,
        "resource": {"service.name": "planner"},
        "events": [[1, "gen_ai.choice", {"index": 0}]],
        "scope": {"name": HOSTILE},
    }
    span = Span("a", None, "invoke_agent", moment, moment, {"gen_ai.agent.name": "trip"}, kind="server", more=more)
    sent = replace(
        route_trace,
        source="sent",
        surface="otlp",
        endpoint="trip",
        release="",
        release_name="",
        environment="",
        messages=({"role": "user", "content": "Plan a trip."},),
        spans=(span,),
    )
    page = words(client, service, sent)
    assert "gen_ai.agent.name trip kind server" in page
    assert "resource.service.name planner" in page
    assert 'events [[1, "gen_ai.choice", {"index": 0}]]' in page
    assert "start_ns" not in page
    assert "The sender named no release." in page
    assert "Requests that were served for it" in page


def test_very_many_steps_are_cut(client: TestClient, service: Any, route_trace: Trace) -> None:
    moment = route_trace.started_at
    steps = tuple(Span(f"{number}", None, f"step {number}", moment, moment) for number in range(640))
    page = words(client, service, replace(route_trace, spans=steps))
    assert "step 499" in page
    assert "step 500" not in page
    assert "140 more steps are in the record" in page


def test_the_callers_own_trace_leads_to_its_requests(client: TestClient, service: Any, route_trace: Trace) -> None:
    service.traces[route_trace.id] = replace(route_trace, joined="ab" * 16 + "-" + "cd" * 8)
    assert f'href="/?joined={"ab" * 16}"' in client.get(f"/traces/{route_trace.id}").text


@pytest.mark.parametrize(("content", "says"), [("off", "nothing of what was said"), ("gone", "its key was destroyed")])
def test_what_is_not_kept_is_said(
    client: TestClient, service: Any, route_trace: Trace, content: Any, says: str
) -> None:
    page = words(client, service, replace(route_trace, question="", answer="", content=content))
    assert says in page
    assert "There is no answer to show." in page


@pytest.mark.parametrize("broken", [None, "text", 7, [], {"messages": {"role": 1}}, {"parameters": ["x"]}])
def test_a_request_of_another_shape_still_makes_a_page(
    client: TestClient, service: Any, route_trace: Trace, broken: Any
) -> None:
    request = broken if isinstance(broken, dict) else {"messages": broken, "parameters": broken}
    for surface in ("chat", "embeddings", "predict"):
        words(client, service, replace(route_trace, surface=surface, request=request, messages=({}, {"content": 3})))
