"""A guardrail whose check asks a route of the release, through the whole server."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.checks.outside.fakes import HANG, LoopbackServer, Step, answering, loopback
from tests.gateway.port import Gateway, gateway

MANY = 32
ASKED = "Is it rude?"
POLITE = f"""checks:
  - check: judge
    name: rude
    on: [input, output]
    action: block
    timeout_s: 60
    options: {{route: small, question: "{ASKED}"}}
"""


@dataclass
class Model:
    """Answers, and judges what stands between marks."""

    answer: str = "Good day."
    hangs: bool = False
    judged: list[str] = field(default_factory=list)

    def script(self, _number: int, body: Any) -> Sequence[Step]:
        first = body["messages"][0]["content"]
        if not first.startswith("You are a judge"):
            return [said(self.answer)]
        if self.hangs:
            return [HANG]
        assert ASKED in first
        text = body["messages"][1]["content"].split("\n")[2]
        self.judged.append(text)
        verdict = "yes" if "fool" in text else "no"
        return [said(json.dumps({"reason": "as asked", "verdict": verdict, "score": 0.9}))]


def said(text: str) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    return answering(200, json.dumps({"id": "x", "model": "small", "choices": [choice], "usage": usage}).encode())


def files(url: str) -> dict[str, str]:
    route = f"model: vllm/small\nbase_url: {url}/v1\n"
    return {
        "plimsoll.yaml": "name: harbour\n",
        "prompts/answer.yaml": 'system: Answer.\ntemplate: "{{ question }}"\n',
        "routes/default.yaml": route,
        "routes/small.yaml": route,
        "guardrails/polite.yaml": POLITE,
        "endpoints/ask.yaml": "kind: chat\nprompt: answer\nroute: default\nguardrail: polite\n",
    }


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def server(model: Model) -> Iterator[LoopbackServer]:
    with loopback(model.script) as held:
        yield held


@pytest.fixture
def port(tmp_path: Path, server: LoopbackServer) -> Iterator[Gateway]:
    with gateway(tmp_path / "harbour", files(server.url)) as found:
        yield found


def ask(port: Gateway, text: str, **more: Any) -> httpx2.Response:
    body = {"model": "harbour/ask", "messages": [{"role": "user", "content": text}], **more}
    return port.post("/v1/chat/completions", body)


def blocked_for(response: httpx2.Response) -> str:
    """Why a request was blocked."""
    assert response.status_code == 400
    error: dict[str, Any] = response.json()["error"]
    assert error["code"] == "content_filter"
    return str(error["message"])


def test_question_and_answer_are_judged(port: Gateway, model: Model) -> None:
    assert ask(port, "Hello").json()["choices"][0]["message"]["content"] == "Good day."
    assert model.judged == ["Hello", "Good day."]


def test_what_the_judge_says_yes_to_is_blocked(port: Gateway, model: Model) -> None:
    assert "judge.rude" in blocked_for(ask(port, "You fool"))
    assert model.judged == ["You fool"]
    model.answer = "What a fool!"
    assert "judge.rude" in blocked_for(ask(port, "Hello"))


def test_a_stream_is_held_until_its_end_is_judged(port: Gateway, model: Model) -> None:
    model.answer = "What a fool!"
    assert "fool" not in ask(port, "Hello", stream=True).text
    assert model.judged == ["Hello", "What a fool!"]


def test_a_judge_that_hangs_closes_the_verdict_in_time(tmp_path: Path, model: Model, server: LoopbackServer) -> None:
    model.hangs = True
    hasty = {**files(server.url), "guardrails/polite.yaml": POLITE.replace("timeout_s: 60", "timeout_s: 0.3")}
    with gateway(tmp_path / "hasty", hasty) as port:
        assert "check_failed" in blocked_for(ask(port, "Hello"))
        assert server.left.wait(10)
    assert not any("Answer." in str(body["messages"]) for body in server.bodies)


def test_many_are_judged_at_once(port: Gateway, model: Model) -> None:
    with ThreadPoolExecutor(MANY) as pool:
        found = list(pool.map(lambda number: ask(port, f"Hello {number}").status_code, range(MANY)))
    assert found == [200] * MANY
    assert sorted(model.judged) == sorted([f"Hello {number}" for number in range(MANY)] + ["Good day."] * MANY)
