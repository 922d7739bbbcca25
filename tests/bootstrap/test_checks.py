"""What the checks of guardrails are given: routes of their release over a real loop, secrets, and an end."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.checks.outside.fakes import HANG, KEY, LoopbackServer, Step, always, answering, loopback
from tests.flows.conftest import Workshop

from plimsoll.bootstrap._checks import CheckMaker, RouteJudgesNothingError
from plimsoll.bootstrap._routes import RouteMaker
from plimsoll.checks.outside import FACTORIES, CheckTimeoutError, OutsideCheck, OutsideClosedError
from plimsoll.kernel.digest import Json
from plimsoll.kernel.errors import NotFoundError, PlimsollError
from plimsoll.models import Embedder
from plimsoll.project import load_project
from plimsoll.settings import SecretMissingError, read_settings

MANY = 64
YES = '{"reason": "it is", "verdict": "yes", "score": 0.8}'
RUDE: Any = {"check": "judge", "name": "rude", "options": {"route": "small", "question": "Is it rude?"}}


def said(text: str, *, tokens: tuple[int, int] = (100, 10)) -> bytes:
    usage = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return answering(200, json.dumps({"id": "x", "model": "small", "choices": [choice], "usage": usage}).encode())


def route(url: str, **changes: Any) -> dict[str, Any]:
    price = {"input_usd_per_million": 1.0, "output_usd_per_million": 10.0}
    usual = {"model": "vllm/small", "base_url": f"{url}/v1", "api_key": "${env:KEY}", "price": price, "timeout_s": 30.0}
    return {**usual, **changes}


def no_embedder() -> Embedder:
    raise AssertionError


@pytest.fixture
def maker(tmp_path: Path) -> Iterator[CheckMaker]:
    settings = read_settings(tmp_path, {"KEY": KEY})
    made = CheckMaker(settings, tmp_path, lambda: RouteMaker(settings, no_embedder, tmp_path))
    yield made
    made.close()


def routes_of(**known: Json) -> Callable[[str], Json]:
    def content(name: str) -> Json:
        if name not in known:
            raise NotFoundError(f"there is no route {name}")
        return known[name]

    return content


def judge(maker: CheckMaker, server: LoopbackServer, rule: Any = RUDE, **changes: Any) -> OutsideCheck:
    return FACTORIES["judge"](rule, maker.outside(routes_of(small=route(server.url, **changes))))


def test_a_route_of_the_release_is_asked_and_what_it_costs_is_written_down(
    maker: CheckMaker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "plimsoll.checks.costs")
    with loopback(always(said(YES))) as server:
        check = judge(maker, server)
        assert [(one.kind, one.score) for one in check.find("Go away!")] == [("rude", 0.8)]
        check.find("Go away!")
    assert server.heads[0].startswith("POST /v1/chat/completions ")
    assert f"authorization: Bearer {KEY}" in server.heads[0]
    assert server.bodies[0]["model"] == "small"
    used = maker.usage["judge.rude"]
    assert (used.input_tokens, used.output_tokens) == (200, 20)
    assert used.cost_usd == pytest.approx(2 * (100 * 1 + 10 * 10) / 1e6)
    assert caplog.messages == ["judge.rude asked small (vllm/small): 100 tokens in, 10 out, USD 0.000200"] * 2


def test_many_ask_at_once(maker: CheckMaker) -> None:
    # Nobody is answered before all have asked.
    together = threading.Barrier(MANY, timeout=30)

    def script(_number: int, _body: Any) -> list[Step]:
        together.wait()
        return [said(YES)]

    with loopback(script) as server, ThreadPoolExecutor(MANY) as pool:
        check = judge(maker, server, {**RUDE, "timeout_s": 30})
        found = list(pool.map(check.find, ["Go away!"] * MANY))
    assert [len(one) for one in found] == [1] * MANY
    assert maker.usage["judge.rude"].input_tokens == 100 * MANY


def test_a_model_that_hangs_is_left_and_its_cost_is_unknown(maker: CheckMaker) -> None:
    with loopback(always(HANG)) as server:
        with pytest.raises(CheckTimeoutError, match=r"judge\.rude"):
            judge(maker, server, {**RUDE, "timeout_s": 0.2}).find("Go away!")
        assert server.left.wait(10)
    assert maker.usage["judge.rude"].cost_usd is None


def test_a_model_that_refuses_costs_nothing_and_its_words_are_told_nobody(
    maker: CheckMaker, caplog: pytest.LogCaptureFixture
) -> None:
    echoed = b'{"error": {"message": "I do not like: Go away!"}}'
    with loopback(always(answering(400, echoed))) as server, pytest.raises(PlimsollError) as caught:
        judge(maker, server).find("Go away!")
    assert maker.usage["judge.rude"].cost_usd == 0.0
    assert "HTTP 400" in caught.value.message
    assert "HTTP 400" in caplog.text
    assert "Go away!" not in f"{caught.value.message} {caught.value.hint} {caplog.text}"


def test_a_route_without_its_key_gives_no_answer(maker: CheckMaker) -> None:
    with loopback(always(said(YES))) as server, pytest.raises(PlimsollError, match="secret_missing") as caught:
        judge(maker, server, api_key="${env:GONE}").find("Go away!")
    assert "GONE" in caught.value.hint
    assert server.bodies == []


def test_the_version_of_a_check_is_also_that_of_its_route(maker: CheckMaker) -> None:
    with loopback(always(said(YES))) as server:
        versions = {judge(maker, server, model=model).version for model in ("vllm/small", "vllm/large", "vllm/small")}
    assert len(versions) == 2


def test_routes_that_cannot_judge_are_told(maker: CheckMaker) -> None:
    with pytest.raises(NotFoundError, match="no route small"):
        FACTORIES["judge"](RUDE, maker.outside(routes_of()))
    vectors: Any = {
        "embeds": True,
        "strategy": "ordered",
        "guardrail": None,
        "serves": [],
        "retries": {"attempts": 1, "budget_percent": 20.0, "base_s": 0.5, "longest_s": 8.0},
        "breaker": {"failures": 5, "window_s": 30.0, "open_s": 15.0},
        "hedge": None,
        "escalate": None,
        "timeouts": {"connect_s": 5.0, "first_token_s": 5.0, "between_tokens_s": 5.0, "total_s": 5.0},
        "max_output_tokens": 100,
        "cache": {"exact": None, "semantic": None},
        "targets": [],
    }
    target = {**route("http://127.0.0.1:9"), "weight": 1.0, "options": {}}
    with pytest.raises(RouteJudgesNothingError, match="makes vectors"):
        FACTORIES["judge"](RUDE, maker.outside(routes_of(small={**vectors, "targets": [target]})))


def test_secrets_are_looked_up_when_they_are_needed(maker: CheckMaker) -> None:
    outside = maker.outside(routes_of())
    assert outside.secret("Bearer ${env:KEY}", where="x") == f"Bearer {KEY}"
    with pytest.raises(SecretMissingError, match="the check mine needs the environment variable OTHER"):
        outside.secret("${env:OTHER}", where="the check mine")


def test_the_server_behind_a_route(maker: CheckMaker) -> None:
    known: Any = {"own": route("http://127.0.0.1:9"), "openai": route("x", model="openai/gpt", base_url=None)}
    known["other"] = route("x", model="anthropic/claude", base_url=None)
    outside = maker.outside(routes_of(**known))
    server = outside.server("own")
    assert (server.base_url, server.api_key) == ("http://127.0.0.1:9/v1", KEY)
    assert KEY not in repr(server)
    assert outside.server("openai").base_url is None
    with pytest.raises(RouteJudgesNothingError, match="no `base_url`"):
        outside.server("other")


def test_a_service_is_asked_over_the_same_loop(maker: CheckMaker) -> None:
    body = b'{"findings": [{"start": 0, "end": 2, "kind": "threat"}]}'
    with loopback(always(answering(200, body))) as server:
        options: Any = {"url": server.url, "kinds": ["threat"], "allow_http": True, "private_addresses": True}
        check = FACTORIES["http"]({"check": "http", "options": options}, maker.outside(routes_of()))
        assert [one.kind for one in check.find("Go away!")] == ["threat"]
    names = [thread.name for thread in threading.enumerate()]
    assert names.count("plimsoll-outside") == 1


def test_after_the_end_nobody_is_asked(maker: CheckMaker) -> None:
    with loopback(always(said(YES))) as server:
        check = judge(maker, server)
        check.find("Go away!")
        maker.close()
        with pytest.raises(OutsideClosedError):
            check.find("Go away!")
    assert "plimsoll-outside" not in [thread.name for thread in threading.enumerate()]
    assert len(server.bodies) == 1


def test_nothing_is_started_before_somebody_asks(maker: CheckMaker) -> None:
    policy = maker.policy("p", {"checks": [{"check": "pii", "on": ["input"], "action": "block"}]}, routes_of())
    assert policy.review("Write to ann@example.org", "input").action == "block"
    assert "plimsoll-outside" not in [thread.name for thread in threading.enumerate()]


def test_a_guardrail_that_cannot_be_compiled_blocks_everything(maker: CheckMaker) -> None:
    review = maker.policy("p", {"checks": [{"check": "nope"}]}, routes_of()).review("Hello", "input")
    assert (review.action, review.reason) == ("block", "policy_invalid")


def test_checks_are_tried_with_the_routes_of_the_folder(workshop: Workshop) -> None:
    with loopback(always(said(YES))) as server:
        workshop.write("routes/small.yaml", f"model: vllm/small\nbase_url: {server.url}/v1\n")
        outside = workshop.open().outside(load_project(workshop.root))
        assert FACTORIES["judge"](RUDE, outside).find("Go away!")
        with pytest.raises(NotFoundError, match="the route smal, which is not in routes/") as caught:
            FACTORIES["judge"]({**RUDE, "options": {**RUDE["options"], "route": "smal"}}, outside)
    assert "did you mean `small`?" in caught.value.hint
