"""More than a process can carry: some hear 429 at once, the others are answered, and no tenant shuts others out."""

import asyncio
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from tests.gateway.echo import Echo
from tests.gateway.port import CHEAP, WAIT_S, gateway, until
from tests.gateway.surfaces import CHAT, MESSAGES, SURFACES, Surface

from plimsoll.api.load import LoadSettings

MOST = 10
SPARE = 3
OPEN = MOST - SPARE
NOISY = 40
LOAD = LoadSettings(most=MOST, spare=SPARE / MOST, lag_s=3600)


@dataclass
class Tenant:
    """Callers with one key, who all come at once."""

    url: str
    key: str
    refused: list[httpx2.Response] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def come(self, surfaces: Sequence[Surface]) -> threading.Thread:
        thread = threading.Thread(target=lambda: asyncio.run(self._all(surfaces)))
        thread.start()
        return thread

    async def _all(self, surfaces: Sequence[Surface]) -> None:
        headers, limits = {"authorization": f"Bearer {self.key}"}, httpx2.Limits(max_connections=len(surfaces))
        async with httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=WAIT_S, limits=limits) as client:
            await asyncio.gather(*(self._one(client, surface) for surface in surfaces))

    async def _one(self, client: httpx2.AsyncClient, surface: Surface) -> None:
        response = await client.post(surface.path, json=surface.body("e", "Hello?"))
        if response.status_code == 429:
            self.refused.append(response)
        self.statuses[response.status_code] += 1


def test_a_noisy_tenant_is_sent_away_at_once_and_a_quiet_one_is_answered(tmp_path: Path, heard: Echo) -> None:
    heard.go_on = threading.Event()
    files = {
        "plimsoll.yaml": "name: harbour\nbudgets:\n  - {for: everyone, usd: 100, per: day}\n",
        "routes/default.yaml": f"model: vllm/e\nbase_url: {heard.url}/v1\nprice: {CHEAP}\nserves: [e]\n",
    }
    with gateway(tmp_path / "harbour", files, load=LOAD) as port:
        noisy, quiet = (Tenant(port.url, port.make_key(team, team=team)) for team in ("noisy", "quiet"))
        threads = [noisy.come([SURFACES[number % 3] for number in range(NOISY)])]
        until(lambda: noisy.statuses[429] == NOISY - OPEN)
        until(lambda: len(heard.heard) == OPEN)
        threads.append(quiet.come([CHAT] * SPARE))
        until(lambda: len(heard.heard) == MOST)
        assert port.post(CHAT.path, CHAT.body("e", "?"), key=noisy.key).status_code == 429
        assert httpx2.get(f"{port.url}/healthz").status_code == 200
        heard.go_on.set()
        for thread in threads:
            thread.join(WAIT_S)
        assert port.post(CHAT.path, CHAT.body("e", "?"), key=noisy.key).status_code == 200
        traces = port.traces()
        cost_pico = sum(round((trace.cost_usd or 0) * 1e12) for trace in traces)
        until(lambda: port.windows()["everyone usd"][0] == cost_pico)
    assert (noisy.statuses, quiet.statuses) == ({200: OPEN, 429: NOISY - OPEN}, {200: SPARE})
    for response in noisy.refused:
        assert response.headers["retry-after"] == "1"
        assert response.headers.get("x-should-retry") != "false"
        error = response.json()["error"]
        assert error["type"] == "rate_limit_error"
        assert response.request.url.path == MESSAGES.path or error["code"] == "overloaded"
