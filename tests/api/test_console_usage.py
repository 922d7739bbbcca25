"""The list of requests, budgets and the sums of a day."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient
from tests.api.test_console import HOSTILE, a_summary, words_of

from plimsoll.access import Acting
from plimsoll.access.limits import Budget, WindowUse
from plimsoll.access.limits._types import Window
from plimsoll.api import ApiSettings, create_app
from plimsoll.api.console._requests import Wish
from plimsoll.api.console._usage import BudgetLine, budget_card
from plimsoll.kernel.money import PICO_PER_USD
from plimsoll.tracing import CostLine, DaySummary, TraceFilter, TracePage
from plimsoll.tracing.usage import HourLine

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
USD = PICO_PER_USD


def use(scope: str, spent: int, *, measure: Any = "usd", span: Any = "day", leased: int = 0) -> WindowUse:
    window = Window("contracts", scope, measure, span, 0)
    return WindowUse(window, 20 * USD, spent, leased, 0, NOW + timedelta(hours=10))


def lines(service: Any, *, sees_users: bool = True) -> list[BudgetLine]:
    return list(budget_card(service, now=NOW, sees_users=sees_users).lines)


@pytest.fixture
def viewer(service: Any) -> Iterator[TestClient]:
    """Somebody who may look, and may not see what others asked."""
    key = "plim_" + "v" * 40
    service.keys[key] = Acting("s-00000000000000cc", "vera", frozenset({"read"}), "key:vvvv")
    app = create_app(service, settings=ApiSettings())
    with TestClient(app, base_url="http://localhost", headers={"authorization": f"Bearer {key}"}) as client:
        yield client


def test_a_list_is_narrowed_and_paged(client: TestClient, service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[TraceFilter, str]] = []

    def requests(wanted: TraceFilter, *, limit: int, after: str = "") -> TracePage:
        asked.append((wanted, after))
        return TracePage((a_summary(cached="exact", target="openai/b", model="openai/a"),), f"{limit}-7")

    monkeypatch.setattr(service, "requests", requests)
    service.lines = {"model": [CostLine("openai/b", 3, 1, 1, None, 3), CostLine("openai/none", 0, 0, 0, None, 0)]}
    page = client.get("/", params={"text": "notice & period", "status": "error", "model": "openai/z", "after": "9-9"})
    assert asked == [(TraceFilter(text="notice & period", status="error", model="openai/z"), "9-9")]
    assert "openai/b from the cache (exact)" in words_of(page.text)
    assert '<option value="error" selected>' in page.text
    assert '<option value="openai/z" selected>' in page.text
    assert '<option value="openai/b">' in page.text
    assert "openai/none" not in page.text
    assert 'value="notice &amp; period"' in page.text
    further = next(link for link in page.text.split('"') if "after=50-7" in link)
    assert parse_qs(urlsplit(further.replace("&amp;", "&")).query) == {
        "text": ["notice & period"],
        "status": ["error"],
        "model": ["openai/z"],
        "after": ["50-7"],
    }
    assert "Newest" in page.text
    assert "Environments" not in page.text


def test_the_first_page_leads_to_older_requests(
    client: TestClient, service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Older requests" not in client.get("/").text
    page = TracePage((a_summary(),), "12-3")
    monkeypatch.setattr(service, "requests", lambda _wanted, *, limit, after="": page if limit and not after else None)
    assert 'href="/?after=12-3"' in client.get("/").text


def test_nothing_fits(client: TestClient) -> None:
    words = words_of(client.get("/?text=" + HOSTILE.replace("<", "%3C")).text)
    assert "No request fits." in words
    assert "No requests yet" not in words


@pytest.mark.parametrize("address", ["/", "/?", "/?text=&status=&endpoint=", "/?text=%20", "/?colour=red"])
def test_an_address_that_asks_for_nothing_is_the_overview(client: TestClient, address: str) -> None:
    assert "Environments" in client.get(address).text


def test_what_others_asked_takes_a_right(viewer: TestClient, service: Any) -> None:
    service.summaries = [a_summary()]
    page = viewer.get("/")
    assert (page.status_code, "What other people asked" in page.text) == (200, True)
    assert viewer.get("/?text=notice").status_code == 403
    assert service.wanted == []


@given(st.text(max_size=40), st.text(max_size=40))
def test_an_address_leads_back_to_the_same_wish(text: str, model: str) -> None:
    wish = Wish.of({"text": text, "model": model})
    query = urlsplit(wish.address()).query
    assert Wish.of({name: values[0] for name, values in parse_qs(query).items()}) == wish
    assert wish.text.isprintable()


def test_budgets_fullest_first(service: Any) -> None:
    service.known_budgets = [
        Budget("everyone", "usd", "month", 200 * USD),
        Budget("each team", "usd", "day", 20 * USD),
        Budget("team:legal", "usd", "day", 10 * USD, alert_at=0.5),
        Budget("each user", "requests", "minute", 30),
        Budget("everyone", "tokens", "request", 4_000),
        Budget("key:ab12", "usd", "total", 0),
    ]
    service.known_windows = [
        use("team:legal", 6 * USD, leased=2 * USD),
        use("team:sales", 20 * USD),
        use("team:tiny", 1),
        use("user:ada", 12, measure="requests", span="minute"),
        use("project:gone", 5 * USD),
    ]
    told = [(line.who, line.used, line.amount, line.share, line.tone) for line in lines(service)]
    assert told == [
        ("key:ab12", "$0", "$0", "100 %", "bad"),
        ("team:sales", "$20.00", "$20.00", "100 %", "bad"),
        ("team:legal", "$6.00", "$10.00", "60 %", "warn"),
        ("user:ada", "12", "30 requests", "40 %", "good"),
        ("team:tiny", "< $0.000001", "$20.00", "< 1 %", "good"),
        ("everyone", "$0", "$200.00", "0 %", "good"),
        ("everyone", "", "4,000 tokens", "0 %", "good"),
    ]
    legal = lines(service)[2]
    assert (legal.span, legal.held, legal.anew) == ("a day", "$2.00", "in 10 h")


def test_users_are_named_only_to_whoever_may_see_traces(viewer: TestClient, service: Any) -> None:
    service.known_budgets = [Budget("each user", "requests", "day", 30), Budget("user:bob", "usd", "day", USD)]
    service.known_windows = [use("user:ada", 12, measure="requests")]
    page = words_of(viewer.get("/").text)
    assert "2 of users are not shown" in page
    assert "ada" not in page.split("Budgets")[1]
    assert "bob" not in page
    assert [line.who for line in lines(service)] == ["user:ada", "user:bob"]


def test_many_budgets_are_cut(client: TestClient, service: Any) -> None:
    service.known_budgets = [Budget(f"team:{number}", "usd", "day", USD) for number in range(40)]
    assert "28 more: plimsoll budget show --all" in words_of(client.get("/").text)


def test_no_windows_are_read_where_there_are_no_budgets(
    client: TestClient, service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "windows", None)
    assert "Nobody is held to a budget." in words_of(client.get("/").text)


@given(st.integers(0, 10**15), st.integers(0, 10**15))
def test_a_bar_stays_inside_and_its_colour_says_how_full_it_is(amount: int, spent: int) -> None:
    class Filled:
        """As much of a `Service` as is read."""

        def budgets(self) -> list[Budget]:
            return [Budget("everyone", "usd", "day", amount)]

        def windows(self, _now: datetime) -> list[WindowUse]:
            return [use("everyone", spent)]

    [line] = lines(Filled())
    assert 0 <= line.width <= 100
    assert (line.tone == "bad") == (spent >= amount)
    assert (line.share == "100 %") <= (spent >= amount)


def test_the_sums_of_a_day(client: TestClient, service: Any) -> None:
    hours = (HourLine(9, 8, 0, 10, 1, 0.1), HourLine(10, 2, 2, 10, 1, 0.0))
    service.day = DaySummary(NOW, 1_204, 2, 18_204, 912, 4_551, 3.25, 17, 412.0, 2_310.0, hours)
    page = client.get("/").text
    words = words_of(page)
    assert "Today 2026-11-21, UTC" in words
    assert "Requests 1,204 2 failed Cost $3.25 17 of unknown price Tokens in 18,204 25 % cached" in words
    assert "Half within 412 ms 95 % within 2.31 s" in words
    assert "Yesterday: 1,204 requests, $3.25" in words
    assert "09:00 to 10:00: 8 requests, $0.10" in words
    assert page.count('class="failed"') == 1


def test_a_cost_that_nobody_knows_is_not_nothing(client: TestClient, service: Any) -> None:
    service.day = DaySummary(NOW, 3, 0, 10, 1, 0, None, 3, 1.0, 1.0, ())
    words = words_of(client.get("/").text)
    assert "Cost unknown price 3 of unknown price" in words
    service.day = replace(service.day, requests=0, unknown=0, cost_usd=0.0)
    assert "Requests 0 Cost $0 Tokens in" in words_of(client.get("/").text)
