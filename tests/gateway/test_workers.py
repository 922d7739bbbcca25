"""Two processes on one port and one budget, one of them killed in the middle: no overshoot, and service goes on."""

import asyncio
import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest
from tests.cli.test_serve import Served
from tests.cli.test_serve import serving as started
from tests.gateway.port import (
    PATIENT,
    WAIT_S,
    Gateway,
    ModelServer,
    change,
    model_server,
    project,
    release_of,
    route,
    until,
)
from tests.gateway.surfaces import CHAT
from tests.gateway.test_budgets import PICO, Auditor, Crowd

from plimsoll.access.limits import Meter, Need, Payer
from plimsoll.access.limits._driver import Pace
from plimsoll.kernel.errors import BudgetError

CAP_USD = 0.0036
CAP_PICO = round(CAP_USD * PICO)
CLIENTS = 90
HELD = 8
"""Calls under way when one of the processes is killed; the budget has room for 15."""
AFTER_ALL_LEASES_S = 120
QUICK = Pace(tick_s=0.005, retry_s=0.005, settled_s=0.0, reclaim_s=0.0, refresh_s=0.02)


def _workers(served: Served) -> set[int]:
    parent = served.process.pid
    return {int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()}


def _sockets(pid: int) -> int:
    """How many connections a process has, more or less: the busiest of several has the most."""
    return sum(str(file.readlink()).startswith("socket:") for file in Path(f"/proc/{pid}/fd").iterdir())


def _files(models: ModelServer, told: str) -> dict[str, str]:
    return {
        "plimsoll.yaml": "name: harbour\nbudgets:\n"
        f"  - {{for: everyone, usd: {CAP_USD}, per: day, on_crash: charge}}\n",
        "routes/m.yaml": route(models.url, told, serves="[m]", timeouts=PATIENT.replace("20", "600")),
    }


def _expire(port: Gateway) -> None:
    """A process that starts long after: what the dead one held is taken from it."""
    platform = port.platform

    async def look() -> None:
        late = Meter(
            platform.consumption,
            platform.budgets_in_force,
            app="harbour",
            clock=lambda: time.time() + AFTER_ALL_LEASES_S,
            pace=QUICK,
        )
        await late.start()
        async with asyncio.timeout(WAIT_S):
            while port.windows()["everyone usd"][1]:
                # Only who has something to do looks at what others left behind.
                with suppress(BudgetError):
                    (await late.reserve(Payer(), Need(tokens=1, cost_pico=CAP_PICO))).release()
                await asyncio.sleep(0.005)
        await late.close()

    asyncio.run(look())


def test_a_worker_that_is_killed_neither_overshoots_nor_ends_the_service(tmp_path: Path) -> None:
    with model_server() as models, project(tmp_path / "harbour", _files(models, "fault=held~tokens=40")) as harbour:
        port = Gateway("", harbour)
        with started(harbour.workshop.root, "--env", "staging", "--workers", "2") as served:
            before = _workers(served)
            with Auditor(models) as auditor:
                first, second = (Crowd(served.url, hows=("whole", "stream")) for _ in range(2))
                coming = threading.Thread(target=lambda: asyncio.run(first.come("m", HELD)))
                coming.start()
                until(lambda: models.held.bill.in_progress == HELD)
                victim = max(before, key=_sockets)
                os.kill(victim, signal.SIGKILL)
                until(lambda: first.seen["broken"] > 0)
                models.open_gate()
                coming.join(WAIT_S)
                until(lambda: len(_workers(served) - {victim}) == 2)
                asyncio.run(second.come("m", CLIENTS))
                models.wait_idle()
                until(lambda: auditor.looks > 5)
            assert victim not in _workers(served)
            served.process.send_signal(signal.SIGTERM)
            served.process.wait(WAIT_S)
        bill = models.stats()
        spent, leased, overrun = port.windows()["everyone usd"]
        assert spent + leased <= CAP_PICO
        _expire(port)
        spent, leased, overrun = port.windows()["everyone usd"]
        traces = port.traces()
    seen = first.seen + second.seen
    assert len(before) == 2
    assert seen.total() == HELD + CLIENTS
    assert seen["answered"] > 0
    assert seen["429 insufficient_quota"] > 0
    assert first.seen["broken"] > 0
    assert second.seen["broken"] == 0
    assert max(auditor.highest, bill["cost_pico"]) <= CAP_PICO
    assert (leased, overrun) == (0, 0)
    assert bill["cost_pico"] <= spent <= CAP_PICO
    assert sum(round((trace.cost_usd or 0) * PICO) for trace in traces) <= spent
    assert {trace.status for trace in traces} <= {"ok", "cancelled", "error"}


def test_what_two_workers_spend_is_one_sum(tmp_path: Path) -> None:
    with model_server() as models, project(tmp_path / "harbour", _files(models, "rate=200~tokens=40")) as harbour:
        port = Gateway("", harbour)
        with started(harbour.workshop.root, "--env", "staging", "--workers", "2") as served:
            crowd = Crowd(served.url)
            asyncio.run(crowd.come("m", CLIENTS))
            models.wait_idle()
            served.process.send_signal(signal.SIGTERM)
            served.process.wait(WAIT_S)
        bill = models.stats()
        spent, leased, overrun = port.windows()["everyone usd"]
        traces = port.traces()
    assert crowd.seen.total() == CLIENTS == len(traces)
    assert set(crowd.seen) <= {"answered", "left", "429 insufficient_quota"}
    assert bill["requests"] == crowd.seen["answered"] + crowd.seen["left"]
    assert (leased, overrun) == (0, 0)
    assert bill["cost_pico"] <= CAP_PICO
    assert sum(round((trace.cost_usd or 0) * PICO) for trace in traces) == pytest.approx(spent, abs=len(traces))


def test_every_worker_answers_from_the_new_release_at_once(tmp_path: Path) -> None:
    """The pointer is moved by another process: requests on new connections go to either worker."""
    prompt = 'system: {}\ntemplate: "{{{{ question }}}}"\n'
    with model_server() as models:
        files = {"routes/default.yaml": route(models.url, "")}
        with (
            project(tmp_path / "harbour", files) as harbour,
            started(harbour.workshop.root, "--env", "staging", "--workers", "2") as served,
        ):

            def releases() -> set[str]:
                headers = {"connection": "close"}
                asked = [
                    httpx2.post(served.url + CHAT.path, json=CHAT.body("ask", "?"), headers=headers) for _ in range(24)
                ]
                assert {response.status_code for response in asked} == {200}
                return {release_of(response) for response in asked}

            before = releases()
            second = change(harbour, "prompts/answer.yaml", prompt.format("second")).manifest.digest
            after = releases()
    assert len(before) == 1
    assert after == {second} != before
