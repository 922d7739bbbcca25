"""Each fault of a model server with each provider, whole and streamed: the right outcome, and nothing left open."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from tests.models.closing import ClosingModel
from tests.upstream import Upstream, upstream

from plimsoll.http import Client, Timeouts
from plimsoll.kernel.errors import (
    BlockedError,
    DeniedError,
    InvalidError,
    NotFoundError,
    PlimsollError,
    UnavailableError,
)
from plimsoll.models import ChatModel, ChatRequest
from plimsoll.models.catalogue import RouteSettings
from plimsoll.testing.models import Shape, tell

REQUEST: Final = ChatRequest({"messages": [{"role": "user", "content": "Hello?"}]})
TEXT: Final = "Grüße aus 東京 und von der 🚢 heute "
SHAPES: Final[tuple[Shape, ...]] = ("whole", "stream")

MakeModel = Callable[[str, str], ChatModel]


def maker(provider: str, path: str = "") -> MakeModel:
    def make(url: str, model: str) -> ChatModel:
        settings = RouteSettings(
            f"{provider}/{model}",
            base_url=f"{url}{path}",
            api_key="sk-1",
            timeout_s=0.9,
            timeouts=Timeouts(connect_s=5, write_s=5, first_byte_s=0.3, between_s=0.3),
        )
        return ClosingModel(settings)

    return make


MAKERS: Final[dict[str, MakeModel]] = {
    "openai": maker("openai_compatible", "/v1"),
    "anthropic": maker("anthropic", "/v1"),
    "google": maker("google", "/v1beta"),
    "bedrock": maker("bedrock"),
}

REFUSALS: Final[dict[str, tuple[type[PlimsollError], str]]] = {
    "fault=denied": (DeniedError, "provider_denied"),
    "fault=unknown_model": (NotFoundError, "model_not_found"),
    "fault=too_long": (InvalidError, "context_length_exceeded"),
    "fault=refused": (BlockedError, "content_filter"),
    "status=400": (InvalidError, "provider_rejected"),
    "status=429~retry_after=3": (UnavailableError, "rate_limit_exceeded"),
    "status=500": (UnavailableError, "provider_unavailable"),
    "status=503": (UnavailableError, ""),
}

BREAKS: Final = (
    "hang_before", "hang_mid", "reset_before", "reset_mid", "cut_mid", "malformed", "giant", "trickle"
)  # fmt: skip


async def outcome(make: MakeModel, told: str, shape: Shape) -> tuple[Any, Upstream]:
    """What comes of one call; in the end no answer is under way and no connection is open."""
    async with asyncio.timeout(20), upstream() as server:
        model = make(server.url, f"m~{told}")
        try:
            found: Any = await tell(model, REQUEST, shape)
        except PlimsollError as error:
            found = error
        await server.idle.wait()
        await model.close()
        await server.alone.wait()
        return found, server


providers = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
shapes = pytest.mark.parametrize("shape", SHAPES)


@providers
@shapes
@pytest.mark.parametrize("told", REFUSALS)
def test_refusals(make: MakeModel, shape: Shape, told: str) -> None:
    found, _ = asyncio.run(outcome(make, told, shape))
    family, code = REFUSALS[told]
    assert isinstance(found, family)
    assert found.code == code or not code


@providers
@shapes
@pytest.mark.parametrize("fault", BREAKS)
def test_breaks(make: MakeModel, shape: Shape, fault: str) -> None:
    found, server = asyncio.run(outcome(make, f"fault={fault}", shape))
    assert isinstance(found, UnavailableError)
    assert server.bill.models["m"].answered == 0 or fault == "malformed"


@providers
def test_an_error_in_the_middle(make: MakeModel) -> None:
    found, _ = asyncio.run(outcome(make, "fault=error_mid", "stream"))
    assert isinstance(found, UnavailableError)


@providers
@pytest.mark.parametrize("told", ["retry_after=3", "retry_after_ms=1500", "retry_date=60"])
def test_when_to_come_back(make: MakeModel, told: str) -> None:
    found, _ = asyncio.run(outcome(make, f"status=429~{told}", "whole"))
    assert isinstance(found, UnavailableError)
    assert found.retry_after_s is not None
    assert 0 < found.retry_after_s <= 60


@providers
@shapes
@pytest.mark.parametrize("told", ["fault=half_utf8", "latency=0.01", "rate=400", "fault=no_usage"])
def test_what_is_odd_but_whole(make: MakeModel, shape: Shape, told: str) -> None:
    found, server = asyncio.run(outcome(make, told, shape))
    assert found.text == TEXT
    assert found.end.finish_reason == "stop"
    assert found.end.usage.estimated is (told == "fault=no_usage")
    assert server.bill.models["m"].answered == 1


@providers
@shapes
def test_what_a_filter_ended(make: MakeModel, shape: Shape) -> None:
    found, _ = asyncio.run(outcome(make, "fault=filtered", shape))
    assert found.end.finish_reason == "content_filter"


@providers
@shapes
def test_counts_that_are_none_are_estimated(make: MakeModel, shape: Shape) -> None:
    found, _ = asyncio.run(outcome(make, "fault=absurd_usage", shape))
    assert found.end.usage.estimated
    assert 0 < found.end.usage.output_tokens < 1000


@providers
@shapes
def test_usage_is_what_the_server_says(make: MakeModel, shape: Shape) -> None:
    honest, server = asyncio.run(outcome(make, "tokens=7", shape))
    lying, _ = asyncio.run(outcome(make, "tokens=7~fault=lying_usage", shape))
    spent = server.bill.models["m"]
    assert (honest.end.usage.input_tokens, honest.end.usage.output_tokens) == (spent.input_tokens, 7)
    assert lying.end.usage.output_tokens == 70


@pytest.mark.parametrize("name", ["openai", "anthropic", "bedrock"])
def test_a_last_word_that_is_missing_is_no_harm(name: str) -> None:
    found, _ = asyncio.run(outcome(MAKERS[name], "fault=no_end", "stream"))
    assert found.text == TEXT


def test_an_end_that_is_missing_is() -> None:
    found, _ = asyncio.run(outcome(MAKERS["google"], "fault=no_end", "stream"))
    assert isinstance(found, UnavailableError)


@providers
def test_leaving_a_stream_stops_the_spending(make: MakeModel) -> None:
    async def run() -> None:
        async with asyncio.timeout(20), upstream() as server:
            model = make(server.url, "m~rate=200~tokens=500")
            events = model.stream(REQUEST)
            await anext(events)
            await events.aclose()
            await server.idle.wait()
            spent = server.bill.models["m"]
            assert (spent.broken, spent.answered) == (1, 0)
            assert 0 < spent.output_tokens < 500
            await model.close()
            await server.alone.wait()

    asyncio.run(run())


def test_the_bill_adds_up() -> None:
    async def run() -> None:
        async with asyncio.timeout(20), upstream() as server:
            for name in ("cheap~tokens=10", "dear~tokens=3", "cheap~status=500"):
                model = MAKERS["google"](server.url, name)
                try:
                    await model.complete(REQUEST)
                except UnavailableError:
                    assert "status" in name
                await model.close()
            client = Client()
            stats = json.loads(await (await client.send("GET", f"{server.url}/control/stats")).read(65_536))
            await client.close()
            cheap, dear = stats["models"]["cheap"], stats["models"]["dear"]
            assert (cheap["requests"], cheap["answered"], cheap["refused"]) == (2, 1, 1)
            assert cheap["cost_pico"] == cheap["input_tokens"] * 100_000 + 10 * 400_000
            assert dear["cost_pico"] == dear["input_tokens"] * 10_000_000 + 3 * 40_000_000
            assert stats["cost_pico"] == cheap["cost_pico"] + dear["cost_pico"]

    asyncio.run(run())


def test_every_so_many_th_request() -> None:
    async def run() -> None:
        async with asyncio.timeout(20), upstream() as server:
            model = MAKERS["anthropic"](server.url, "m~status=500~every=3")
            failed = []
            for _ in range(6):
                try:
                    await model.complete(REQUEST)
                    failed.append(False)
                except UnavailableError:
                    failed.append(True)
            assert failed == [False, False, True, False, False, True]
            await model.close()

    asyncio.run(run())
