"""Every route says which right it needs, and refuses whoever does not have it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from plimsoll.access import RIGHTS, ROLES, Acting, Right
from plimsoll.api import ApiSettings, create_app
from plimsoll.api.admission._access import ANYBODY, OPEN_PATHS, SHARED_KEY
from plimsoll.api.admission._rights import NEEDED, Guard, guarded
from plimsoll.tracing import Trace

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "http.md"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
BODY = {"model": "contracts/ask", "messages": [{"role": "user", "content": "How long?"}]}
ASKED: dict[str, tuple[str, str]] = {
    "/v1/chat/completions": ("POST", "/v1/chat/completions"),
    "/v1/responses": ("POST", "/v1/responses"),
    "/v1/messages": ("POST", "/v1/messages"),
    "/v1/messages/count_tokens": ("POST", "/v1/messages/count_tokens"),
    "/v1/embeddings": ("POST", "/v1/embeddings"),
    "/v1/moderations": ("POST", "/v1/moderations"),
    "/v1/predict/{endpoint:path}": ("POST", "/v1/predict/contracts/ask"),
    "/v1/feedback": ("POST", "/v1/feedback"),
    "/api/guardrails/marks": ("POST", "/api/guardrails/marks"),
    "/api/guardrails/triggers": ("GET", "/api/guardrails/triggers"),
    "/api/guardrails/rates": ("GET", "/api/guardrails/rates"),
    "/api/guardrails/matrix": ("GET", "/api/guardrails/matrix"),
    "/v1/traces": ("POST", "/v1/traces"),
    "/v1/logs": ("POST", "/v1/logs"),
    "/v1/metrics": ("POST", "/v1/metrics"),
    "/openapi.json": ("GET", "/openapi.json"),
    "/v1/models": ("GET", "/v1/models"),
    "/v1/models/{model_id:path}": ("GET", "/v1/models/contracts/ask"),
    "/": ("GET", "/"),
    "/traces/{trace_id}": ("GET", f"/traces/{TRACE}"),
    "/static": ("GET", "/static/console.css"),
    "/guardrails": ("GET", "/guardrails"),
    "/metrics": ("GET", "/metrics"),
    "/healthz": ("GET", "/healthz"),
    "/readyz": ("GET", "/readyz"),
}
"""How a test asks for each route."""
BODIES: dict[str, dict[str, Any]] = {
    "/v1/responses": {"model": "contracts/ask", "input": "How long?"},
    "/v1/messages": {**BODY, "max_tokens": 10},
    "/v1/embeddings": {"model": "contracts/ask", "input": "How long?"},
    "/v1/moderations": {"input": "How long?"},
    "/v1/predict/{endpoint:path}": {"inputs": [{"text": "How long?"}]},
    "/v1/feedback": {"trace": TRACE, "score": 1},
    "/api/guardrails/marks": {"trace": TRACE, "check": "injection", "mark": "right"},
    "/v1/traces": {"resourceSpans": []},
    "/v1/logs": {"resourceLogs": []},
    "/v1/metrics": {"resourceMetrics": []},
}
"""What is sent there; elsewhere `BODY`."""
GUARDED = [(path, right) for path, right in NEEDED.items() if right is not None]


def key_with(service: Any, *rights: Right) -> str:
    """A key of an actor with these rights alone."""
    key = "plim_" + "-".join(sorted(rights))
    service.keys[key] = Acting("s-00000000000000aa", "Ada", frozenset(rights), "key:aaaa000000")
    return key


@pytest.fixture
def ask(service: Any, a_trace: Trace) -> Iterator[Any]:
    """Asks for a route with a key."""
    service.traces[a_trace.id] = a_trace
    app = create_app(service, settings=ApiSettings(keys_required=True))

    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:

        def ask(path: str, key: str | None = None) -> Any:
            method, address = ASKED[path]
            headers = {} if key is None else {"authorization": f"Bearer {key}"}
            return client.request(
                method, address, headers=headers, json=BODIES.get(path, BODY) if method == "POST" else None
            )

        yield ask


def routes(service: Any) -> dict[str, Any]:
    return {route.path: route for route in create_app(service, settings=ApiSettings()).routes if hasattr(route, "path")}


def test_every_route_states_its_right(service: Any) -> None:
    app = create_app(service, settings=ApiSettings())
    assert len(app.routes) == len(routes(service)) == len(NEEDED)
    for path, route in routes(service).items():
        if NEEDED[path] is None:
            assert path in OPEN_PATHS
        else:
            assert isinstance(route.app, Guard)
            assert route.app.right == NEEDED[path]
    assert {path for path, right in NEEDED.items() if right is None} == OPEN_PATHS


def test_a_route_without_a_stated_right_cannot_be_served() -> None:
    async def page(_request: Request) -> Response:
        return PlainTextResponse("here")

    with pytest.raises(KeyError, match="/forgotten"):
        guarded([Route("/forgotten", page)])


def test_the_page_says_the_same() -> None:
    table = PAGE.read_text().partition("## Routes")[2].partition("## Keys")[0]
    rows = re.findall(r"^\| (`(?:GET|POST) /[^|]*) \|.*\| (?:`(\w+)`|none) \|$", table, re.MULTILINE)
    paths = [(path, right) for cell, right in rows for path in re.findall(r"(/\S*)`", cell)]
    said = {re.sub(r"\{.*?\}|…", "*", path): right or None for path, right in paths}
    coded = {re.sub(r"\{.*?\}", "*", path): right for path, right in NEEDED.items()}
    coded["/static/*"] = coded.pop("/static")
    assert said == coded


@pytest.mark.parametrize(("path", "right"), GUARDED)
def test_the_stated_right_is_enough(ask: Any, service: Any, path: str, right: Right) -> None:
    assert ask(path, key_with(service, right)).status_code == 200


@pytest.mark.parametrize(("path", "right"), GUARDED)
def test_every_other_right_together_is_not(ask: Any, service: Any, path: str, right: Right) -> None:
    response = ask(path, key_with(service, *(set(RIGHTS) - {right})))
    assert response.status_code == 403
    assert "www-authenticate" not in response.headers
    roles = [role for role, rights in ROLES.items() if right in rights]
    text = response.text.replace("&#39;", "'")
    assert f"Ada does not have the right `{right}`" in text
    for role in roles:
        assert role in text
    if path.startswith("/v1/messages"):
        assert response.json()["error"]["type"] == "permission_error"
    elif path.startswith(("/v1", "/api")):
        error = response.json()["error"]
        assert (error["type"], error["code"], error["param"]) == ("permission_error", "right_missing", None)
    else:
        assert response.headers["content-type"].startswith("text/html")
    assert service.asked == []


@pytest.mark.parametrize(("path", "right"), NEEDED.items())
def test_nobody_comes_in_without_a_key(ask: Any, path: str, right: Right | None) -> None:
    assert ask(path).status_code == (200 if right is None else 401)


def test_an_address_that_does_not_exist_tells_strangers_nothing(service: Any) -> None:
    app = create_app(service, settings=ApiSettings(keys_required=True))
    with TestClient(app, base_url="http://localhost") as client:
        assert client.get("/nothing").status_code == 401
        good = {"authorization": f"Bearer {key_with(service)}"}
        assert client.get("/nothing", headers=good).status_code == 404


def test_questions_of_others_need_the_right_to_see_traces(ask: Any, service: Any, a_trace: Trace) -> None:
    service.summaries = [_summary_of(a_trace)]
    hidden = ask("/", key_with(service, "read")).text
    assert "notice" not in hidden
    assert "<code>trace</code>" in hidden
    assert "notice" in ask("/", key_with(service, "read", "trace")).text


def test_without_a_key_and_with_the_shared_one_the_rights_are_the_same() -> None:
    assert ANYBODY.rights == SHARED_KEY.rights == {"call", "read", "trace"}
    assert (ANYBODY.actor, SHARED_KEY.actor) == ("", "")


def _summary_of(trace: Trace) -> Any:
    from plimsoll.tracing import TraceSummary

    return TraceSummary(**{name: getattr(trace, name) for name in TraceSummary.__dataclass_fields__})
