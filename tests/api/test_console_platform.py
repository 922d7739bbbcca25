"""The console over a real platform: what was asked, what it cost, who may use how much."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.api.harbour import LEAVE, Harbour
from tests.api.test_console import words_of
from tests.flows.conftest import FILES, Workshop

from plimsoll.access.limits import make_budget
from plimsoll.api import ApiSettings, create_app

BUDGETS = "budgets:\n  - {for: everyone, requests: 100, per: day}\n"


@pytest.fixture
def harbour(tmp_path: Path) -> Iterator[Harbour]:
    """One endpoint, the same route served as it is, one that embeds, and a budget for everyone."""
    workshop = Workshop(tmp_path / "harbour")
    workshop.write("plimsoll.yaml", FILES["plimsoll.yaml"] + BUDGETS)
    workshop.write("routes/vectors.yaml", "model: openai/text-embedding-3-small\nembeds: true\nserves: [vectors]\n")
    harbour = Harbour(workshop)
    harbour.ship()
    yield harbour
    workshop.close()


@pytest.fixture
def client(harbour: Harbour) -> Iterator[TestClient]:
    settings = ApiSettings(default_environment="staging", recent_traces=2)
    with TestClient(create_app(harbour.service(), settings=settings), base_url="http://localhost") as client:
        yield client


def ask(client: TestClient, question: str = LEAVE) -> str:
    body = {"model": "ask", "messages": [{"role": "user", "content": question}]}
    response = client.post("/v1/chat/completions", json=body)
    assert response.status_code == 200, response.text
    return str(response.headers["x-plimsoll-trace"])


def text(client: TestClient, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, response.text
    return words_of(response.text)


def test_requests_are_found_and_paged(client: TestClient) -> None:
    for question in (LEAVE, "Who pays for harbour dues?", LEAVE):
        ask(client, question)
    first = client.get("/").text
    assert first.count('href="/traces/') == 2
    further = first.split('href="/?after=')[1].split('"')[0]
    older = client.get(f"/?after={further}").text
    assert older.count('href="/traces/') == 1
    assert "Older requests" not in older
    assert client.get("/?text=dues").text.count('href="/traces/') == 1
    assert client.get("/?model=builtin/reader").text.count('href="/traces/') == 2
    for nothing in ("?model=builtin/other", "?status=error", "?status=unheard-of", "?text=%00%2A%22", "?joined=ab"):
        assert "No request fits." in text(client, f"/{nothing}"), nothing
    assert client.get("/?after=elsewhere").status_code == 400


def test_a_trace_shows_what_people_said_of_it(client: TestClient) -> None:
    trace = ask(client)
    given = {"trace": f"chatcmpl-{trace}", "score": -1, "label": "wrong", "comment": "It is <b>more</b>."}
    assert client.post("/v1/feedback", json=given).status_code == 200
    page = text(client, f"/traces/{trace}")
    assert "Feedback 1 bad wrong" in page
    assert "It is <b>more</b>." in page
    assert "Called by OpenAI chat completions Model that answered builtin/reader" in page


def test_the_day_and_the_budgets(client: TestClient, harbour: Harbour) -> None:
    ask(client)
    page = text(client, "/")
    assert "Requests 1 Cost $0" in page
    assert "everyone a day" in page
    assert "100 requests" in page
    made = make_budget("team:legal", {"usd": 5.0}, "month")
    platform = harbour.platform
    platform.budgets.set(platform.app, made, by=platform.acting.by)
    assert "team:legal a month $0 of $5.00" in text(client, "/")


def test_every_served_thing_is_called_as_what_it_is(client: TestClient, harbour: Harbour) -> None:
    served: dict[str, Any] = {model.id: model.gives for model in harbour.service().models()}
    assert served == {"harbour/ask": "chat", "vectors": "embeddings"}
    page = client.get("/").text
    assert "/v1/embeddings" in page
    assert "client.embeddings.create" in page
