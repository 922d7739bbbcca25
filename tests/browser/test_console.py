"""The console as a browser shows it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.shown import TRACES

QUESTION = "How much notice must we give before we can end the Acme contract?"
PATHS = ["/", "/guardrails", "/?status=ok&after=6", *(f"/traces/{trace.id}" for trace in TRACES)]


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that must not complain: no error in the console, no failed request."""
    complaints: list[str] = []
    context = browser.new_context(color_scheme=request.param, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    # A request that is given up because the page is left is no failure.
    page.on("requestfailed", lambda one: None if one.failure == "net::ERR_ABORTED" else complaints.append(one.url))
    yield page
    context.close()
    assert complaints == []


def _overflow(page: Page) -> Any:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def test_from_the_overview_to_a_trace(page: Page, console: Callable[..., str]) -> None:
    page.goto(console())
    expect(page).to_have_title("Overview · Plimsoll")
    expect(page.get_by_role("heading", name="Environments")).to_be_visible()
    expect(page.get_by_text("candidate r-77aa01 answers 10 % of the traffic")).to_be_visible()
    expect(page.get_by_text("by Ana Ferreira").first).to_be_visible()
    page.get_by_role("link", name=QUESTION).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(QUESTION)
    expect(page.locator("#passage-1 mark")).to_contain_text("ninety (90) days' prior written notice.")
    page.get_by_role("link", name="Passage 1").first.click()
    expect(page.locator("#passage-1:target")).to_be_visible()
    page.get_by_role("link", name="Overview").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def test_hostile_text_is_only_text(page: Page, console: Callable[..., str]) -> None:
    address = console()
    page.on("dialog", lambda _: pytest.fail("a script from a document ran"))
    page.goto(address)
    expect(page.get_by_role("link", name="<script>alert('x')</script>")).to_be_visible()
    page.goto(f"{address}/traces/4bf92f3577b34da6a3ce929d0e0e4736")
    expect(page.get_by_text("contracts/<script>alert(1)</script>.docx")).to_be_visible()
    assert page.locator("main script, main [onerror]").count() == 0


def test_where_guardrails_look_and_what_they_did(page: Page, console: Callable[..., str]) -> None:
    page.goto(console())
    page.get_by_role("link", name="Guardrails").click()
    expect(page).to_have_title("Guardrails · Plimsoll")
    ask, summary, topic = page.locator(".guarded").all()
    expect(ask.locator("tbody tr")).to_have_count(3)
    expect(ask.get_by_text("not for load-test until 2027-03-31: load test of March")).to_be_visible()
    expect(summary.get_by_text("5 holes")).to_be_visible()
    expect(summary.locator(".hole")).to_have_count(5)
    expect(topic.get_by_text("blocked", exact=True)).to_have_count(5)
    row = page.locator("table.rates tbody tr").first
    whole, full = row.locator(".track").bounding_box(), row.locator(".fill").bounding_box()
    assert whole
    assert full
    assert full["width"] == pytest.approx(whole["width"] * 0.826, abs=1)
    expect(page.locator("table.triggers tbody tr")).to_have_count(4)
    expect(page.locator("table.triggers").get_by_text("<script>alert('x')</script>.x")).to_be_visible()


def test_the_whole_row_is_the_link(page: Page, console: Callable[..., str]) -> None:
    page.goto(console())
    last = page.locator("table.requests tbody tr").first.locator("td").last
    last.scroll_into_view_if_needed()
    cell = last.bounding_box()
    assert cell
    page.mouse.click(cell["x"] + cell["width"] / 2, cell["y"] + cell["height"] / 2)
    expect(page.get_by_role("heading", level=1)).to_have_text(QUESTION)


def test_styles_are_loaded(page: Page, console: Callable[..., str]) -> None:
    page.goto(console())
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    scheme = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert colour == ("rgb(11, 19, 27)" if scheme else "rgb(243, 246, 248)")
    assert page.evaluate("document.querySelector('.brand img').naturalWidth") > 0


@pytest.mark.parametrize("width", [320, 400, 800, 1280])
def test_nothing_sticks_out(page: Page, console: Callable[..., str], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    address = console()
    for path in PATHS:
        page.goto(address + path)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert _overflow(page) <= 0, path


def test_an_empty_console_says_what_to_do(page: Page, console: Callable[..., str]) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto(console(empty=True))
    expect(page.get_by_text("No environment yet.")).to_be_visible()
    expect(page.get_by_text("No requests yet.")).to_be_visible()
    assert _overflow(page) <= 0


def test_requests_are_looked_for_without_a_script(page: Page, console: Callable[..., str]) -> None:
    page.goto(console())
    page.get_by_label("Text").fill("penalty")
    page.get_by_label("Outcome").select_option("left by the client")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Requests")
    expect(page.locator("table.requests tbody tr")).to_have_count(1)
    expect(page.get_by_label("Text")).to_have_value("penalty")
    expect(page.get_by_label("Outcome")).to_have_value("cancelled")
    page.get_by_label("Text").fill("no such words")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_text("No request fits.")).to_be_visible()
    page.get_by_role("link", name="Back to all of them").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def test_older_requests_and_back(page: Page, console: Callable[..., str]) -> None:
    page.goto(console())
    first = page.locator("table.requests tbody tr")
    expect(first).to_have_count(6)
    page.get_by_role("link", name="Older requests").click()
    expect(page.get_by_role("link", name="Is there a penalty for late delivery?")).to_be_visible()
    expect(page.get_by_role("link", name="Older requests")).to_have_count(0)


def test_what_the_route_did_and_what_people_think(page: Page, console: Callable[..., str]) -> None:
    page.goto(f"{console()}/traces/{TRACES[1].id}")
    rows = page.locator("table.route tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text("provider rate limited")
    page.locator("details.message").last.click()
    expect(page.get_by_text("image/png, 34 kB", exact=True)).to_be_visible()
    expect(page.get_by_text("It should know <b>the weather</b> without a tool.")).to_be_visible()
    expect(page.locator("main img")).to_have_count(0)


def test_budgets_are_bars_as_long_as_they_are_full(page: Page, console: Callable[..., str]) -> None:
    page.goto(console())
    lines = page.locator(".budget")
    expect(lines.first).to_contain_text("team:legal")
    whole = lines.first.locator(".track").bounding_box()
    full, some = lines.first.locator(".fill").bounding_box(), lines.nth(2).locator(".fill").bounding_box()
    assert whole
    assert full
    assert some
    assert full["width"] == pytest.approx(whole["width"], abs=1)
    assert some["width"] == pytest.approx(whole["width"] * 0.211, abs=1)
