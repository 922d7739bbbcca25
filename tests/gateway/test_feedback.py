"""What people think of answers is kept with the answer."""

import time
from collections.abc import Iterator

import pytest
from tests.gateway.echo import Echo
from tests.gateway.port import Gateway, gateway
from tests.gateway.surfaces import SURFACES, Surface


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, echo_server: Echo) -> Iterator[Gateway]:
    files = {"routes/default.yaml": f"model: vllm/e\nbase_url: {echo_server.url}/v1\nserves: [e]\n"}
    with gateway(tmp_path_factory.mktemp("feedback") / "harbour", files) as found:
        found.key = found.make_key("one")
        yield found


@pytest.mark.parametrize("surface", SURFACES, ids=str)
@pytest.mark.parametrize("by", ["id", "trace"])
def test_an_answer_is_judged_by_its_id_or_its_trace(port: Gateway, heard: Echo, surface: Surface, by: str) -> None:
    del heard
    response = port.ask(surface, "e")
    trace = response.headers["x-plimsoll-trace"]
    judged = response.json()["id"] if by == "id" else trace
    given = {"trace": judged, "score": False, "label": "wrong", "comment": "Not so.", "user": "anna"}
    told = port.post("/v1/feedback", given)
    assert told.status_code == 200, told.text
    assert told.json() == {"trace": trace, "object": "feedback", "accepted": True}
    (judgement,) = port.platform.feedback.of_trace(trace)
    said = judgement.said
    assert (said.score, said.label, said.comment, said.user) == (-1.0, "wrong", "Not so.", "anna")
    assert said.by == port.platform.access.actor("one").id


@pytest.mark.parametrize(
    ("given", "status", "param"),
    [
        ({"trace": "0" * 32, "score": 1}, 404, None),
        ({"trace": "nonsense", "score": 1}, 400, "trace"),
        ({"trace": "0" * 32}, 400, "score"),
        ({"trace": "0" * 32, "score": 7}, 400, "score"),
        ({"trace": "0" * 32, "score": 1, "stars": 5}, 400, None),
    ],
)
def test_what_cannot_be_kept(port: Gateway, given: dict[str, object], status: int, param: str | None) -> None:
    response = port.post("/v1/feedback", given)
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert param is None or error["param"] == param


def test_many_may_judge_one_answer(port: Gateway, heard: Echo) -> None:
    del heard
    trace = port.ask(SURFACES[0], "e").headers["x-plimsoll-trace"]
    for score in (1, 0.5, True):
        assert port.post("/v1/feedback", {"trace": trace, "score": score}).status_code == 200
    assert [judgement.said.score for judgement in port.platform.feedback.of_trace(trace)] == [1.0, 0.5, 1.0]


def test_a_key_of_a_team_judges_and_adds_to_its_own_team_s_answers_alone(port: Gateway, heard: Echo) -> None:
    del heard
    keys = {team: port.make_key(f"of {team}", team=team) for team in ("legal", "sales")}
    hello = {"model": "e", "messages": [{"role": "user", "content": "Hello?"}]}
    trace = port.post("/v1/chat/completions", hello, key=keys["legal"]).headers["x-plimsoll-trace"]
    told = {name: port.post("/v1/feedback", {"trace": trace, "score": 1}, key=key) for name, key in keys.items()}
    assert {name: response.status_code for name, response in told.items()} == {"legal": 200, "sales": 404}
    missing = port.post("/v1/feedback", {"trace": "0" * 32, "score": 1}, key=keys["sales"]).json()["error"]
    refused = told["sales"].json()["error"]
    assert {**refused, "message": refused["message"].replace(trace, "0" * 32)} == missing
    now = time.time_ns()
    span = {"traceId": trace, "spanId": "ab" * 8, "name": "s", "startTimeUnixNano": now, "endTimeUnixNano": now}
    sent = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    assert port.post("/v1/traces", sent, key=keys["sales"]).json()["partialSuccess"]["rejectedSpans"] == "1"
    assert len(port.trace_of(trace).spans) == 2
    assert port.post("/v1/traces", sent, key=keys["legal"]).json() == {}
    assert len(port.platform.feedback.of_trace(trace)) == 1
    teamless = port.ask(SURFACES[0], "e").headers["x-plimsoll-trace"]
    assert port.post("/v1/feedback", {"trace": teamless, "score": 1}, key=keys["sales"]).status_code == 200
