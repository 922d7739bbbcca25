"""Budgets against the model server's own bill: never overshot, whatever callers do, and every sum the same."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Self

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.gateway.port import WAIT_S, Gateway, ModelServer, gateway, model_server, project, route, serving
from tests.gateway.surfaces import CHAT, MESSAGES, Surface
from tests.gateway.test_faults import streams, surfaces

from plimsoll.kernel.clock import utc_now

PROMPT = "Say something about the sea and the ships on it. " * 40
CLIENTS = 210
CAP_USD = 0.005
PICO = 10**12
HOWS = ("whole", "stream", "leaves")
"""What clients do: wait for the whole answer, read a stream to its end, or leave after its first text."""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, models: ModelServer) -> Iterator[Gateway]:
    budgets = """name: harbour
budgets:
  - {for: "team:broke", usd: 0, per: day}
  - {for: "team:money", usd: 100, per: day}
  - {for: "team:lenient", usd: 100, per: day, unknown_price: allow}
  - {for: "team:tokens", tokens: 40000, per: minute}
  - {for: "team:small", tokens: 500, per: request}
  - {for: "team:crowd", requests: 3, per: day}
  - {for: "team:counting", requests: 2, per: day}
  - {for: "team:single", requests: 5, per: day}
  - {for: each user, requests: 2, per: minute}
  - {for: "user:José", requests: 1, per: total}
