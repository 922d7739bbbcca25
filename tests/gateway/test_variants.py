"""Questions that a route of the project puts in other words: what is found by them, what they cost, and who pays."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.flows.scripted import ScriptedModel, route_to, says
from tests.gateway.port import Gateway, Yard, gateway, until
from tests.gateway.surfaces import CHAT
from tests.gateway.writers import VARIANTS, Writer, route, writer

from plimsoll.flows.serve._errors import VariantsRouteError
from plimsoll.flows.serve._runtime import load_runtime
from plimsoll.flows.serve.parts import Route
from plimsoll.flows.ship import evaluate, suites_of
from plimsoll.kernel.digest import Digest, Json
from plimsoll.project import load_project
from plimsoll.releases import Manifest
from plimsoll.retrieval.search import Paraphraser, Retrieval, Scope
from plimsoll.tracing import Span, Trace

URLAUB = "Urlaub?"
LEAVE = "leave.md"
KNOWLEDGE = "sources: [{path: documents}]\nsearch: {mode: text, variants: 2, variants_by: helper}\n"
FILES = {
    "plimsoll.yaml": "name: harbour\nbudgets:\n  - {for: everyone, usd: 1, per: day}\n"
    "  - {for: everyone, tokens: 100000, per: day}\n  - {for: everyone, requests: 3, per: day}\n",
    "prompts/answer.yaml": "system: Answer from the passages.\n",
    "knowledge/papers.yaml": KNOWLEDGE,
    "knowledge/plain.yaml": "sources: [{path: documents}]\nsearch: {mode: text}\n",
    "endpoints/ask.yaml": "kind: rag\nprompt: answer\nknowledge: papers\nroute: default\n",
    "endpoints/plain.yaml": "kind: rag\nprompt: answer\nknowledge: plain\nroute: default\n",
    "documents/leave.md": "# Leave\n\nEvery employee has twenty-six days of paid leave in a year.\n",
    "documents/crane.md": "# Crane\n\nThe crane lifts forty tonnes.\n",
}
CALL_USD = (100 * 1 + 10 * 10) / 1e6
CALL_TOKENS = 110


def files(held: Writer, **more: str) -> dict[str, str]:
    routes = {"routes/default.yaml": route(held), "routes/helper.yaml": route(held, timeout_s="20")}
    return {**FILES, **routes, **more}


@pytest.fixture
def held() -> Iterator[Writer]:
    with writer() as server:
        yield server


@pytest.fixture
def port(tmp_path: Path, held: Writer) -> Iterator[Gateway]:
    with gateway(tmp_path / "harbour", files(held)) as found:
        yield found


def span(trace: Trace, name: str) -> Span:
    return next(one for one in trace.spans if one.name.startswith(name))


def variants_span(trace: Trace) -> Span:
    return next(one for one in trace.spans if one.attributes.get("plimsoll.purpose") == "variants")


def found(trace: Trace) -> set[str]:
    return {str(passage["document"]) for passage in trace.passages}


def test_what_only_another_wording_finds_is_found(port: Gateway, held: Writer) -> None:
    plain = port.trace(port.ask(CHAT, "harbour/plain", URLAUB))
    assert (found(plain), held.asked_variants) == (set(), [])
    asked = port.ask(CHAT, "harbour/ask", URLAUB)
    assert asked.status_code == 200
    trace = port.trace(asked)
    assert found(trace) == {LEAVE}
    assert held.asked_variants == [URLAUB]
    said = span(trace, "retrieval").attributes
    assert said["gen_ai.retrieval.query.variants"] == VARIANTS.splitlines()
    assert said["gen_ai.retrieval.notes"] == []


@pytest.mark.parametrize("stream", [False, True])
def test_the_trace_says_which_model_wrote_variants_and_what_it_cost(port: Gateway, *, stream: bool) -> None:
    trace = port.trace(port.ask(CHAT, "harbour/ask", URLAUB, stream=stream))
    said = variants_span(trace).attributes
    assert said["gen_ai.request.model"] == "writer"
    assert (said["gen_ai.usage.input_tokens"], said["gen_ai.usage.output_tokens"]) == (100, 10)
    assert said["plimsoll.cost_usd"] == pytest.approx(CALL_USD)
    assert said["plimsoll.attempts"] == ["vllm/writer ok"]
    settled: Any = said["plimsoll.budget.settled"]
    assert (settled["tokens"], settled["cost_usd"]) == (CALL_TOKENS, pytest.approx(CALL_USD))


def test_whoever_asks_pays_for_both_calls_and_has_asked_once(port: Gateway) -> None:
    assert port.ask(CHAT, "harbour/ask", URLAUB).status_code == 200

    def told() -> bool:
        return port.windows().get("everyone tokens", (0,))[0] == 2 * CALL_TOKENS

    until(told)
    windows = port.windows()
    assert windows["everyone usd"][0] == round(2 * CALL_USD * 1e12)
    assert windows["everyone requests"][0] == 1


def test_nothing_is_written_for_who_has_no_request_left(port: Gateway, held: Writer) -> None:
    codes = [port.ask(CHAT, "harbour/ask", URLAUB).status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]
    assert len(held.asked_variants) == 3


def test_a_route_that_fails_leaves_a_note_and_the_search(port: Gateway, held: Writer) -> None:
    held.status = 500
    asked = port.ask(CHAT, "harbour/ask", "How many days of paid leave?")
    assert asked.status_code == 200
    trace = port.trace(asked)
    assert found(trace) == {LEAVE}
    assert "without variants" in str(span(trace, "retrieval").attributes["gen_ai.retrieval.notes"])
    assert variants_span(trace).error


def test_a_budget_without_room_for_variants_leaves_a_note(tmp_path: Path, held: Writer) -> None:
    budget = "name: harbour\nbudgets:\n  - {for: everyone, usd: 0.05, per: request}\n"
    dear = route(held, price="{input_usd_per_million: 1000, output_usd_per_million: 1000}")
    routes = {"routes/default.yaml": route(held, max_output_tokens="50"), "routes/helper.yaml": dear}
    with gateway(tmp_path / "harbour", {**files(held), **routes, "plimsoll.yaml": budget}) as port:
        asked = port.ask(CHAT, "harbour/plain", "How many days of paid leave?")
        assert asked.status_code == 200, asked.text
        asked = port.ask(CHAT, "harbour/ask", "How many days of paid leave?")
        assert asked.status_code == 200, asked.text
        assert held.asked_variants == []
        assert "without variants" in str(span(port.trace(asked), "retrieval").attributes["gen_ai.retrieval.notes"])


@pytest.mark.parametrize("content", ["off", "redacted"])
def test_variants_are_content(tmp_path: Path, held: Writer, content: str) -> None:
    held.variants = "write to ada@example.org\ncall ada@example.org"
    app = {"plimsoll.yaml": f'name: harbour\ntraces: {{content: "{content}"}}\n'}
    with gateway(tmp_path / "harbour", {**files(held), **app}) as port:
        trace = port.trace(port.ask(CHAT, "harbour/ask", URLAUB))
    assert held.asked_variants == [URLAUB]
    assert "ada@example.org" not in repr(trace)
    assert variants_span(trace).attributes["gen_ai.usage.input_tokens"] == 100


def test_a_release_without_the_route_says_so_before_it_answers(port: Gateway) -> None:
    platform = port.platform
    live = platform.releases.manifest(platform.environments.live("harbour", "staging"))
    artifacts: Mapping[str, Digest] = {key: one for key, one in live.artifacts.items() if key != "route:helper"}
    without = Manifest("harbour", artifacts)
    platform.releases.judge(without, (), by=platform.acting.by)
    with pytest.raises(VariantsRouteError, match="route helper, which is not part of it"):
        load_runtime(without.digest, platform.serve_parts())


def test_the_route_of_the_release_is_asked_and_made_once(port: Gateway) -> None:
    platform = port.platform
    live = platform.releases.manifest(platform.environments.live("harbour", "staging"))
    asked: list[str] = []
    parts = platform.serve_parts()

    def make_route(name: str, content: Any) -> Any:
        asked.append(name)
        return parts.make_route(name, content)

    runtime = load_runtime(live.digest, replace(parts, make_route=make_route))
    knowledge = runtime.target("ask").knowledge
    assert knowledge is not None
    assert knowledge.variants is not None
    assert knowledge.variants.route.name == "helper"
    assert sorted(asked) == ["default", "helper"], "each route is made once"
    assert {one.name for one in runtime.routes} == {"default", "helper"}


def test_what_is_evaluated_is_what_is_served(tmp_path: Path, held: Writer) -> None:
    row = {"question": URLAUB, "answers": ["Twenty-six days"], "documents": [LEAVE]}
    suite = (
        "dataset: ask\nendpoint: {}\nscorers: [retrieval_recall]\nthresholds: {{retrieval_recall: {{at_least: 0.9}}}}\n"
        "confidence: estimate\n"
    )
    more = {
        "datasets/ask.jsonl": json.dumps(row) + "\n",
        "evals/ask.yaml": suite.format("ask"),
        "evals/plain.yaml": suite.format("plain"),
    }
    yard = Yard(tmp_path / "harbour", files(held, **more), {})
    try:
        report = yard.build()
        suites = suites_of(load_project(yard.root), report.versions)
        runs = asyncio.run(evaluate(report.draft, suites, yard.open().evaluate_parts()))
    finally:
        yard.close()
    assert {run.suite.name: run.verdict.outcome for run in runs} == {"ask": "pass", "plain": "fail"}
    assert held.asked_variants == [URLAUB]


class Shelf:
    """An index of which tests count how often it is closed."""

    closed = 0

    async def retrieve(self, question: str, scope: Scope, paraphraser: Paraphraser | None = None) -> Retrieval:
        raise AssertionError(question, scope, paraphraser)

    async def close(self) -> None:
        self.closed += 1
        raise OSError("it is stuck")


def test_closing_a_release_closes_every_route_and_each_index_once(tmp_path: Path, held: Writer) -> None:
    twin = {"endpoints/twin.yaml": FILES["endpoints/ask.yaml"]}
    yard = Yard(tmp_path / "harbour", files(held, **twin), {})
    models: list[ScriptedModel] = []
    shelves: list[Shelf] = []

    def make_route(name: str, _content: Json) -> Route:
        made = route_to(says("Well."))
        assert isinstance(made.model, ScriptedModel)
        models.append(made.model)
        return replace(made, name=name)

    def open_index(_index: Json, _knowledge: Json, _by: Json = None, /) -> Shelf:
        shelves.append(Shelf())
        return shelves[-1]

    try:
        draft = yard.build().draft
        parts = replace(yard.open().serve_parts(), make_route=make_route, open_index=open_index)
        runtime = load_runtime(draft.digest, parts)
        with pytest.raises(OSError, match="stuck"):
            asyncio.run(runtime.close())
    finally:
        yard.close()
    assert [model.closed for model in models] == [True, True], "that of the answers, and that of the variants"
    assert [shelf.closed for shelf in shelves] == [1, 1]


@pytest.mark.parametrize("stream", [False, True])
def test_the_request_says_the_sum_of_both_calls(port: Gateway, *, stream: bool) -> None:
    asked = port.ask(CHAT, "harbour/ask", URLAUB, stream=stream)
    if not stream:
        assert float(asked.headers["x-plimsoll-cost-usd"]) == pytest.approx(2 * CALL_USD)
    trace = port.trace(asked)
    assert trace.cost_usd == pytest.approx(2 * CALL_USD)
    assert trace.input_tokens + trace.output_tokens == 2 * CALL_TOKENS
    settled: Any = trace.budget["settled"]
    assert settled["tokens"] == 2 * CALL_TOKENS
    assert settled["cost_usd"] == pytest.approx(trace.cost_usd)


def test_a_request_that_fails_after_its_variants_still_cost_them(port: Gateway, held: Writer) -> None:
    held.refuses_answers = True
    asked = port.ask(CHAT, "harbour/ask", URLAUB)
    assert asked.status_code >= 400
    assert port.latest().cost_usd == pytest.approx(CALL_USD)


def test_a_plain_search_costs_one_call(port: Gateway) -> None:
    trace = port.trace(port.ask(CHAT, "harbour/plain", URLAUB))
    assert trace.cost_usd == pytest.approx(CALL_USD)
