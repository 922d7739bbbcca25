"""Figures, moments and marked text."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.api._problems import without_file_paths
from plimsoll.api.console._highlight import link_markers, mark_quotes
from plimsoll.api.console._present import ahead, cost, duration, exact_cost, price, share, when

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (None, "—"),
        (0.0, "0.0 ms"),
        (3.14, "3.1 ms"),
        (38.4, "38 ms"),
        (999.7, "1.00 s"),
        (1240.0, "1.24 s"),
        (125_000.0, "2 min 5 s"),
    ],
)
def test_durations(milliseconds: float | None, text: str) -> None:
    assert duration(milliseconds) == text


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (None, "—"),
        (0.0, "$0"),
        (0.0000001, "< $0.000001"),
        (0.0000042, "$0.0000042"),
        (0.0012, "$0.0012"),
        (0.05, "$0.050"),
        (0.5, "$0.50"),
        (1234.5, "$1,234.50"),
    ],
)
def test_costs(usd: float | None, text: str) -> None:
    assert cost(usd) == text


@pytest.mark.parametrize(
    ("usd", "text"),
    [(0.0, "$0"), (0.014235, "$0.014235"), (10.0, "$10"), (1234.5, "$1,234.5"), (1e-9, "< $0.000001")],
)
def test_exact_costs(usd: float, text: str) -> None:
    assert exact_cost(usd) == text


def test_a_price_is_unknown_only_where_something_was_used() -> None:
    assert (price(None, 5), price(None, 0), price(0.0, 5), price(0.5, 5)) == ("unknown price", "—", "$0", "$0.50")


@pytest.mark.parametrize(
    ("until", "text"),
    [
        (timedelta(seconds=-3), "in 1 s"),
        (timedelta(seconds=90), "in 90 s"),
        (timedelta(minutes=5), "in 5 min"),
        (timedelta(hours=30), "in 30 h"),
        (timedelta(days=10), "in 10 days"),
    ],
)
def test_moments_to_come(until: timedelta, text: str) -> None:
    assert ahead(NOW + until, NOW) == text


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=-3), "just now"),
        (timedelta(seconds=20), "20 s ago"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=30), "30 h ago"),
        (timedelta(days=10), "10 days ago"),
        (timedelta(days=100), "3 months ago"),
    ],
)
def test_moments(ago: timedelta, text: str) -> None:
    assert when(NOW - ago, NOW).ago == text


def test_quotes_are_marked_where_they_stand() -> None:
    pieces = mark_quotes("no. yes and no. end", [(112, "no."), (104, "yes and")], offset=100)
    assert [(piece.text, piece.marked) for piece in pieces] == [
        ("no. ", False),
        ("yes and", True),
        (" ", False),
        ("no.", True),
        (" end", False),
    ]


def test_a_quote_with_a_wrong_place_is_looked_for() -> None:
    assert [piece.text for piece in mark_quotes("a b c", [(999, "b")], offset=0) if piece.marked] == ["b"]
    assert not any(piece.marked for piece in mark_quotes("a b c", [(0, "z"), (0, "")], offset=0))


@given(
    text=st.text(alphabet="ab [1]", max_size=30),
    quotes=st.lists(st.tuples(st.integers(-5, 40), st.text(alphabet="ab ", max_size=5)), max_size=5),
    offset=st.integers(0, 5),
)
def test_no_text_is_lost_or_doubled(text: str, quotes: list[tuple[int, str]], offset: int) -> None:
    assert "".join(piece.text for piece in mark_quotes(text, quotes, offset=offset)) == text
    linked = link_markers(text, last=1)
    assert "".join(f"[{piece.text}]" if piece.passage else piece.text for piece in linked) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/srv/data/records.db is damaged", "records.db is damaged"),
        ("changed on disk (/srv/data/blobs/ab/cd)", "changed on disk (cd)"),
        ("`~/.plimsoll/x.db`: locked", "`x.db`: locked"),
        (r"C:\Users\ana\x.db is locked", "x.db is locked"),
        ("call POST /v1/chat/completions", "call POST /v1/chat/completions"),
        ("see http://localhost:8000/a/b", "see http://localhost:8000/a/b"),
        ("contracts/acme.pdf and/or contracts/ask", "contracts/acme.pdf and/or contracts/ask"),
    ],
)
def test_paths_of_this_machine_are_cut(text: str, told: str) -> None:
    assert without_file_paths(text) == told


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (0.1, "10 %"),
        (0.07, "7 %"),
        (0.125, "12.5 %"),
        (0.5, "50 %"),
        (1e-9, "0.01 %"),
        (1 - 1e-9, "99.99 %"),
        (1, "100 %"),
    ],
)
def test_shares(part: float, text: str) -> None:
    assert share(part) == text
