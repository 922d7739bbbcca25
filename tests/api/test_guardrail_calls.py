"""Guardrails through the door: marks, lists and the page, and a platform behind them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.api.guard_desk import HOSTILE, TRACE
from tests.api.harbour import LEAVE, Harbour
from tests.flows.conftest import Workshop

from plimsoll.api import ApiSettings, create_app
from plimsoll.reviews.marks import Marks

GUARDRAIL = "checks:\n  - {check: pii, kinds: [email], on: [input], action: flag}\n"
ENDPOINT = "kind: rag\nprompt: answer\nknowledge: texts\nroute: default\nguardrail: standard\n"


def test_a_mark_is_somebodys(client: TestClient, service: Any) -> None:
    told = client.post("/api/guardrails/marks", json={"trace": TRACE, "check": "injection", "mark": "right"})
    assert (told.is_client_error, service.guardrails.marked) == (True, [])


def test_the_page_shows_hostile_names_as_text(client: TestClient) -> None:
    page = client.get("/guardrails").text
    assert HOSTILE not in page
    assert "Where they look" in page
    assert "5 holes" in page


@pytest.fixture
def harbour(tmp_path: Path) -> Iterator[Harbour]:
    workshop = Workshop(tmp_path / "harbour")
    workshop.write("guardrails/standard.yaml", GUARDRAIL)
    workshop.write("endpoints/ask.yaml", ENDPOINT)
    yield Harbour(workshop)
    workshop.close()


def test_a_platform_lists_marks_and_counts_what_its_guardrails_found(harbour: Harbour) -> None:
    harbour.ship("production")
    platform = harbour.platform
    actor = platform.access.create_actor("clerk", kind="service", roles=["developer"], by=platform.acting.by)
    key = platform.access.create_key("clerk", by=platform.acting.by).secret
    app = create_app(harbour.service(), settings=ApiSettings(default_environment="production"))
    with TestClient(app, base_url="http://localhost", headers={"authorization": f"Bearer {key}"}) as client:
        asked = {"model": "harbour/ask", "messages": [{"role": "user", "content": f"{LEAVE} I am a@b.co"}]}
        answer = client.post("/v1/chat/completions", json=asked)
        assert answer.status_code == 200, answer.text
        trace = answer.json()["id"]
        said = {"trace": trace, "check": "pii", "mark": "wrong", "note": "our own address"}
        (mark,) = client.post("/api/guardrails/marks", json=said).json()["marks"]
        assert (mark["kind"], mark["stage"], mark["by"]) == ("email", "input", actor.id)
        (found,) = client.get("/api/guardrails/triggers").json()["triggers"]
        assert (found["check"], found["endpoint"], found["action"], found["mark"]) == ("pii", "ask", "flag", "wrong")
        (rate,) = client.get("/api/guardrails/rates").json()["rates"]
        assert (rate["asked"], rate["triggered"], rate["wrong"], rate["precision"]["value"]) == (1, 1, 1, 0.0)
        places = {one["endpoint"]: one for one in client.get("/api/guardrails/matrix").json()["places"]}
        assert places["ask"]["holes"] == ["retrieved", "tool_call", "output"]
        assert "pii.email" in client.get("/guardrails").text
    marks = Marks(platform.ledger).of_trace("harbour", found["trace"])
    assert [(one.said, one.actor, one.note) for one in marks] == [("wrong", actor.id, "our own address")]
