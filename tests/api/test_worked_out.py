"""Calls that are worked out here, and not by a model: counted, in turn, and in nobody's way."""

import asyncio
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from anyio import to_thread
from starlette.testclient import TestClient

from plimsoll.access.limits import RateLimitedError
from plimsoll.access.limits._types import Window
from plimsoll.api import ApiSettings
from plimsoll.api._metrics import Metrics
from plimsoll.api.admission import ANYBODY
from plimsoll.api.anthropic import count_tokens, read_count
from plimsoll.api.exchange import CountTokens, Measured, Moderations, Room
from plimsoll.api.load import Bodies, LoadGate, LoadSettings, OverloadedError

COUNT = {"model": "ask", "messages": [{"role": "user", "content": "How long?"}]}
CALLS: dict[str, Any] = {"/v1/messages/count_tokens": COUNT, "/v1/moderations": {"input": "How long?"}}
WAIT_S = 60


@pytest.mark.parametrize("path", CALLS)
def test_it_counts_as_a_request_of_its_caller(client: TestClient, service: Any, path: str) -> None:
    answer = client.post(path, json=CALLS[path], headers={"x-plimsoll-user": "u-7"})
    assert answer.status_code == 200
    (counted,) = service.counted
    assert (counted.environment, counted.caller.user) == ("production", "u-7")
    service.count_error = RateLimitedError(
        Window("contracts", "everyone", "requests", "minute", 0), cap=1, needed=1, until_s=60.0, now_s=0.0
    )
    answer = client.post(path, json=CALLS[path])
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "60"


def made(kind: str, service: Any, gate: LoadGate, work: Callable[[], None]) -> Measured:
    def moderate(texts: Sequence[str]) -> list[Mapping[str, float]]:
        work()
        return [{} for _ in texts]

    def count(text: str) -> int:
        work()
        return len(text)

    room = Room(service, ApiSettings(), Metrics(), gate, Bodies(1 << 20))
    return CountTokens(room, count) if kind == "/v1/messages/count_tokens" else Moderations(room, moderate, "m")


async def asked(app: Measured, path: str) -> int:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": json.dumps(CALLS[path]).encode()}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "headers": [(b"content-type", b"application/json")], "state": {"acting": ANYBODY}}
    await app(scope, receive, send)
    status: int = sent[0]["status"]
    return status


@pytest.mark.parametrize("path", CALLS)
def test_it_takes_a_place_and_leaves_the_usual_threads_alone(service: Any, path: str) -> None:
    working, go_on = threading.Semaphore(0), threading.Event()

    def work() -> None:
        working.release()
        assert go_on.wait(WAIT_S)

    async def ask() -> list[int]:
        gate = LoadGate(LoadSettings(most=40))
        app = made(path, service, gate, work)
        async with asyncio.timeout(WAIT_S):
            try:
                calls = [asyncio.create_task(asked(app, path)) for _ in range(36)]
                for _ in range(2):
                    assert await asyncio.to_thread(working.acquire, timeout=WAIT_S)
                assert gate.in_flight == 36
                assert to_thread.current_default_thread_limiter().borrowed_tokens == 0
                assert not working.acquire(blocking=False)
                # The last places are for others.
                with pytest.raises(OverloadedError):
                    await asked(app, path)
            finally:
                go_on.set()
            return await asyncio.gather(*calls)

    assert set(asyncio.run(ask())) == {200}


def test_long_texts_are_counted_in_part() -> None:
    seen: list[int] = []

    def count(text: str) -> int:
        seen.append(len(text))
        return len(text) // 4

    texts = ["a" * 3_000_000, "b" * 1_000_000, "", "c" * 8]
    asked = read_count(
        json.dumps(
            {
                "model": "m",
                "messages": [{"role": "user", "content": [{"type": "text", "text": text} for text in texts]}],
            }
        ).encode()
    )
    tokens = json.loads(count_tokens(asked, count))["input_tokens"]
    assert sum(seen) <= 200_000 + len(texts)
    assert abs(tokens - 1_000_000) < 100
