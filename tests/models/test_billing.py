"""What an answer cost, as its provider says how it was treated and what it used beside tokens."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from plimsoll.http import Client
from plimsoll.models import ChatEnd, ChatModel, ChatRequest, Usage
from plimsoll.models.catalogue import RouteSettings, make_chat_model
from plimsoll.models.prices import PriceOverride, price_of
from plimsoll.models.providers.bedrock._wire import usage_of as bedrock_usage_of

PICO: Final = 10**12
MILLION: Final = 1_000_000
OPENAI: Final = "openai/gpt-5.4"
CLAUDE: Final = "anthropic/claude-fable-5-2"
ASKED: Final[dict[str, Any]] = {"messages": [{"role": "user", "content": "Hello?"}]}
SEARCH: Final = {"type": "web_search_20250305", "name": "web_search"}


def _sse(*events: Any, named: bool) -> bytes:
    lines = [(f"event: {event['type']}\n" if named else "") + f"data: {json.dumps(event)}\n\n" for event in events]
    return "".join(lines).encode() + (b"" if named else b"data: [DONE]\n\n")


class Said:
    """An answer of one form, whole and as a stream."""

    def __init__(self, whole: dict[str, Any], stream: bytes) -> None:
        self.whole, self.stream = json.dumps(whole).encode(), stream


def openai(usage: dict[str, Any], *tiers: str) -> Said:
    """In OpenAI's form; the treatment as it is said in the first chunk and in the last."""
    usage = {"prompt_tokens": 1_000, "completion_tokens": 100, **usage}
    chosen = {"index": 0, "finish_reason": "stop"}
    first, last = {"id": "c", "model": "m", "service_tier": tiers[0]}, {"id": "c", "service_tier": tiers[-1]}
    whole = {**last, "model": "m", "choices": [{**chosen, "message": {"content": "Hi"}}], "usage": usage}
    chunks = ({**first, "choices": [{**chosen, "delta": {"content": "Hi"}}]}, {**last, "choices": [], "usage": usage})
    return Said(whole, _sse(*chunks, named=False))


