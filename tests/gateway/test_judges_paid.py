"""What a check asks a model is paid by the request that it looks at, told in its trace, and asked once."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.checks.outside.fakes import LoopbackServer, Step, answering, loopback
from tests.gateway.port import Gateway, gateway, until
from tests.gateway.surfaces import CHAT, MESSAGES, RESPONSES, Surface
from tests.gateway.test_judges import Model, files

from plimsoll.tracing import Span, Trace

CALL_USD = (100 * 1 + 10 * 10) / 1e6
CALL_TOKENS = 110
PRICE = "price: {input_usd_per_million: 1, output_usd_per_million: 10}\nmax_output_tokens: 50\n"
BUDGETS = """name: harbour
budgets:
  - {for: everyone, usd: 1, per: day}
  - {for: everyone, tokens: 100000, per: day}
  - {for: everyone, requests: 2, per: day}
"""
RUDE = '{check: judge, name: rude, on: %s, action: %s, options: {route: small, question: "Is it rude?"}%s}'


def policy(*rules: str) -> str:
    return "checks:\n" + "".join(f"  - {rule}\n" for rule in rules)


@contextmanager
def port_with(folder: Path, model: Model, **changed: str) -> Iterator[tuple[Gateway, LoopbackServer]]:
    with loopback(model.script) as server:
        given = files(server.url)
        route = given["routes/default.yaml"] + PRICE + "retries: {attempts: 0}\n"
        usual = {"plimsoll.yaml": BUDGETS, "routes/default.yaml": route, "routes/small.yaml": route}
        named = {f"{name.replace('__', '/')}.yaml": text for name, text in changed.items()}
        with gateway(folder, {**given, **usual, **named}) as port:
            yield port, server


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def port(tmp_path: Path, model: Model) -> Iterator[Gateway]:
    with port_with(tmp_path / "harbour", model) as (found, _):
        yield found


def judged_spans(trace: Trace) -> list[Span]:
    return [one for one in trace.spans if one.attributes.get("plimsoll.purpose") == "judge.rude"]


def settled(said: Mapping[str, Any]) -> tuple[int, float]:
    return said["settled"]["tokens"], said["settled"]["cost_usd"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("surface", [CHAT, RESPONSES, MESSAGES], ids=lambda surface: surface.path)
def test_the_request_pays_for_its_judges(port: Gateway, model: Model, surface: Surface, *, stream: bool) -> None:
    asked = port.ask(surface, "harbour/ask", "Hello", stream=stream)
    assert asked.status_code == 200, asked.text
    assert model.judged == ["Hello", "Good day."]
    until(lambda: port.windows().get("everyone tokens", (0,))[0] == 3 * CALL_TOKENS)
    windows = port.windows()
    assert windows["everyone usd"][0] == round(3 * CALL_USD * 1e12)
    assert windows["everyone requests"][0] == 1, "it is one request"
    trace = port.trace(asked)
    assert trace.cost_usd == pytest.approx(3 * CALL_USD)
    assert trace.input_tokens + trace.output_tokens == 3 * CALL_TOKENS
    tokens, cost_usd = settled(trace.budget)
    assert tokens == 3 * CALL_TOKENS
    assert cost_usd == pytest.approx(3 * CALL_USD)
    if not stream:
        assert float(asked.headers["x-plimsoll-cost-usd"]) == pytest.approx(3 * CALL_USD)


def test_the_trace_says_what_each_judge_was_asked_for_and_what_it_cost(port: Gateway) -> None:
    trace = port.trace(port.ask(CHAT, "harbour/ask", "Hello"))
    spans = judged_spans(trace)
    assert len(spans) == 2
    for one in spans:
        said: Any = one.attributes
        assert (said["gen_ai.usage.input_tokens"], said["gen_ai.usage.output_tokens"]) == (100, 10)
        assert said["plimsoll.cost_usd"] == pytest.approx(CALL_USD)
        assert said["plimsoll.attempts"] == ["vllm/small ok"]
        assert said["plimsoll.budget.settled"]["tokens"] == CALL_TOKENS
        assert "Hello" not in repr(one)
        assert one.error is None


def test_a_request_that_its_judge_blocks_still_pays_for_it(port: Gateway) -> None:
    asked = port.ask(CHAT, "harbour/ask", "You fool")
    assert asked.status_code == 400
    trace = port.latest()
    assert trace.cost_usd == pytest.approx(CALL_USD)
    assert len(judged_spans(trace)) == 1


def test_the_last_request_of_a_limit_is_judged_to_its_end_and_the_next_not_at_all(port: Gateway, model: Model) -> None:
    codes = [port.ask(CHAT, "harbour/ask", f"Hello {number}").status_code for number in range(3)]
    assert codes == [200, 200, 429]
    assert model.judged == ["Hello 0", "Good day.", "Hello 1", "Good day."]


DEAR = "price: {input_usd_per_million: 1000, output_usd_per_million: 1000}\nmax_output_tokens: 50\n"
LITTLE = "name: harbour\nbudgets:\n  - {for: everyone, usd: 0.05, per: day}\n"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("stage", ["input", "output"])
@pytest.mark.parametrize("on_error", ["block", "ask", "flag"])
def test_a_budget_that_is_used_up_closes_the_check_and_says_so(
    tmp_path: Path, model: Model, on_error: str, stage: str, *, stream: bool
) -> None:
    rule = policy(RUDE % (f"[{stage}]", "block", f", on_error: {on_error}"))
    with loopback(model.script) as server:
        given = files(server.url)
        dear = {"routes/small.yaml": given["routes/small.yaml"] + DEAR}
        cheap = {"routes/default.yaml": given["routes/default.yaml"] + PRICE}
        told = {**given, **cheap, **dear, "plimsoll.yaml": LITTLE, "guardrails/polite.yaml": rule}
        with gateway(tmp_path / "harbour", told) as port:
            asked = port.ask(CHAT, "harbour/ask", "Hello", stream=stream)
            trace = port.latest()
    assert model.judged == [], "nobody was asked"
    assert [note["kind"] for note in trace.guardrails] == ["check_failed"]
    assert [note["action"] for note in trace.guardrails] == [on_error]
    (step,) = judged_spans(trace)
    assert step.error == "BudgetUsedUpError"
    if on_error == "flag":
        assert asked.status_code == 200
        assert "Good day." in asked.text
    else:
        assert "Good day." not in asked.text
        assert "the budget of cost" in asked.text
        assert "the budget of cost" in trace.error
        if stage == "input":
            assert asked.status_code == 429, "whoever has no budget may come back when there is some"
        else:
            assert "check_failed (judge could not be asked" in asked.text


class Refusing(Model):
    """Judges nothing."""

    def script(self, number: int, body: Any) -> Sequence[Step]:
        if body["messages"][0]["content"].startswith("You are a judge"):
            return [answering(400, b'{"error": {"message": "I refuse Hello"}}')]
        return super().script(number, body)


def test_a_judge_that_fails_leaves_no_words_of_its_server_and_costs_nothing(tmp_path: Path) -> None:
    with port_with(tmp_path / "harbour", Refusing()) as (port, _):
        asked = port.ask(CHAT, "harbour/ask", "Hello")
        trace = port.latest()
    assert asked.status_code == 400
    assert "check_failed" in asked.text
    assert "refuse" not in asked.text + repr(trace.spans)
    assert not trace.cost_usd


def test_a_judge_that_hangs_is_given_up_and_may_be_billed(tmp_path: Path, model: Model) -> None:
    model.hangs = True
    rule = policy(RUDE % ("[input]", "block", ", timeout_s: 0.3"))
    with port_with(tmp_path / "harbour", model, guardrails__polite=rule) as (port, server):
        asked = port.ask(CHAT, "harbour/ask", "Hello")
        assert server.left.wait(10)
        trace = port.latest()
    assert asked.status_code == 400
    assert trace.tokens_estimated
    assert trace.cost_usd, "nobody says what it cost, so what it can have cost counts"


class Numbering(Model):
    """Makes vectors too."""

    def script(self, number: int, body: Any) -> Sequence[Step]:
        if "messages" in body:
            return super().script(number, body)
        data = [{"object": "embedding", "index": at, "embedding": [0.5, 0.5]} for at, _ in enumerate(body["input"])]
        usage = {"prompt_tokens": 7, "total_tokens": 7}
        return [answering(200, json.dumps({"object": "list", "data": data, "model": "small", "usage": usage}).encode())]


def test_a_call_for_vectors_pays_for_its_judges(tmp_path: Path) -> None:
    numbering = Numbering()
    with loopback(numbering.script) as server:
        given = files(server.url)
        route = given["routes/default.yaml"] + PRICE
        vectors = route.replace("max_output_tokens: 50\n", "") + "serves: [vectors]\nguardrail: polite\nembeds: true\n"
        told = {**given, "plimsoll.yaml": BUDGETS, "routes/small.yaml": route, "routes/vectors.yaml": vectors}
        with gateway(tmp_path / "harbour", told) as port:
            asked = port.post("/v1/embeddings", {"model": "vectors", "input": ["Hello", "Hello", "Come in"]})
            assert asked.status_code == 200, asked.text
            trace = port.latest()
            until(lambda: port.windows().get("everyone tokens", (0,))[0] == 2 * CALL_TOKENS + 7)
            assert port.windows()["everyone requests"][0] == 1
    assert numbering.judged == ["Hello", "Come in"]
    whole_usd = 2 * CALL_USD + 7 / 1e6
    assert asked.json()["plimsoll"]["cost_usd"] == pytest.approx(whole_usd)
    assert trace.cost_usd == pytest.approx(whole_usd)


def test_a_text_that_stands_there_twice_is_judged_once(port: Gateway, model: Model) -> None:
    messages = [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Good day."},
        {"role": "user", "content": "Hello"},
    ]
    asked = port.post("/v1/chat/completions", {"model": "harbour/ask", "messages": messages})
    assert asked.status_code == 200
    assert sorted(model.judged) == ["Good day.", "Hello"], "also where the answer says what stood there before"


def test_rules_that_ask_the_same_of_the_same_text_ask_once(tmp_path: Path, model: Model) -> None:
    twice = policy(
        RUDE % ("[input]", "flag", ", at_least: 0.5"),
        RUDE % ("[input]", "block", ", at_least: 0.95"),
    )
    with port_with(tmp_path / "harbour", model, guardrails__polite=twice) as (port, _):
        asked = port.ask(CHAT, "harbour/ask", "You fool")
        trace = port.trace(asked)
    assert asked.status_code == 200
    assert model.judged == ["You fool"]
    assert [(note["kind"], note["action"]) for note in trace.guardrails] == [("rude", "flag")]


def test_the_next_request_is_judged_anew(port: Gateway, model: Model) -> None:
    for _ in range(2):
        port.ask(CHAT, "harbour/ask", "Hello")
    assert model.judged == ["Hello", "Good day."] * 2


THOUGHTS = ("I think. It is long enough to stand for itself. ", "And I think on. This is one more sentence of mine. ")


def chunks(*deltas: Mapping[str, Any]) -> bytes:
    lines: list[Any] = [
        {"id": "x", "model": "small", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        for delta in deltas
    ]
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 100}}
    lines.append({"id": "x", "model": "small", **end})
    body = "".join(f"data: {json.dumps(line)}\n\n" for line in lines) + "data: [DONE]\n\n"
    return answering(200, body.encode(), "Content-Type: text/event-stream")


class Thinking(Model):
    """Thinks, says something, and thinks on."""

    def script(self, number: int, body: Any) -> Sequence[Step]:
        if body["messages"][0]["content"].startswith("You are a judge"):
            return super().script(number, body)
        words = {"content": "This is what I have to say to you. "}
        return [chunks({"reasoning_content": THOUGHTS[0]}, words, {"reasoning_content": THOUGHTS[1]}, words)]


def test_thoughts_that_go_on_are_read_again_and_not_judged_again(tmp_path: Path) -> None:
    thinker = Thinking()
    rule = policy(
        "{check: judge, name: rude, on: [output], action: block, "
        'options: {route: small, question: "Is it rude?", by_sentence: true}}'
    )
    with port_with(tmp_path / "harbour", thinker, guardrails__polite=rule) as (port, _):
        asked = port.ask(CHAT, "harbour/ask", "Hello", stream=True)
    assert THOUGHTS[1].split(".")[0] in asked.text
    assert len(thinker.judged) == len(set(thinker.judged))
    assert len(thinker.judged) >= 4