"""
    files = {
        "plimsoll.yaml": budgets,
        "routes/cheap.yaml": route(models.url, "", name="cheap", serves="[cheap]"),
        "routes/files.yaml": route(models.url, "", name="files", serves="[files]", provider_files="allow"),
        "routes/unpriced.yaml": route(models.url, "", name="unpriced", serves="[unpriced]", price=None),
        "routes/ill.yaml": route(models.url, "status=500", name="ill", serves="[ill]"),
        "routes/masked.yaml": route(models.url, "", name="masked", serves="[masked]", guardrail="masks"),
        "guardrails/masks.yaml": "checks:\n  - {check: pii, kinds: [email], on: [input], action: redact}\n",
    }
    with gateway(tmp_path_factory.mktemp("budgets") / "harbour", files) as found:
        found.key = found.make_key("nobody-in-particular")
        yield found


@surfaces
@streams
def test_a_budget_of_nothing_lets_nothing_in(
    port: Gateway, models: ModelServer, surface: Surface, *, stream: bool
) -> None:
    key = port.make_key(f"broke-{surface}-{stream}", team="broke")
    before = models.of("cheap")["requests"]
    response = port.post(surface.path, surface.body("cheap", "Hello?", stream=stream), key=key)
    assert response.status_code == 429, response.text
    error = response.json()["error"]
    if surface is MESSAGES:
        assert error["type"] == "billing_error"
    else:
        assert (error["code"], error["type"]) == ("insufficient_quota", "insufficient_quota")
    assert response.headers["x-should-retry"] == "false"
    assert "retry-after" not in response.headers
    assert models.of("cheap")["requests"] == before
    # Of what is refused only the facts are kept: whoever may not ask could else fill the disk.
    refused = port.latest()
    assert (refused.status, refused.content, refused.team) == ("error", "off", "broke")
    assert (refused.question, refused.request, refused.messages) == ("", {}, ())
    assert "team broke" in refused.error


@surfaces
def test_what_has_no_price_is_not_let_past_a_budget_of_money(
    port: Gateway, models: ModelServer, surface: Surface
) -> None:
    key = port.make_key(f"money-{surface}", team="money")
    before = models.of("unpriced")["requests"]
    response = port.post(surface.path, surface.body("unpriced", "Hello?"), key=key)
    assert response.status_code == 403, response.text
    error = response.json()["error"]
    assert error["type"] == "permission_error"
    assert surface is MESSAGES or error["code"] == "price_unknown"
    assert models.of("unpriced")["requests"] == before
    assert port.post(surface.path, surface.body("cheap", "Hello?"), key=key).status_code == 200


def test_what_has_no_price_is_unknown_and_not_free(port: Gateway) -> None:
    key = port.make_key("lenient", team="lenient")
    response = port.post(CHAT.path, CHAT.body("unpriced", "Hello?"), key=key)
    assert response.status_code == 200, response.text
    assert "x-plimsoll-cost-usd" not in response.headers
    assert response.json()["plimsoll"]["cost_usd"] is None
    assert port.trace(response).cost_usd is None
    spent, _, _ = port.windows().get("team:lenient usd", (0, 0, 0))
    assert spent == 0


def test_limits_are_told_in_headers(port: Gateway) -> None:
    key = port.make_key("tokens", team="tokens")
    response = port.post(CHAT.path, {**CHAT.body("cheap", "Hello?"), "max_tokens": 50, "user": "headers"}, key=key)
    assert response.status_code == 200, response.text
    headers = response.headers
    assert (headers["x-ratelimit-limit-requests"], headers["x-ratelimit-remaining-requests"]) == ("2", "1")
    assert headers["x-ratelimit-limit-tokens"] == "40000"
    assert 39_000 < int(headers["x-ratelimit-remaining-tokens"]) < 40_000
    for what in ("requests", "tokens"):
        assert headers[f"x-ratelimit-reset-{what}"].endswith("s")


def test_a_trace_says_what_was_reserved_and_what_it_came_to(port: Gateway) -> None:
    key = port.make_key("noted", team="tokens")
    response = port.post(CHAT.path, {**CHAT.body("cheap", "Hello?"), "max_tokens": 50, "user": "noted"}, key=key)
    trace = port.trace(response)
    budget: Any = trace.budget
    assert budget["settled"]["tokens"] == trace.input_tokens + trace.output_tokens
    assert budget["settled"]["cost_usd"] == trace.cost_usd
    assert budget["reserved"]["tokens"] >= budget["settled"]["tokens"]
    assert budget["reserved"]["cost_usd"] >= budget["settled"]["cost_usd"]


def test_what_is_worked_out_here_counts_as_a_request(port: Gateway) -> None:
    key = port.make_key("counting", team="counting")
    calls = [("/v1/moderations", {"input": "Hello?"}), (f"{MESSAGES.path}/count_tokens", MESSAGES.body("cheap", "Hi"))]
    statuses = [port.post(path, body, key=key).status_code for path, body in calls * 2]
    assert statuses == [200, 200, 429, 429]


def within_a_minute(ask: Callable[[int], list[httpx2.Response]]) -> list[httpx2.Response]:
    """What was answered in one and the same minute of the clock."""
    for number in range(5):
        minute = utc_now().replace(second=0, microsecond=0)
        found = ask(number)
        if utc_now().replace(second=0, microsecond=0) == minute:
            return found
    pytest.fail("a few calls take longer than a minute")


def test_a_limit_a_minute_says_when_to_come_back(port: Gateway) -> None:
    asked = within_a_minute(lambda number: [port.ask(CHAT, "cheap", user=f"hasty-{number}") for _ in range(3)])
    assert [response.status_code for response in asked] == [200, 200, 429]
    error, headers = asked[-1].json()["error"], asked[-1].headers
    assert (error["code"], error["type"]) == ("rate_limit_exceeded", "rate_limit_error")
    assert 1 <= int(headers["retry-after"]) <= 60
    assert 0 < int(headers["retry-after-ms"]) <= 60_000
    assert headers.get("x-should-retry") != "false"
    assert port.ask(CHAT, "cheap", user="somebody-else").status_code == 200


def test_what_never_fits_is_not_worth_another_try(port: Gateway) -> None:
    key = port.make_key("small", team="small")
    response = port.post(CHAT.path, {**CHAT.body("cheap", "Hello?"), "max_tokens": 5000}, key=key)
    assert response.status_code == 429
    assert response.headers["x-should-retry"] == "false"
    assert "retry-after" not in response.headers
    fits = port.post(CHAT.path, {**CHAT.body("cheap", "Hello?"), "max_tokens": 100}, key=key)
    assert fits.status_code == 200, fits.text


@pytest.mark.parametrize("small", ["max_completion_tokens", "max_tokens"])
def test_of_two_bounds_the_larger_is_reserved(port: Gateway, small: str) -> None:
    """Nobody knows which of them a model server obeys."""
    large = "max_tokens" if small == "max_completion_tokens" else "max_completion_tokens"
    key = port.make_key(f"two-{small}", team="small")
    response = port.post(CHAT.path, {**CHAT.body("cheap", "Hello?"), small: 1, large: 5000}, key=key)
    assert response.status_code == 429, response.text


def test_the_keys_of_a_team_share_its_limit(port: Gateway) -> None:
    keys = [port.make_key(f"crowd-{number}", team="crowd") for number in range(4)]
    statuses = [port.post(CHAT.path, CHAT.body("cheap", "Hello?"), key=key).status_code for key in keys]
    assert statuses == [200, 200, 200, 429]


def test_a_call_that_failed_costs_no_money(port: Gateway) -> None:
    key = port.make_key("unlucky", team="money")
    before = port.windows().get("team:money usd", (0, 0, 0))[0]
    for _ in range(3):
        assert port.post(CHAT.path, CHAT.body("ill", "Hello?"), key=key).status_code == 503
    assert port.windows().get("team:money usd", (0, 0, 0))[0] == before


class Crowd:
    """Clients that all come at once, and each does something else."""

    def __init__(self, url: str, hows: tuple[str, ...] = HOWS) -> None:
        self.url = url
        self.hows = hows
        self.seen: Counter[str] = Counter()

    async def come(self, model: str, clients: int) -> None:
        limits = httpx2.Limits(max_connections=clients, max_keepalive_connections=0)
        async with httpx2.AsyncClient(base_url=self.url, timeout=WAIT_S, limits=limits) as client:
            await asyncio.gather(*(self._one(client, model, number) for number in range(clients)))

    async def _one(self, client: httpx2.AsyncClient, model: str, number: int) -> None:
        how = self.hows[number % len(self.hows)]
        body = {**CHAT.body(model, PROMPT, stream=how != "whole"), "max_tokens": 40}
        try:
            await self._ask(client, body, how)
        except httpx2.TransportError:
            self.seen["broken"] += 1

    async def _ask(self, client: httpx2.AsyncClient, body: dict[str, Any], how: str) -> None:
        async with client.stream("POST", CHAT.path, json=body) as response:
            if response.status_code != 200:
                error = json.loads(await response.aread())["error"]
                self.seen[f"{response.status_code} {error['code']}"] += 1
                return
            whole = b""
            async for piece in response.aiter_bytes():
                whole += piece
                if how == "leaves" and b'"content"' in whole:
                    self.seen["left"] += 1
                    return
            self.seen["answered" if b"[DONE]" in whole or how == "whole" else "broken"] += 1


class Auditor:
    """Reads the model server's bill again and again."""

    def __init__(self, models: ModelServer) -> None:
        self._models = models
        self._end = threading.Event()
        self.highest = 0
        self.looks = 0
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(WAIT_S)

    def _look(self) -> None:
        while not self._end.wait(0.01):
            self.highest = max(self.highest, self._models.stats()["cost_pico"])
            self.looks += 1