def claude(**usage: Any) -> Said:
    """In Anthropic's form."""
    usage = {"input_tokens": 1_000, "output_tokens": 100, **usage}
    text = {"type": "text", "text": "Hi"}
    message = {"id": "m", "type": "message", "model": "c", "content": [text], "stop_reason": "end_turn", "usage": usage}
    stream = _sse(
        {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": text},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 100}},
        {"type": "message_stop"},
        named=True,
    )
    return Said(message, stream)


async def _end(model: ChatModel, body: dict[str, Any], *, stream: bool) -> ChatEnd:
    request = ChatRequest(body)
    if not stream:
        return (await model.complete(request)).end
    events = [event async for event in model.stream(request)]
    assert isinstance(events[-1], ChatEnd)
    return events[-1]


@pytest.fixture(params=[False, True], ids=["whole", "stream"])
def billed(request: pytest.FixtureRequest, serving: Any, status: Any) -> Callable[..., tuple[int | None, Usage, Any]]:
    """What an answer cost in picodollars, its usage, and what was asked."""
    stream = bool(request.param)

    def run(name: str, said: Said, price: PriceOverride | None = None, **asked: Any) -> tuple[int | None, Usage, Any]:
        async def story() -> tuple[int | None, Usage, Any]:
            response = (
                status(200, said.stream, "Content-Type: text/event-stream") if stream else status(200, said.whole)
            )
            client = Client()
            async with serving([response]) as server:
                settings = RouteSettings(name, base_url=server.url, api_key="sk-1", price=price)
                model = make_chat_model(settings, embedder=None, client=client)  # type: ignore[arg-type]  # not needed
                end = await _end(model, {**ASKED, **asked}, stream=stream)
                await client.close()
                cost = None if end.usage.cost_usd is None else round(end.usage.cost_usd * PICO)
                return cost, end.usage, server.bodies[0]

        return asyncio.run(story())

    return run


def cost_of(name: str, usage: Usage, tier: str = "") -> int:
    found = price_of(name).cost_pico(usage, service_tier=tier)
    assert found is not None
    return found


@pytest.mark.parametrize("tier", ["default", "flex", "priority"])
def test_the_treatment_that_the_answer_names_is_paid(billed: Any, tier: str) -> None:
    cost, _, asked = billed(OPENAI, openai({}, tier), service_tier="auto")
    assert cost == cost_of(OPENAI, Usage(1_000, 100), tier)
    assert asked["service_tier"] == "auto"


def test_the_last_word_on_the_treatment_counts(billed: Any) -> None:
    cost, _, _ = billed(OPENAI, openai({}, "auto", "priority"))
    assert cost == cost_of(OPENAI, Usage(1_000, 100), "priority") > cost_of(OPENAI, Usage(1_000, 100))


def test_a_treatment_without_a_known_price_costs_nobody_knows_how_much(billed: Any) -> None:
    assert billed(OPENAI, openai({}, "gold"))[0] is None
    assert billed(OPENAI, openai({}, "gold"), PriceOverride(1.0, 1.0))[0] == 1_100 * MILLION


def test_searches_of_a_chat_completion_are_not_free(billed: Any) -> None:
    assert billed(OPENAI, openai({}, "default"), web_search_options={})[0] is None
    assert billed("xai/grok-4", openai({"num_sources_used": 3}, ""), PriceOverride(1.0, 1.0))[0] is None
    cost, usage, _ = billed(OPENAI, openai({"server_tool_use": {"web_search_requests": 2}}, "default"))
    assert usage.web_searches == 2
    assert cost == cost_of(OPENAI, Usage(1_000, 100)) + 2 * PICO // 100


def test_what_is_kept_for_an_hour_has_its_own_price(billed: Any) -> None:
    written = {"cache_creation_input_tokens": 500, "cache_read_input_tokens": 200}
    kept = {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 400}
    cost, usage, _ = billed(CLAUDE, claude(**written, cache_creation=kept))
    assert (usage.input_tokens, usage.cache_write_tokens, usage.cache_write_hour_tokens) == (1_700, 500, 400)
    # Dollars a million: 8 plain, 10 and 16 written, 0.2 read, 40 out.
    assert cost == (1_000 * 8 + 100 * 10 + 400 * 16 + 100 * 40) * MILLION + 200 * MILLION // 5
    assert billed(CLAUDE, claude(**written))[0] == cost - 400 * 6 * MILLION


def test_more_of_an_hour_than_was_written_is_not_believed(billed: Any) -> None:
    lie = {"cache_creation_input_tokens": 5, "cache_creation": {"ephemeral_1h_input_tokens": 10**6}}
    assert billed(CLAUDE, claude(**lie))[1].cache_write_hour_tokens == 5


def test_a_route_may_say_what_an_hour_and_a_search_cost(billed: Any) -> None:
    own = PriceOverride(1.0, 1.0, cache_write_hour_usd_per_million=3.0, web_search_usd=0.02)
    written = {"cache_creation_input_tokens": 500, "cache_creation": {"ephemeral_1h_input_tokens": 500}}
    cost, _, _ = billed(CLAUDE, claude(**written, server_tool_use={"web_search_requests": 1}), own)
    assert cost == (1_100 + 500 * 3) * MILLION + PICO // 50


@pytest.mark.parametrize(
    ("uses", "fees"),
    [
        ({"web_search_requests": 3}, 3 * PICO // 100),
        ({"web_search_requests": 0, "web_fetch_requests": 9}, 0),
        ({"web_search_requests": 1, "code_execution_requests": 1}, None),
        ({"web_search_requests": "many"}, None),
        ({"web_search_requests": -1}, None),
    ],
)
def test_what_claude_used_beside_tokens_is_paid_or_unknown(billed: Any, uses: Any, fees: int | None) -> None:
    plain = cost_of(CLAUDE, Usage(1_000, 100))
    cost, _, asked = billed(CLAUDE, claude(server_tool_use=uses), tools=[SEARCH])
    assert cost == (None if fees is None else plain + fees)
    assert asked["tools"] == [SEARCH]


def test_tools_that_no_usage_counts_cost_nobody_knows_how_much(billed: Any) -> None:
    running = {"type": "code_execution_20250522", "name": "code_execution"}
    assert billed(CLAUDE, claude(), tools=[running])[0] is None
    assert billed(CLAUDE, claude(), PriceOverride(1.0, 1.0), tools=[SEARCH])[0] == 1_100 * MILLION
    assert billed(CLAUDE, claude(server_tool_use={"web_search_requests": 1}), PriceOverride(1.0, 1.0))[0] is None


def test_claudes_treatments(billed: Any) -> None:
    plain = cost_of(CLAUDE, Usage(1_000, 100))
    cost, _, asked = billed(CLAUDE, claude(service_tier="standard"), service_tier="default")
    assert (cost, asked["service_tier"]) == (plain, "standard_only")
    cost, _, asked = billed(CLAUDE, claude(service_tier="standard", speed="fast"), service_tier="flex", speed="fast")
    assert (cost, "service_tier" in asked) == (2 * plain, False)
    assert billed(CLAUDE, claude(), speed="fast")[0] == 2 * plain
    assert billed(CLAUDE, claude(service_tier="priority"))[0] is None
    assert billed(CLAUDE, claude(inference_geo="us"))[0] is None
    assert billed(CLAUDE, claude(inference_geo="global"))[0] == plain


def test_bedrock_tells_what_is_kept_for_an_hour() -> None:
    usage = bedrock_usage_of(
        {
            "inputTokens": 10,
            "outputTokens": 1,
            "cacheWriteInputTokens": 300,
            "cacheDetails": [{"ttl": "5m", "inputTokens": 100}, {"ttl": "1h", "inputTokens": 200}],
        }
    )
    assert usage is not None
    assert (usage.input_tokens, usage.cache_write_tokens, usage.cache_write_hour_tokens) == (310, 300, 200)
