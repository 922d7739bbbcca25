"""What programs and the console's page are told of guardrails."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.api.guard_desk import HOSTILE, LIVE, NOW, TRACE, ShownDesk

from plimsoll.api._errors import FieldError, MalformedBodyError
from plimsoll.api.console._guardrails import guardrails_page
from plimsoll.api.own import guardrail_routes, read_mark, write_marks
from plimsoll.flows.guard import MarkWish
from plimsoll.ledger import By

ANNA = By("s-00000000000000aa", "key:tw535cf8bb")


@pytest.fixture
def desk() -> ShownDesk:
    return ShownDesk()


@pytest.fixture
def client(desk: ShownDesk) -> TestClient:
    return TestClient(Starlette(routes=guardrail_routes(desk)))


def test_triggers_are_listed_with_what_people_say(client: TestClient, desk: ShownDesk) -> None:
    told = client.get("/api/guardrails/triggers").json()
    assert (told["object"], told["next"], len(told["triggers"])) == ("triggers", "", 4)
    first, _, failed, _ = told["triggers"]
    assert (first["trace"], first["check"], first["version"], first["mark"]) == (
        TRACE,
        "injection",
        "75ebbb1e",
        "right",
    )
    assert (failed["answered"], failed["score"], failed["mark"]) == (False, None, None)
    assert desk.wanted[0][1:] == (50, "")


def test_triggers_are_narrowed_by_the_address(client: TestClient, desk: ShownDesk) -> None:
    query = "check=pii&version=7&stage=output&action=flag&endpoint=ask&environment=production&limit=7&after=1-2-3"
    assert (
        client.get(f"/api/guardrails/triggers?{query}&since=2026-11-20&until=2026-11-21T08:00:00Z").status_code == 200
    )
    wanted, limit, after = desk.wanted[0]
    assert (wanted.check, wanted.version, wanted.stage, wanted.action) == ("pii", "7", "output", "flag")
    assert (wanted.endpoint, wanted.environment, limit, after) == ("ask", "production", 7, "1-2-3")
    assert wanted.since == datetime(2026, 11, 20, tzinfo=UTC)
    assert wanted.until == datetime(2026, 11, 21, 8, tzinfo=UTC)


def test_nothing_of_it_may_be_kept_by_a_cache(client: TestClient) -> None:
    for name in ("triggers", "rates", "matrix"):
        assert client.get(f"/api/guardrails/{name}").headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("name", "query", "param"),
    [
        ("triggers", "cheque=pii", "cheque"),
        ("triggers", "check=a&check=b", "check"),
        ("triggers", "check=" + "x" * 201, "check"),
        ("triggers", "check=a%00b", "check"),
        ("triggers", "since=yesterday", "since"),
        ("triggers", "since=7w", "since"),
        ("triggers", "until=2026-13-01", "until"),
        ("triggers", "limit=0", "limit"),
        ("triggers", "limit=1001", "limit"),
        ("triggers", "limit=x", "limit"),
        ("rates", "by=weather", "by"),
        ("rates", "limit=1", "limit"),
        ("matrix", "endpoint=ask", "endpoint"),
    ],
)
def test_what_is_wrong_with_an_address_is_named(client: TestClient, name: str, query: str, param: str) -> None:
    with pytest.raises(FieldError) as refused:
        client.get(f"/api/guardrails/{name}?{query}")
    assert refused.value.param == param


def test_rates_come_with_their_intervals(client: TestClient, desk: ShownDesk) -> None:
    told = client.get("/api/guardrails/rates?since=7d&by=stage,check").json()
    assert [*desk.windows[0][1]] == ["check", "stage"]
    window = desk.windows[0][0]
    assert (window.until - window.since).days == 7
    injection, pii, judge = told["rates"]
    assert (injection["right"], injection["wrong"], injection["precision"]["of"]) == (19, 4, 23)
    assert injection["precision"]["low"] < injection["precision"]["value"] < injection["precision"]["high"]
    assert (pii["precision"], judge["no_answer"], told["unread"]) == (None, 12, 18)


def test_the_matrix_shows_cells_holes_and_what_is_blocked(client: TestClient) -> None:
    ask, summary, topic = client.get("/api/guardrails/matrix").json()["places"]
    assert (ask["environment"], ask["release"], ask["guardrail"], ask["holes"]) == ("production", LIVE, "standard", [])
    output = ask["stages"][4]
    assert [(cell["check"], cell["action"], cell["on_error"], cell["reads"]) for cell in output["cells"]] == [
        ("pii", "redact", "block", "piece by piece"),
        ("judge", "flag", "flag", "at the end"),
    ]
    assert [line["instead"] for line in ask["stages"]] == [None, None, "output", "retrieved", None]
    assert (summary["guardrail"], len(summary["holes"])) == (None, 5)
    assert all(line["blocked"] and not line["cells"] for line in topic["stages"])


def body(**said: Any) -> bytes:
    return json.dumps({"trace": TRACE, "check": "injection", "mark": "right", **said}).encode()


def test_a_mark_is_read_and_confirmed(desk: ShownDesk) -> None:
    wish = read_mark(body(stage="input", kind="override", note="a quotation"), ANNA)
    assert wish == MarkWish(TRACE, "injection", "right", "input", "override", "a quotation", ANNA)
    (mark,) = json.loads(write_marks(desk.mark(wish)))["marks"]
    assert (mark["entry"], mark["mark"], mark["by"], mark["check"]) == (17, "right", ANNA.actor, "injection")
    assert "note" not in mark


@pytest.mark.parametrize("name", [f"resp_{TRACE}", f"msg_{TRACE}"])
def test_a_mark_may_name_the_answer(name: str) -> None:
    assert read_mark(body(trace=name), ANNA).trace == TRACE


@pytest.mark.parametrize(
    "changes",
    [{"mark": "maybe"}, {"stage": "middle"}, {"check": ""}, {"trace": ""}, {"note": "x" * 2_001}, {"who": "me"}],
)
def test_a_mark_that_cannot_be_read_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(FieldError):
        read_mark(body(**changes), ANNA)
    with pytest.raises(MalformedBodyError):
        read_mark(b"{", ANNA)


def test_the_page_has_a_row_for_each_check_and_a_cell_for_each_stage(desk: ShownDesk) -> None:
    page = guardrails_page(desk, sees_traces=True, now=NOW)
    ask, summary, topic = page.cards
    assert [(line.check, line.from_score) for line in ask.lines] == [
        ("pii", ""),
        ("injection", "from 0.7"),
        ("judge", "from 0.4"),
    ]
    pii, injection, judge = ask.lines
    assert [[mark.badge.word for mark in cell] for cell in pii.cells] == [["redact"]] * 5
    assert [[mark.badge.word for mark in cell] for cell in injection.cells] == [["block"], ["block"], [], ["block"], []]
    assert judge.cells[4][0].details == "holds the answer · no answer: flag"
    assert judge.exceptions == ("not for load-test until 2027-03-31: load test of March",)
    assert (ask.holes, summary.holes, summary.lines, topic.holes) == ("", "5 holes", (), "")
    assert topic.stages[0].blocked


def test_a_check_that_gave_no_answer_is_not_shown_as_passed(desk: ShownDesk) -> None:
    page = guardrails_page(desk, sees_traces=True, now=NOW)
    assert page.triggers is not None
    failed = page.triggers[2]
    assert (failed.badge.word, failed.badge.tone, failed.score) == ("no answer", "bad", "—")
    assert [line.failed for line in page.rates] == ["", "", "12"]


def test_who_may_not_see_traces_is_shown_no_triggers(desk: ShownDesk) -> None:
    page = guardrails_page(desk, sees_traces=False, now=NOW)
    assert (page.triggers, desk.wanted) == (None, [])


def test_an_empty_house_has_an_empty_page() -> None:
    page = guardrails_page(ShownDesk(empty=True), sees_traces=True, now=NOW)
    assert (page.cards, page.rates, page.triggers, page.unread) == ((), (), (), "")


def test_hostile_names_are_told_as_they_are(desk: ShownDesk) -> None:
    page = guardrails_page(desk, sees_traces=True, now=NOW)
    assert page.triggers is not None
    assert page.triggers[3].check == f"{HOSTILE}.x"
