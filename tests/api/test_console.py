import html
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace as changed
from starlette.testclient import TestClient

from plimsoll.api import ApiSettings, create_app
from plimsoll.api.console._home import EndpointCard, Visitor, home
from plimsoll.api.console._trace import trace_page
from plimsoll.releases.environments import Environment, EnvironmentMove
from plimsoll.tracing import Span, Trace, TraceSummary

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ANA, BEN = "s-00000000000000aa", "s-00000000000000bb"
HOSTILE = "<script>alert('x')</script>"


def a_summary(**changes: Any) -> TraceSummary:
    summary = TraceSummary(
        id="4bf92f3577b34da6a3ce929d0e0e4736",
        app="contracts",
        endpoint="ask",
        environment="production",
        release_name="r-3f9c2a",
        started_at=datetime.now(UTC) - timedelta(minutes=3),
        latency_ms=412.0,
        status="ok",
        model="builtin/reader",
        input_tokens=1204,
        output_tokens=86,
        cost_usd=0.00042,
        question="How long is the notice period?",
        answered=True,
    )
    return replace(summary, **changes)


def words_of(page: str) -> str:
    """The text of a page, as a person reads it."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_an_empty_house_says_what_to_do(client: TestClient, service: Any) -> None:
    service.served = []
    words = words_of(client.get("/").text)
    assert "No environment yet" in words
    assert "plimsoll ship RELEASE production" in words
    assert "No requests yet" in words
    assert 'plimsoll ask "Your question"' in words
    assert "Nothing can be called yet" in words


def test_environments_endpoints_moves_and_requests(client: TestClient, service: Any) -> None:
    moved = datetime.now(UTC) - timedelta(hours=3)
    live = "sha256:3f9c2a" + "0" * 58
    service.known_environments = [
        Environment("contracts", "production", live, "r-3f9c2a", moved, ANA),
        Environment("contracts", "staging", None, "", None, ""),
    ]
    service.known_names = {ANA: "Ana Ferreira"}
    service.known_moves = [
        EnvironmentMove(2, "contracts", "production", "rollback", "sha256:aa", live, moved, ANA, "worse answers"),
        EnvironmentMove(1, "contracts", "production", "ship", None, "sha256:77aa01ff", moved, BEN, None),
    ]
    service.summaries = [
        a_summary(),
        a_summary(status="error", answered=None, cost_usd=None, question="Second?"),
        a_summary(status="cancelled", answered=None),
        a_summary(answered=False),
        a_summary(answered=None, environment=""),
    ]
    words = words_of(client.get("/").text)
    assert "production contracts r-3f9c2a live since 3 h ago , by Ana Ferreira" in words
    assert "staging contracts nothing live Ship one with plimsoll ship RELEASE staging" in words
    assert "Rolled back r-3f9c2a in production of contracts" in words
    assert "worse answers" in words
    assert "Shipped r-77aa01 to production" in words
    assert f"by {BEN}: (the reason was erased)" in words
    assert (
        "How long is the notice period? answered ask production r-3f9c2a builtin/reader $0.00042 1,204 → 86 3 min ago"
        in words
    )
    assert "Second? error" in words
    assert "builtin/reader first of the route unknown price" in words
    for word in ("left", "no answer", "done", "working build"):
        assert word in words


def test_what_is_wrong_stands_on_top(client: TestClient, service: Any) -> None:
    service.not_ready = "production cannot answer (secret_missing)"
    assert "Not ready" not in client.get("/").text
    live = "sha256:3f9c2a" + "0" * 58
    service.known_environments = [Environment("contracts", "production", live, "r-3f9c2a", NOW, ANA)]
    assert "Not ready. Production cannot answer (secret_missing)." in words_of(client.get("/").text)
    service.not_ready, service.warned = None, "traces cannot be written: the disk is full"
    assert "Warning. Traces cannot be written: the disk is full." in words_of(client.get("/").text)


def test_a_candidate_is_shown_with_its_share(client: TestClient, service: Any) -> None:
    moved = datetime.now(UTC) - timedelta(hours=3)
    live, candidate = "sha256:3f9c2a" + "0" * 58, "sha256:77aa01" + "0" * 58
    service.known_environments = [
        Environment("contracts", "production", live, "r-3f9c2a", moved, ANA, candidate, 0.125),
    ]
    service.known_moves = [
        EnvironmentMove(3, "contracts", "production", "unsplit", live, live, moved, ANA, ""),
        EnvironmentMove(2, "contracts", "production", "split", live, candidate, moved, ANA, "", 0.125),
    ]
    words = words_of(client.get("/").text)
    assert "candidate r-77aa01 answers 12.5 % of the traffic" in words
    assert "Gave 12.5 % of the traffic to r-77aa01 in production" in words
    assert "Gave all traffic back to r-3f9c2a in production" in words


def test_a_trace_says_who_asked_for_whom(client: TestClient, service: Any, a_trace: Trace) -> None:
    assert "Caller" not in words_of(client.get(f"/traces/{a_trace.id}").text)
    service.known_names = {ANA: "Ana Ferreira"}
    service.traces[a_trace.id] = changed(a_trace, caller=ANA, team="search", user_id=HOSTILE)
    page = client.get(f"/traces/{a_trace.id}").text
    assert "Caller Ana Ferreira Team search User <script>" in words_of(page)
    assert "<script" not in page
    service.known_names = {}
    assert f"Caller {ANA}" in words_of(client.get(f"/traces/{a_trace.id}").text)


def test_the_examples_can_be_pasted(service: Any) -> None:
    page = home(service, ApiSettings(), visitor=Visitor("http://127.0.0.1:8000", with_key=True), now=NOW)
    production, staging, route = page.endpoints
    assert shell(production).startswith("curl http://127.0.0.1:8000/v1/chat/completions")
    assert "$PLIMSOLL_KEY" in shell(production)
    assert "x-plimsoll-environment" not in shell(production)
    assert "x-plimsoll-environment: staging" in shell(staging)
    assert "Bearer" not in shell(home(service, ApiSettings(), visitor=Visitor("http://x"), now=NOW).endpoints[0])
    assert (production.is_route, route.is_route) == (False, True)


def test_every_python_example_runs_as_it_is(
    service: Any, address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = service.served[0]
    service.served = [
        first,
        replace(service.served[2], id="vectors", endpoint="vectors", gives="embeddings"),
        replace(first, id="contracts/topic", endpoint="topic", gives="predict"),
        replace(first, environment="staging"),
    ]
    monkeypatch.setenv("PLIMSOLL_KEY", "not-asked-for")
    page = home(service, ApiSettings(), visitor=Visitor(address, with_key=True), now=NOW)
    for endpoint in page.endpoints:
        for example in endpoint.examples:
            if "curl" not in example.code:
                capsys.readouterr()
                run_example(example.code)
                assert capsys.readouterr().out.strip(), example.title
    surfaces = [request.surface for request in service.asked]
    assert surfaces == ["chat", "responses", "messages", "predict", "chat", "responses", "messages", "embeddings"]
    assert [request.environment for request in service.asked][4:7] == ["staging"] * 3


def shell(card: EndpointCard) -> str:
    return card.examples[0].code


def run_example(code: str) -> None:
    """Run what a person would paste; the client that it leaves open is closed."""
    names: dict[str, Any] = {}
    exec(compile(code, "example", "exec"), names)  # noqa: S102  # our own text, and what it does is the test
    names["client"].close()


def test_a_hostile_name_stays_inside_its_quotes(service: Any) -> None:
    first = service.served[0]
    service.served = [replace(first, id="a/'; rm -rf ~; '\"", environment="it's")]
    [endpoint] = home(service, ApiSettings(), visitor=Visitor("http://x"), now=NOW).endpoints
    for example in endpoint.examples[1:]:
        compile(example.code, "example", "exec")
    assert "'\"'\"'" in shell(endpoint)


def test_the_chain_of_a_trace(client: TestClient, a_trace: Trace) -> None:
    response = client.get(f"/traces/{a_trace.id}")
    page = response.text
    assert response.headers["cache-control"] == "no-store"
    assert "<mark>The period is ninety days.</mark>" in page
    assert '<a class="marker" href="#passage-1"' in page
    assert "[7]" in page
    assert 'href="#passage-7"' not in page
    assert "unknown price" in page
    assert "≈ 1,204 → 9" in page
    assert a_trace.release in page
    assert "answer v3" in page


def test_text_from_documents_is_text(client: TestClient, service: Any, a_trace: Trace) -> None:
    service.traces[a_trace.id] = changed(
        a_trace,
        question=HOSTILE,
        answer=HOSTILE,
        error=HOSTILE,
        model=HOSTILE,
        prompt=HOSTILE,
        environment=HOSTILE,
        release_name=HOSTILE,
        release=HOSTILE,
        messages=({"role": HOSTILE, "content": HOSTILE},),
        citations=({"marker": 1, "document": HOSTILE, "page": 1, "start": 0, "end": 5, "text": HOSTILE},),
        spans=(Span("a", None, HOSTILE, a_trace.started_at, a_trace.started_at, {HOSTILE: HOSTILE}, HOSTILE),),
    )
    service.summaries = [a_summary(question=HOSTILE, release_name=HOSTILE, environment=HOSTILE)]
    for path in ("/", f"/traces/{a_trace.id}", f"/traces/{HOSTILE.replace('/', '')}"):
        page = client.get(path).text
        assert "<script" not in page
        assert "&lt;script&gt;" in page or "%3Cscript" in page


def test_a_trace_id_with_markup(client: TestClient) -> None:
    response = client.get("/traces/%3Cimg%20src=x%3E")
    assert response.status_code == 404
    assert "<img src=x>" not in response.text
    assert "It may have been removed by retention." in response.text


def test_a_broken_record_still_makes_a_page(client: TestClient, service: Any, a_trace: Trace) -> None:
    service.traces[a_trace.id] = changed(
        a_trace,
        passages=({}, {"score": "high", "text": None, "start": [], "page": "x"}),
        messages=({},),
        citations=({}, {"marker": 2, "text": "nowhere to be found"}),
    )
    assert client.get(f"/traces/{a_trace.id}").status_code == 200


def test_an_unfinished_request(client: TestClient, service: Any, a_trace: Trace) -> None:
    service.traces[a_trace.id] = changed(
        a_trace, status="error", error="the provider is busy", answer="", passages=(), messages=(), citations=()
    )
    words = words_of(client.get(f"/traces/{a_trace.id}").text)
    assert "The request failed. the provider is busy" in words
    assert "Nothing was retrieved" in words
    assert "There is no answer" in words


def test_unknown_pages(client: TestClient) -> None:
    response = client.get("/nothing")
    assert response.status_code == 404
    assert "There is nothing at this address." in words_of(response.text)
    assert response.headers["content-type"].startswith("text/html")


def test_an_unexpected_error_on_a_page(client: TestClient, service: Any, caplog: pytest.LogCaptureFixture) -> None:
    service.summaries = [object()]
    response = client.get("/")
    assert response.status_code == 500
    assert response.headers["x-request-id"] in response.text
    assert "AttributeError" not in response.text
    assert "AttributeError" in caplog.text


@pytest.mark.parametrize(("name", "kind"), [("console.css", "text/css; charset=utf-8"), ("mark.svg", "image/svg+xml")])
def test_static_files(client: TestClient, name: str, kind: str) -> None:
    response = client.get(f"/static/{name}")
    assert (response.status_code, response.headers["content-type"]) == (200, kind)


def test_static_files_end_at_their_folder(client: TestClient) -> None:
    assert client.get("/static/%2e%2e/_pages.py").status_code == 404


def test_pages_use_no_script_and_no_inline_style(client: TestClient, a_trace: Trace) -> None:
    for path in ("/", f"/traces/{a_trace.id}", "/nothing"):
        page = client.get(path).text
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", page)
        assert "https://" not in page.replace("http://www.w3.org", "")


def test_the_examples_name_the_server_as_it_was_called(service: Any) -> None:
    app = create_app(service, settings=ApiSettings(allowed_hosts=("llm.example.com",)))
    with TestClient(app, base_url="http://llm.example.com:8080") as client:
        assert "http://llm.example.com:8080/v1" in client.get("/").text


def test_spans_hang_below_their_parents(a_trace: Trace) -> None:
    begin = a_trace.started_at

    def span(name: str, parent: str | None, start_ms: int, end_ms: int) -> Span:
        at, end = begin + timedelta(milliseconds=start_ms), begin + timedelta(milliseconds=end_ms)
        return Span(name, parent, name, at, end)

    spans = (
        span("generate", "request", 40, 100),
        span("search", "retrieve", 10, 30),
        span("request", None, 0, 100),
        span("retrieve", "request", 0, 40),
        span("orphan", "lost", 50, 60),
        span("circle-a", "circle-b", 0, 0),
        span("circle-b", "circle-a", 0, 0),
    )
    bars = trace_page(changed(a_trace, spans=spans), now=NOW).bars
    assert [(bar.name, bar.depth) for bar in bars] == [
        ("request", 0),
        ("retrieve", 1),
        ("search", 2),
        ("generate", 1),
        ("orphan", 0),
        ("circle-a", 0),
        ("circle-b", 0),
    ]
    assert [(bar.left, bar.width) for bar in bars[:4]] == [(0, 100), (0, 40), (10, 20), (40, 60)]
