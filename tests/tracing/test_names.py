"""Names for our own spans, and joining a caller's trace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.tracing import attributes
from plimsoll.tracing.traceparent import TraceParent, parse_traceparent

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_a_caller_s_trace_is_joined() -> None:
    parent = parse_traceparent(f"00-{TRACE}-{SPAN}-01")
    assert parent == TraceParent(TRACE, SPAN, sampled=True)
    assert parent is not None
    assert parent.joined == f"{TRACE}-{SPAN}"
    assert parse_traceparent(f" 00-{TRACE}-{SPAN}-00\t") == TraceParent(TRACE, SPAN, sampled=False)
    assert parse_traceparent(f"cc-{TRACE}-{SPAN}-03-what-comes-later") == TraceParent(TRACE, SPAN, sampled=True)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-more",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-01\n",
        f"cc-{TRACE}-{SPAN}-01-{'x' * 500}",
    ],
)
def test_what_is_not_valid_begins_a_new_trace(header: str | None) -> None:
    assert parse_traceparent(header) is None


@given(st.text(max_size=80))
def test_any_header_is_read(header: str) -> None:
    parse_traceparent(header)


@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.booleans())
def test_what_is_written_is_read(trace: int, span: int, sampled: bool) -> None:
    parent = TraceParent(f"{trace:032x}", f"{span:016x}", sampled=sampled)
    assert parse_traceparent(str(parent)) == parent


def test_spans_of_a_request_have_the_names_of_the_conventions() -> None:
    asked = {"temperature": 0.2, "max_tokens": 9, "messages": []}
    call = attributes.model_call("azure/gpt-4.1", parameters=asked, outcome="failed", why="rate_limited")
    assert call == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "azure.ai.openai",
        "gen_ai.request.model": "gpt-4.1",
        "gen_ai.request.temperature": 0.2,
        "gen_ai.request.max_tokens": 9,
        "plimsoll.attempt.outcome": "failed",
        "plimsoll.attempt.why": "rate_limited",
    }
    used = attributes.usage(10, 2, None, cached_tokens=4, reasoning_tokens=0)
    assert used == {
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 2,
        "gen_ai.usage.cache_read.input_tokens": 4,
    }
    assert attributes.usage(1, 1, 0.5)["plimsoll.cost_usd"] == 0.5
    assert attributes.answered("m", ["stop"], first_chunk_ms=1.5)["gen_ai.response.time_to_first_chunk"] == 0.0015
    assert attributes.workflow("app/ask", release="r")["gen_ai.workflow.name"] == "app/ask"
    assert attributes.retrieval("idx", [("p1", 0.5)])["gen_ai.retrieval.documents"] == [{"id": "p1", "score": 0.5}]
    assert attributes.guardrail("standard", "input", "redact")["plimsoll.guardrail.action"] == "redact"
    assert attributes.cache("exact", hit=True)["plimsoll.cache.hit"] is True


def test_old_names_stand_beside_the_new_ones() -> None:
    old = attributes.with_old_names({"gen_ai.provider.name": "openai", "gen_ai.usage.input_tokens": 3, "x": 1})
    assert old["gen_ai.system"] == old["gen_ai.provider.name"] == "openai"
    assert old["gen_ai.usage.prompt_tokens"] == 3