def statuses_in(page: str) -> dict[str, int]:
    """Requests by status, as `/metrics` counts them, wherever they went."""
    counted: Counter[str] = Counter()
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if sample.name == "plimsoll_requests_total":
                counted[sample.labels["status"]] += int(sample.value)
    return dict(counted)


def test_a_crowd_never_spends_more_than_the_budget(tmp_path: Path) -> None:
    with model_server() as models:
        files = {
            "plimsoll.yaml": f"name: harbour\nbudgets:\n  - {{for: everyone, usd: {CAP_USD}, per: day}}\n",
            "routes/m.yaml": route(models.url, "rate=400~tokens=40", serves="[m]"),
        }
        with project(tmp_path / "harbour", files) as harbour:
            with serving(harbour) as port, Auditor(models) as auditor:
                crowd = Crowd(port.url)
                asyncio.run(crowd.come("m", CLIENTS))
                models.wait_idle()
                # The money that was reserved and not used lets others in.
                again = Crowd(port.url)
                asyncio.run(again.come("m", CLIENTS // 4))
                models.wait_idle()
                traces = port.traces()
                counted = statuses_in(port._client.get("/metrics").text)
            seen = crowd.seen + again.seen
            bill = models.stats()
            spent, leased, overrun = port.windows()["everyone usd"]
    cap = round(CAP_USD * PICO)
    assert seen.total() == CLIENTS + CLIENTS // 4
    assert set(seen) <= {"answered", "left", "429 insufficient_quota"}
    assert seen["answered"] > 0
    assert seen["left"] > 0
    assert seen["429 insufficient_quota"] > 0
    # Some answers end before their caller leaves.
    assert counted["429"] == seen["429 insufficient_quota"]
    assert counted["200"] >= seen["answered"]
    assert counted["200"] + counted["499"] == seen["answered"] + seen["left"]
    assert auditor.looks > 5
    assert bill["requests"] == seen["answered"] + seen["left"]
    assert (leased, overrun) == (0, 0)
    assert spent <= cap
    assert len(traces) == seen.total()
    assert Counter(trace.status for trace in traces) == {
        "ok": counted["200"],
        "cancelled": counted["499"],
        "error": counted["429"],
    }
    assert sum(round((trace.cost_usd or 0) * PICO) for trace in traces) == pytest.approx(spent, abs=len(traces))
    assert max(auditor.highest, bill["cost_pico"]) <= cap


def test_those_who_always_leave_cannot_overshoot_either(tmp_path: Path) -> None:
    """Nobody says what a stream cost that was cut off: what is counted for it is never less than what is billed."""
    cap_usd = 0.002
    with model_server() as models:
        files = {
            "plimsoll.yaml": f"name: harbour\nbudgets:\n  - {{for: everyone, usd: {cap_usd}, per: day}}\n",
            "routes/m.yaml": route(models.url, "rate=400~tokens=40", serves="[m]"),
        }
        with project(tmp_path / "harbour", files) as harbour:
            with serving(harbour) as port:
                crowd = Crowd(port.url, hows=("leaves",))
                while not crowd.seen["429 insufficient_quota"]:
                    asyncio.run(crowd.come("m", 4))
                    models.wait_idle()
            bill = models.stats()["cost_pico"]
            spent, leased, _ = port.windows()["everyone usd"]
    assert set(crowd.seen) == {"left", "429 insufficient_quota"}
    assert (spent <= round(cap_usd * PICO), leased) == (True, 0)
    assert bill <= spent


def test_a_server_that_lies_about_usage_is_believed_and_stops_there(tmp_path: Path) -> None:
    """Ten times what was reserved: it counts in full, is told as overrun, and nothing more is let in."""
    with model_server() as models:
        files = {
            "plimsoll.yaml": "name: harbour\nbudgets:\n  - {for: everyone, usd: 0.0003, per: day}\n",
            "routes/m.yaml": route(models.url, "fault=lying_usage~tokens=40", serves="[m]"),
        }
        with project(tmp_path / "harbour", files) as harbour:
            with serving(harbour) as port:
                body = {**CHAT.body("m", PROMPT), "max_tokens": 40}
                first, second = (port.post(CHAT.path, body) for _ in range(2))
            trace = next(port.trace_of(one.id) for one in port.traces() if one.status == "ok")
            spent, leased, overrun = port.windows()["everyone usd"]
    assert (first.status_code, second.status_code) == (200, 429)
    assert (trace.cost_usd or 0) * PICO == pytest.approx(spent, abs=1)
    assert (leased, overrun > 0) == (0, True)


def test_each_key_and_each_project_has_a_limit_of_its_own(tmp_path: Path, models: ModelServer) -> None:
    files = {
        "plimsoll.yaml": "name: harbour\nbudgets:\n"
        "  - {for: each key, requests: 2, per: day}\n  - {for: each project, requests: 3, per: day}\n",
        "routes/cheap.yaml": route(models.url, "", name="cheap", serves="[cheap]"),
    }
    with gateway(tmp_path / "harbour", files) as port:
        one, two, other = (
            port.make_key("one", project="north"),
            port.make_key("two", project="north"),
            port.make_key("other", project="south"),
        )
        asked = [port.post(CHAT.path, CHAT.body("cheap", "?"), key=key) for key in (one, one, one, two, two, other)]
    assert [response.status_code for response in asked] == [200, 200, 429, 200, 429, 200]
    refused = [response.json()["error"]["message"] for response in asked if response.status_code == 429]
    assert "the key" in refused[0]
    assert "the project north" in refused[1]


@pytest.mark.parametrize(
    "asked",
    [
        {"web_search_options": {}},
        {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
        {"plugins": [{"id": "web"}]},
    ],
    ids=lambda asked: next(iter(asked)),
)
def test_what_costs_more_than_tokens_is_not_let_past_a_budget_of_money(
    port: Gateway, models: ModelServer, asked: dict[str, Any]
) -> None:
    money, lenient = (port.make_key(f"fees-{team}-{next(iter(asked))}", team=team) for team in ("money", "lenient"))
    before = models.of("cheap")["requests"]
    response = port.post(CHAT.path, {**CHAT.body("cheap", "Hello?"), **asked}, key=money)
    assert (response.status_code, response.json()["error"]["code"]) == (403, "price_unknown"), response.text
    assert models.of("cheap")["requests"] == before
    passed = port.post(CHAT.path, {**CHAT.body("cheap", "Hello?"), **asked}, key=lenient)
    assert passed.status_code == 200, passed.text
    # Searches of Anthropic's are counted in its usage, and there were none.
    assert (passed.json()["plimsoll"]["cost_usd"] is None) == ("tools" not in asked)


def test_a_file_is_reserved_for_as_all_that_the_model_reads(port: Gateway) -> None:
    key = port.make_key("reader", team="money")
    part = {"type": "file", "file": {"file_id": "file-1"}}
    body = {**CHAT.body("files", "Hello?"), "max_tokens": 50, "n": 2}
    body["messages"] = [{"role": "user", "content": [{"type": "text", "text": "What does it say?"}, part]}]
    response = port.post(CHAT.path, body, key=key)
    assert response.status_code == 200, response.text
    budget: Any = port.trace(response).budget
    assert budget["reserved"]["tokens"] > 2_000_000 + 2 * 50
    assert budget["settled"]["tokens"] < 10_000


NAMED: Final[Mapping[str, dict[str, Any]]] = {
    "cachedContent": {"cachedContent": "cachedContents/of-another-team"},
    "container": {"container": "container_1"},
    "messages.0.content.1": {"part": {"type": "file", "file": {"file_id": "file-of-another-team"}}},
    "tools.0": {"tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]},
}


@pytest.mark.parametrize("place", NAMED)
def test_what_lies_in_the_account_that_all_share_is_named_only_where_the_route_allows_it(
    port: Gateway, models: ModelServer, place: str
) -> None:
    fields = dict(NAMED[place])
    part = fields.pop("part", None)
    content = [{"type": "text", "text": "What does it say?"}, *([part] if part else [])]
    asked = {"messages": [{"role": "user", "content": content}], "max_tokens": 10, **fields}
    key, before = port.make_key(f"named-{place}", team="lenient"), models.of("cheap")["requests"]
    refused = port.post(CHAT.path, {"model": "cheap", **asked}, key=key)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "provider_files"), refused.text
    assert refused.json()["error"]["param"] == place
    assert models.of("cheap")["requests"] == before
    allowed = port.post(CHAT.path, {"model": "files", **asked}, key=key)
    assert allowed.status_code == 200, allowed.text


def test_what_a_guardrail_makes_longer_is_reserved_as_it_goes_out(port: Gateway) -> None:
    key = port.make_key("masked", team="money")
    text = "a@b.io " * 200
    response = port.post(CHAT.path, {**CHAT.body("masked", text), "max_tokens": 1}, key=key)
    assert response.status_code == 200, response.text
    budget: Any = port.trace(response).budget
    assert budget["reserved"]["tokens"] > 128 + 16 + len(text.replace("a@b.io", "[EMAIL]"))


def test_a_budget_for_a_user_holds_for_every_spelling_of_the_name(port: Gateway) -> None:
    body = CHAT.body("cheap", "Hello?", stream=False)
    told = [port.post(CHAT.path, {**body, "user": name}).status_code for name in ("Jose\u0301", "Jos\u00e9")]
    assert told == [200, 429]


def test_a_budget_for_a_key_holds_on_when_the_key_is_rotated(tmp_path: Path, models: ModelServer) -> None:
    files = {
        "plimsoll.yaml": "name: harbour\nbudgets:\n  - {for: each key, requests: 2, per: total}\n",
        "routes/cheap.yaml": route(models.url, "", name="cheap", serves="[cheap]"),
    }
    with gateway(tmp_path / "harbour", files) as port:
        old, other = port.make_key("turning"), port.make_key("other")
        access, by = port.platform.access, port.platform.acting.by
        new = access.rotate_key(old.split("_")[1], overlap_s=3600, by=by).secret
        body = CHAT.body("cheap", "Hello?", stream=False)
        told = [port.post(CHAT.path, body, key=key).status_code for key in (old, new, new, old, other)]
    assert told == [200, 200, 429, 429, 200]
