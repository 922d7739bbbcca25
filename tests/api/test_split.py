"""A candidate that shares the traffic: sticky for each person, one release for each answer, and seen by people."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.api.harbour import LEAVE, Harbour
from tests.flows.conftest import Workshop

from plimsoll.access import Acting
from plimsoll.api import ApiSettings, create_app
from plimsoll.flows.promote import Wish, end_share, ship
from plimsoll.releases import Release
from plimsoll.settings import SecretMissingError

USERS = [f"customer-{number}" for number in range(40)]
DAYS = {"live": "twenty-six days", "candidate": "thirty-one days"}


class Shared:
    """A live release that says one thing, and a candidate for half of the traffic that says another."""

    def __init__(self, harbour: Harbour) -> None:
        self.harbour = harbour
        self.platform = harbour.platform
        self.live: Release = harbour.ship()
        leave = harbour.workshop.documents / "policies" / "leave.md"
        leave.write_text("# Leave\n\nEvery employee has thirty-one days of paid leave in a year.")
        self.candidate = harbour.freeze()
        ship(self.candidate, Wish("staging", share=0.5), self.platform.promote_parts())
        self.service = harbour.service()
        self.text = {self.live.manifest.digest: DAYS["live"], self.candidate.manifest.digest: DAYS["candidate"]}

    def key(self, name: str) -> str:
        """The key of a new actor who may ask."""
        by = self.platform.acting.by
        self.platform.access.create_actor(name, kind="service", roles=["developer"], team="search", by=by)
        return self.platform.access.create_key(name, by=by).secret


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Shared]:
    workshop = Workshop(tmp_path / "harbour")
    yield Shared(Harbour(workshop))
    workshop.close()


@pytest.fixture
def client(shared: Shared) -> Iterator[TestClient]:
    settings = ApiSettings(default_environment="staging", key_kept_s=0)
    with TestClient(create_app(shared.service, settings=settings), base_url="http://localhost") as client:
        yield client


def ask(client: TestClient, *, key: str = "", **fields: Any) -> Any:
    body = {"model": "ask", "messages": [{"role": "user", "content": LEAVE}], **fields}
    response = client.post("/v1/chat/completions", json=body, headers={"authorization": f"Bearer {key}"})
    assert response.status_code == 200, response.text
    return response


def release_of(response: Any) -> str:
    release: str = response.headers["x-plimsoll-release"]
    return release


def test_one_user_always_meets_the_same_release_and_many_meet_both(client: TestClient, shared: Shared) -> None:
    first = {user: release_of(ask(client, user=user)) for user in USERS}
    again = {user: release_of(ask(client, safety_identifier=user)) for user in reversed(USERS)}
    assert first == again
    assert set(first.values()) == {shared.live.manifest.digest, shared.candidate.manifest.digest}


def test_every_answer_is_made_by_one_release_alone(client: TestClient, shared: Shared) -> None:
    for number, user in enumerate(USERS[:16]):
        response = ask(client, user=user, stream=number % 2 == 1)
        release = release_of(response)
        if number % 2:
            events = [json.loads(line[6:]) for line in response.text.split("\n\n") if line[6:].startswith("{")]
            text = "".join(event["choices"][0]["delta"].get("content", "") for event in events)
            facts, fingerprints = events[-1]["plimsoll"], {event["system_fingerprint"] for event in events}
        else:
            answer = response.json()
            text, facts = answer["choices"][0]["message"]["content"], answer["plimsoll"]
            fingerprints = {answer["system_fingerprint"]}
        trace = shared.service.trace(response.headers["x-plimsoll-trace"])
        assert {facts["release"], trace.release} == {release}
        assert fingerprints == {facts["release_name"]} == {response.headers["x-plimsoll-release-name"]}
        assert shared.text[release] in text
        assert all(shared.text[release] in quote["quote"] for quote in facts["citations"])
        assert trace.user_id == user


def test_without_a_user_the_key_stays_with_one_release(client: TestClient, shared: Shared) -> None:
    key = shared.key("search-service")
    answers = [ask(client, key=key) for _ in range(6)]
    assert len({release_of(answer) for answer in answers}) == 1
    trace = shared.service.trace(answers[0].headers["x-plimsoll-trace"])
    actor = shared.platform.access.actor("search-service").id
    assert (trace.caller, trace.team, trace.user_id) == (actor, "search", "")
    page = client.get(f"/traces/{trace.id}", headers={"authorization": f"Bearer {key}"}).text
    assert "search-service" in page
    assert actor not in page


def test_when_nobody_is_known_each_request_is_on_its_own(client: TestClient) -> None:
    counted = Counter(release_of(ask(client)) for _ in range(40))
    assert len(counted) == 2


def test_when_the_split_ends_everybody_meets_the_live_release(client: TestClient, shared: Shared) -> None:
    end_share("harbour", Wish("staging"), shared.platform.promote_parts())
    assert {release_of(ask(client, user=user)) for user in USERS} == {shared.live.manifest.digest}


def test_the_console_shows_the_candidate_and_names(client: TestClient, shared: Shared) -> None:
    page = client.get("/").text
    assert f'candidate <code class="release">{shared.candidate.manifest.name}</code> answers 50 %' in page
    assert "Gave 50 % of the traffic to" in page
    assert "by ada" in page
    assert shared.platform.acting.actor not in page


def test_whoever_is_erased_is_gone_from_the_next_page(client: TestClient, shared: Shared) -> None:
    acting: Acting = shared.platform.acting
    assert "by ada" in client.get("/").text
    shared.platform.ledger.erase(acting.actor, {"basis": "asked"}, by=acting.by)
    page = client.get("/").text
    assert "by ada" not in page
    assert acting.actor in page


def test_a_candidate_that_cannot_answer_is_found(shared: Shared) -> None:
    assert shared.service.ready() is None
    shared.service.check("staging")
    shared.harbour.workshop.write("routes/default.yaml", "model: openai/gpt-4.1-mini\napi_key: ${env:HARBOUR_KEY}\n")
    broken = shared.harbour.freeze()
    ship(broken, Wish("staging", share=0.1), shared.platform.promote_parts())
    reason = shared.service.ready() or ""
    assert "staging cannot answer (secret_missing)" in reason
    assert "HARBOUR_KEY" not in reason
    with pytest.raises(SecretMissingError, match="HARBOUR_KEY"):
        shared.service.check("staging")
    ship(shared.candidate, Wish("production"), shared.platform.promote_parts())
    assert shared.service.ready() is None
