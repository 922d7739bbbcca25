"""The event loop of the checks: many at once, limits in time, and an end."""

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.checks.outside.fakes import HANG, Step, always, answering, loopback, wired

from plimsoll.checks.outside import (
    FACTORIES,
    CheckTimeoutError,
    OutsideCheck,
    OutsideClosedError,
    OutsideLoop,
    Post,
)
from plimsoll.checks.outside._errors import PrivateAddressError
from plimsoll.checks.outside._loop import PUBLIC_ONLY
from plimsoll.guardrails import Policy
from plimsoll.kernel.errors import PlimsollError

MANY = 64
NOTHING = answering(200, b'{"findings": []}')


def service(outside: Any, url: str, **rule: Any) -> OutsideCheck:
    options: Any = {"url": url, "kinds": ["threat"], "allow_http": True, "private_addresses": True}
    return FACTORIES["http"]({"check": "http", "options": options, **rule}, outside)


def test_many_texts_are_asked_about_at_once() -> None:
    # The server answers nobody before all have asked.
    together = threading.Barrier(MANY, timeout=30)

    def script(_number: int, _body: Any) -> list[Step]:
        together.wait()
        return [NOTHING]

    with wired() as outside, loopback(script) as server:
        check = service(outside, server.url, timeout_s=30)
        with ThreadPoolExecutor(MANY) as pool:
            found = list(pool.map(check.find, [f"text {number}" for number in range(MANY)]))
    assert found == [[]] * MANY


def test_a_service_that_hangs_does_not_keep_others_waiting() -> None:
    with wired() as outside, loopback(always(HANG)) as slow, loopback(always(NOTHING)) as quick:
        hung, well = service(outside, slow.url, timeout_s=60), service(outside, quick.url)
        with ThreadPoolExecutor(MANY) as pool:
            stuck = [pool.submit(hung.find, "x") for _ in range(MANY)]
            while len(slow.heads) < MANY:
                assert well.find("y") == []
            outside.loop.close()
            assert all(isinstance(one.exception(30), OutsideClosedError) for one in stuck)
        assert slow.left.wait(10)


def test_a_hung_service_closes_the_verdict_in_time() -> None:
    rule: Any = {"check": "mine", "on": ["input"], "action": "flag", "timeout_s": 0.2}
    with wired() as outside, loopback(always(HANG)) as server:
        check = service(outside, server.url, timeout_s=0.2)
        review = Policy.from_json("p", {"checks": [rule]}, {"mine": check}).review("x", "input")
        assert server.left.wait(10)
    assert (review.action, review.reason, review.failed) == ("block", "check_failed", "http")


def test_work_that_takes_too_long_is_cancelled() -> None:
    cancelled = threading.Event()

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    loop = OutsideLoop()
    try:
        with pytest.raises(CheckTimeoutError, match=r"slow had no answer within 0.05 seconds"):
            loop.run("slow", forever, 0.05)
        assert cancelled.wait(10)
    finally:
        loop.close()


def test_what_work_raises_is_raised() -> None:
    async def fails() -> None:
        raise PlimsollError("no")

    loop = OutsideLoop()
    with pytest.raises(PlimsollError, match="no"):
        loop.run("x", fails, 10)
    loop.close()


def test_after_the_end_nothing_is_asked() -> None:
    async def nothing() -> int:
        return 1

    loop = OutsideLoop()
    assert loop.run("x", nothing, 10) == 1
    loop.close()
    loop.close()
    with pytest.raises(OutsideClosedError):
        loop.run("x", nothing, 10)
    OutsideLoop().close()


def test_no_thread_is_left_behind() -> None:
    with wired() as outside, loopback(always(NOTHING)) as server:
        service(outside, server.url).find("x")
        assert any(thread.name == "plimsoll-outside" for thread in threading.enumerate())
    assert not any(thread.name == "plimsoll-outside" for thread in threading.enumerate())


def test_names_that_stand_for_private_machines_are_not_connected_to() -> None:
    async def looked_up(*, public: bool) -> Any:
        PUBLIC_ONLY.set(public)
        return await asyncio.get_running_loop().getaddrinfo("localhost", 80)

    loop = OutsideLoop()
    try:
        assert loop.run("x", lambda: looked_up(public=False), 10)
        with pytest.raises(PrivateAddressError, match="localhost"):
            loop.run("x", lambda: looked_up(public=True), 10)
    finally:
        loop.close()


def test_of_the_addresses_of_a_name_only_public_ones_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(2, 1, 6, "", ("10.0.0.1", 80)), (2, 1, 6, "", ("93.184.216.34", 80))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_how: both)

    async def looked_up() -> Any:
        PUBLIC_ONLY.set(True)
        return await asyncio.get_running_loop().getaddrinfo("both.example", 80)

    loop = OutsideLoop()
    try:
        assert loop.run("x", looked_up, 10) == both[1:]
    finally:
        loop.close()


def test_what_may_be_asked_for_one_check_may_not_for_another() -> None:
    with wired() as outside, loopback(always(NOTHING)) as server:
        post = Post("mine", server.url.replace("127.0.0.1", "localhost"), b"{}", private_addresses=True)
        assert outside.post(post).status == 200
        with pytest.raises(PrivateAddressError):
            outside.post(Post("other", post.url, b"{}"))


def test_why_there_is_no_verdict_stands_in_the_log_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "plimsoll.checks")
    with wired() as outside:
        with loopback(always(answering(503, b""), b"")) as server:
            check = service(outside, server.url)
            for text in ("private one", "private two"):
                with pytest.raises(PlimsollError):
                    check.find(text)
        with loopback(always(NOTHING)) as server:
            healed = service(outside, server.url)
            healed.find("x")
    told = [record.message for record in caplog.records if record.name == "plimsoll.checks"]
    assert len(told) == 1
    assert "HTTP 503" in told[0]
    assert "private" not in told[0]
