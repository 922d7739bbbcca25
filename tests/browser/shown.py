"""What the console shows in these tests: one application that has lived for a while."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from plimsoll.access.limits import Budget, WindowUse
from plimsoll.access.limits._types import Window
from plimsoll.tracing import CostLine, DaySummary, Span, Trace, TraceSummary
from plimsoll.tracing.feedback import Feedback, Judgement
from plimsoll.tracing.usage import HourLine

NOW = datetime.now(UTC)
ANA, BEN = "s-00000000000000aa", "s-00000000000000bb"
NAMES = {ANA: "Ana Ferreira", BEN: "Ben <b>Okafor</b>"}
LIVE = "sha256:3f9c2a41b07d5e8890c1f2a7d6b3e4550f1e2d3c4b5a69788796a5b4c3d2e1f0"
CANDIDATE = "sha256:77aa01" + "0" * 58
CLAUSE = (
    "12.2 Termination for convenience. Either party may terminate this Agreement without cause by giving the other "
    "party ninety (90) days' prior written notice. "
)
REST = (
    "During the notice period the parties continue to perform their obligations, and all fees that fell due before "
    "the date of termination remain payable."
)


def _span(name: str, parent: str | None, start_ms: float, end_ms: float, **attributes: Any) -> Span:
    begin = NOW - timedelta(minutes=4)
    at, end = begin + timedelta(milliseconds=start_ms), begin + timedelta(milliseconds=end_ms)
    return Span(name, parent, name, at, end, {key.replace("__", "."): value for key, value in attributes.items()})


def _passage(rank: int, document: str, page: int, score: float, text: str) -> Mapping[str, Any]:
    return {
        "id": f"p{rank}",
        "document": document,
        "title": document,
        "page": page,
        "start": 4000 * rank,
        "end": 4000 * rank + len(text),
        "score": score,
        "text": text,
    }


TRACE = Trace(
    id="4bf92f3577b34da6a3ce929d0e0e4736",
    app="contracts",
    endpoint="ask",
    environment="production",
    release=LIVE,
    release_name="r-3f9c2a",
    started_at=NOW - timedelta(minutes=4),
    latency_ms=412.4,
    time_to_first_token_ms=96.2,
    status="ok",
    error="",
    model="builtin/reader",
    prompt="answer v3",
    input_tokens=1204,
    output_tokens=46,
    tokens_estimated=True,
    cost_usd=None,
    question="How much notice must we give before we can end the Acme contract?",
    request={},
    answer="Either party may terminate this Agreement without cause by giving ninety (90) days' written notice. [1]",
    answered=True,
    passages=(
        _passage(1, "contracts/acme-master-services.pdf", 14, 0.871, CLAUSE + REST),
        _passage(2, "contracts/acme-amendment-2.pdf", 2, 0.644, "Section 12 of the Agreement stays as it is. " * 6),
        _passage(3, "contracts/<script>alert(1)</script>.docx", 1, 0.412, "<img src=x onerror=alert(1)> " * 3),
        _passage(4, "policies/procurement-handbook-with-a-very-long-file-name-2026.pdf", 41, 0.288, "Notice. " * 40),
    ),
    messages=(
        {"role": "system", "content": "Answer from the passages only. Quote them exactly, and say which one."},
        {"role": "user", "content": f"[1] {CLAUSE}{REST}\n\nHow much notice must we give?"},
    ),
    citations=(
        {
            "marker": 1,
            "passage_id": "p1",
            "document": "contracts/acme-master-services.pdf",
            "page": 14,
            "start": 4000 + CLAUSE.index("Either"),
            "end": 4000 + len(CLAUSE) - 1,
            "text": CLAUSE[CLAUSE.index("Either") : -1],
        },
    ),
    spans=(
        _span("invoke_workflow contracts/ask", None, 0, 412, plimsoll__release=LIVE),
        _span("retrieval contracts", "invoke_workflow contracts/ask", 3, 88, gen_ai__data_source__id="contracts"),
        _span("render prompt", "invoke_workflow contracts/ask", 88, 91.5),
        _span(
            "chat builtin/reader",
            "invoke_workflow contracts/ask",
            92,
            408,
            gen_ai__usage__input_tokens=1204,
            gen_ai__usage__output_tokens=46,
        ),
    ),
)

_ROUTE = replace(
    TRACE,
    id="a1" * 16,
    endpoint="gpt-4.1-mini",
    surface="responses",
    model="openai/gpt-4.1-mini",
    target="anthropic/claude-sonnet-4-5-with-a-rather-long-name-20260929",
    prompt="",
    passages=(),
    messages=(),
    citations=(),
    answered=None,
    cost_usd=0.01423,
    input_tokens=1_204,
    output_tokens=146,
    cached_tokens=1_024,
    reasoning_tokens=96,
    tokens_estimated=False,
    latency_ms=2_412.4,
    time_to_first_token_ms=1_296.2,
    caller=ANA,
    key="plim_ab12cd34",
    team="legal",
    project="supplier-portal",
    user_id="c-1042",
    question="What will the weather be in Oslo, and what is in this picture?",
    answer="I will look that up.",
    request={
        "messages": [
            {"role": "system", "content": "You plan deliveries by ship."},
            {"role": "user", "content": "What is in the harbour today?"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c1", "function": {"name": "ships", "arguments": '{"harbour": "Oslo"}'}}],
            },
            {"role": "tool", "tool_call_id": "c1", "content": '{"ships": ["Aurora", "<b>Bella</b>"]}'},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What will the weather be in Oslo, and what is in this picture?"},
                    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{'A' * 46_000}"}},
                    {"type": "image_url", "image_url": {"url": "https://pictures.example/a-harbour.jpg"}},
                ],
            },
        ],
        "parameters": {
            "temperature": 0.2,
            "tools": [{"type": "function", "function": {"name": "weather"}}, {"function": {"name": "ships"}}],
        },
    },
    attempts=(
        {"target": "openai/gpt-4.1", "outcome": "skipped", "why": "breaker_open", "began_ms": 0.1, "took_ms": 0.0},
        {
            "target": "openai/gpt-4.1-mini",
            "outcome": "failed",
            "why": "provider_rate_limited",
            "began_ms": 0.2,
            "took_ms": 812.0,
        },
        {
            "target": "anthropic/claude-sonnet-4-5-with-a-rather-long-name-20260929",
            "outcome": "ok",
            "why": "",
            "began_ms": 861.0,
            "took_ms": 1_540.0,
        },
    ),
    guardrails=(
        {"stage": "input", "check": "pii", "kind": "email", "action": "redact", "count": 2},
        {"stage": "tool_call", "check": "injection", "kind": "", "action": "flag", "count": 1},
    ),
    budget={"for": ["team:legal"], "reserved": {"tokens": 4096, "cost_usd": 0.061}, "settled": {"cost_usd": 0.01423}},
    spans=(
        _span("invoke_workflow contracts/gpt-4.1-mini", None, 0, 2_412, plimsoll__release=LIVE),
        _span(
            "chat openai/gpt-4.1-mini",
            "invoke_workflow contracts/gpt-4.1-mini",
            2,
            2_408,
            gen_ai__request__stream=True,
            gen_ai__output__messages=[
                {
                    "role": "assistant",
                    "parts": [
                        {"type": "text", "content": "I will look that up."},
                        {"type": "tool_call", "id": "c2", "name": "weather", "arguments": {"city": "Oslo", "days": 3}},
                    ],
                }
            ],
        ),
    ),
)
_CACHED = replace(_ROUTE, id="a2" * 16, cached="semantic", attempts=(), guardrails=(), budget={}, spans=())
_FAILED = replace(
    _ROUTE,
    id="a3" * 16,
    status="error",
    error="the budget of team:legal for the day is used up ($20 of $20)",
    answer="",
    question="<script>alert('x')</script>",
    target="",
    attempts=(),
    cost_usd=None,
    input_tokens=0,
    output_tokens=0,
    cached_tokens=0,
    reasoning_tokens=0,
    time_to_first_token_ms=None,
    spans=_ROUTE.spans[:1],
)
_VECTORS = replace(
    _CACHED,
    id="a4" * 16,
    endpoint="text-embedding-3-small",
    surface="embeddings",
    model="openai/text-embedding-3-small",
    target="openai/text-embedding-3-small",
    cached="",
    question="",
    answer="",
    request={
        "messages": [],
        "parameters": {"input": ["The notice period.", "Norden Shipping " * 30], "dimensions": 512},
    },
    spans=(_span("embeddings openai/text-embedding-3-small", None, 0, 30, gen_ai__embeddings__dimension__count=512),),
)
_PREDICTED = replace(
    _VECTORS,
    id="a5" * 16,
    endpoint="topic",
    surface="predict",
    model="builtin/few-shot",
    target="builtin/few-shot",
    answer="lease, invoice",
    request={
        "messages": [],
        "parameters": {"inputs": [{"text": "Lease agreement between"}, {"text": "x", "pages": 2}]},
    },
    cost_usd=0.0,
    input_tokens=0,
    output_tokens=0,
)
_SENT = replace(
    _CACHED,
    id="a6" * 16,
    endpoint="travel-agent",
    surface="otlp",
    source="sent",
    cached="",
    release="",
    release_name="",
    environment="",
    question="Plan a trip to Bergen.",
    answer="Take the night train.",
    request={},
    messages=({"role": "user", "content": "Plan a trip to Bergen."},),
    spans=(
        replace(
            _span("invoke_agent travel-agent", None, 0, 900, service__name="planner"),
            kind="server",
            more={
                "start_ns": 1,
                "end_ns": 2,
                "status": 0,
                "resource": {"service.name": "planner", "host.name": "a-host"},
                "scope": {"name": "opentelemetry.instrumentation.openai"},
                "events": [[1, "gen_ai.choice", {"index": 0, "finish_reason": "stop"}]],
            },
        ),
        _span("execute_tool timetable", "invoke_agent travel-agent", 100, 300, gen_ai__tool__name="timetable"),
    ),
)
_GONE = replace(
    _ROUTE, id="a7" * 16, content="gone", question="", answer="", request={}, spans=(), joined="b" * 32 + "-c"
)
TRACES = (TRACE, _ROUTE, _CACHED, _FAILED, _VECTORS, _PREDICTED, _SENT, _GONE)


def _summary(trace: Trace, **changes: Any) -> TraceSummary:
    same = {name: getattr(trace, name) for name in TraceSummary.__dataclass_fields__}
    return TraceSummary(**{**same, **changes})


_HOUR = timedelta(hours=1)
SUMMARIES = (
    *(_summary(trace) for trace in TRACES),
    _summary(TRACE, id="0" * 31 + "1", question="Who won the cup in 1998?", answered=False, started_at=NOW - _HOUR),
    _summary(
        TRACE,
        id="0" * 31 + "2",
        endpoint="summary",
        environment="staging",
        release_name="r-77aa01",
        question="Summarise the liability clauses of all supplier contracts that were signed after January 2025, "
        "and list for each of them the cap, its currency, and what is excluded from it.",
        answered=None,
        latency_ms=6120,
        input_tokens=18_204,
        output_tokens=912,
        cost_usd=0.0214,
        started_at=NOW - 5 * _HOUR,
    ),
    _summary(TRACE, id="0" * 31 + "3", question="Is there a penalty for late delivery?", status="cancelled"),
)

_PICO = 10**12
BUDGETS = (
    Budget("everyone", "usd", "month", 200 * _PICO, alert_at=0.9),
    Budget("team:legal", "usd", "day", 20 * _PICO),
    Budget("each user", "tokens", "day", 100_000),
    Budget("project:supplier-portal-with-a-long-name", "requests", "minute", 600),
    Budget("key:ab12cd34", "usd", "total", 50 * _PICO),
    Budget("everyone", "tokens", "request", 32_000),
)
WINDOWS = (
    WindowUse(Window("contracts", "everyone", "usd", "month", 0), 200 * _PICO, 42_170_000_000_000, 90_000_000_000, 0,
              NOW + timedelta(days=9)),
    WindowUse(Window("contracts", "team:legal", "usd", "day", 0), 20 * _PICO, 20 * _PICO, 0, 0, NOW + 10 * _HOUR),
    WindowUse(Window("contracts", "user:c-1042", "tokens", "day", 0), 100_000, 86_400, 4_096, 0, NOW + 10 * _HOUR),
    WindowUse(Window("contracts", "team:gone", "usd", "day", 0), 20 * _PICO, 5, 0, 0, NOW + 10 * _HOUR),
)  # fmt: skip
COSTS = (
    CostLine("gpt-4.1-mini", 812, 120_000, 30_000, 1.24, 0),
    CostLine("ask", 90, 9_000, 3_000, None, 90),
)
JUDGEMENTS = (
    Judgement("1", NOW - _HOUR, Feedback(_ROUTE.id, 1.0, "helpful", "", ANA, "c-1042")),
    Judgement("2", NOW, Feedback(_ROUTE.id, -0.5, "", "It should know <b>the weather</b> without a tool.", BEN, "")),
)


def day(moment: datetime) -> DaySummary:
    """A busy day, with some errors about noon."""
    start = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    hours = tuple(
        HourLine(hour, 40 + 60 * min(hour, 23 - hour), 55 if hour == 12 else 0, 9_000, 2_000, 0.1) for hour in range(20)
    )
    requests = sum(hour.requests for hour in hours)
    return DaySummary(start, requests, 55, 1_812_000, 402_000, 310_000, 12.3405, 17, 412.0, 2_310.0, hours)
