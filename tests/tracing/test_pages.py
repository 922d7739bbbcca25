"""Lists of traces: filters, pages that never skip or repeat, and a search that misses nothing."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import event
from tests.tracing.test_traces import NOW, a_trace

from plimsoll.kernel.errors import InvalidError
from plimsoll.storage import Database
from plimsoll.storage.migrations.traces import TRACES
from plimsoll.storage.search import words_of
from plimsoll.tracing import Capture, Trace, TraceFilter, Traces


def one(number: int = 0, **changes: Any) -> Trace:
    return replace(a_trace(number), **changes)


def ids(traces: Traces, wanted: TraceFilter, *, limit: int = 50, after: str = "") -> list[str]:
    return [trace.id for trace in traces.page("app", wanted, limit=limit, after=after).traces]


def through(traces: Traces, wanted: TraceFilter, limit: int) -> list[str]:
    """All pages, one after the other."""
    found: list[str] = []
    after = ""
    while True:
        page = traces.page("app", wanted, limit=limit, after=after)
        found += [trace.id for trace in page.traces]
        after = page.next
        if not after:
            return found


MATCHES: list[tuple[TraceFilter, dict[str, Any]]] = [
    (TraceFilter(status="error"), {"status": "error"}),
    (TraceFilter(environment="production"), {"environment": "production"}),
    (TraceFilter(endpoint="other"), {"endpoint": "other"}),
    (TraceFilter(model="openai/a"), {"model": "openai/a"}),
    (TraceFilter(model="openai/b"), {"model": "route", "target": "openai/b"}),
    (TraceFilter(user="u-7"), {"user_id": "u-7"}),
    (TraceFilter(team="harbour"), {"team": "harbour"}),
    (TraceFilter(project="leases"), {"project": "leases"}),
    (TraceFilter(key="plim_ab"), {"key": "plim_ab"}),
    (TraceFilter(cost_at_least_usd=0.5), {"cost_usd": 0.5}),
    (TraceFilter(joined="ab" * 16), {"joined": f"{'ab' * 16}-{'cd' * 8}"}),
    (TraceFilter(since=NOW + timedelta(hours=1)), {"started_at": NOW + timedelta(hours=1)}),
    (TraceFilter(until=NOW - timedelta(hours=1)), {"started_at": NOW - timedelta(hours=2)}),
    (TraceFilter(text="Kündigung"), {"question": "Wann ist die KÜNDIGUNG möglich?"}),
    (TraceFilter(text="harbour", team="harbour"), {"answer": "the Harbour office", "team": "harbour"}),
]


@pytest.mark.parametrize(("wanted", "changes"), MATCHES)
def test_a_filter_finds_what_fits_and_nothing_else(
    traces: Traces, wanted: TraceFilter, changes: dict[str, Any]
) -> None:
    fitting, other = one(**changes), one(cost_usd=0.49)
    traces.write([fitting, other])
    assert ids(traces, wanted) == [fitting.id]
    assert traces.get("app", fitting.id) == fitting


def test_pages_show_each_trace_once_newest_first(traces: Traces) -> None:
    """Also where many began at the same moment."""
    some = [one(number // 4) for number in range(23)]
    traces.write(some)
    found = through(traces, TraceFilter(), 5)
    assert len(found) == len(set(found)) == 23
    moments = {trace.id: trace.started_at for trace in some}
    assert [moments[found_id] for found_id in found] == sorted(moments.values(), reverse=True)


def test_what_comes_while_somebody_turns_pages_moves_nothing(traces: Traces) -> None:
    traces.write([one(number) for number in range(6)])
    first = traces.page("app", limit=3)
    traces.write([one(number + 10) for number in range(6)])
    second = traces.page("app", limit=3, after=first.next)
    assert [trace.question for trace in (*first.traces, *second.traces)] == [
        f"question {n}?" for n in (5, 4, 3, 2, 1, 0)
    ]
    assert second.next == ""


@pytest.mark.parametrize("after", ["x", "1-2-3", "-1-5", "1", f"{10**30}-1", "٣-1"])
def test_a_place_that_no_page_named_is_refused(traces: Traces, after: str) -> None:
    with pytest.raises(InvalidError):
        traces.page("app", limit=3, after=after)


def test_a_search_finds_what_was_written_a_moment_ago(traces: Traces) -> None:
    for number in range(5):
        trace = one(question=f"clause {number} of the lease")
        traces.write([trace])
        assert ids(traces, TraceFilter(text=f"clause {number}")) == [trace.id]


def test_a_search_turns_pages_too(traces: Traces) -> None:
    some = [one(number, question="about the lease" if number % 3 else "something else") for number in range(40)]
    traces.write(some)
    wanted = [trace.id for trace in reversed(some) if trace.question == "about the lease"]
    assert through(traces, TraceFilter(text="lease"), 4) == wanted


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Notice", True),
        ("notice period", True),
        ("period notice", True),
        ("notice absent", False),
        ("not", False),
        ("not*", True),
        ("cafe", True),
        ("CAFÉ", True),
        ("契約", True),
        ("日本 契約", False),
        ("42", True),
        ('"notice" -period:', True),
        ("", True),
        ("!?", False),
        ("ada lovelace", True),
    ],
)
def test_words_are_found_whatever_their_case_accents_and_order(traces: Traces, text: str, found: bool) -> None:
    trace = one(question="The NOTICE-period of the café, ada.lovelace@example.org", answer="42 days 賃貸契約書")
    traces.write([trace])
    assert bool(ids(traces, TraceFilter(text=text))) is found


@given(st.text(max_size=60))
def test_any_text_is_a_search(text: str) -> None:
    """Words hold nothing that means anything to a search engine."""
    for word, _ in words_of(text):
        assert word
        assert not set(word) & set("\"'*():^-&|!<> \0")


def test_an_emptied_store_finds_nothing_of_its_former_life(database: Database, traces: Traces) -> None:
    traces.write([one(question="former life")])
    assert ids(traces, TraceFilter(text="former"))
    with database.write() as connection:
        for table in ("piece", "trace", "trace_counter"):
            connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608  # names from the line above
    again = one(question="another life")
    traces.write([again])
    assert ids(traces, TraceFilter(text="former")) == []
    assert ids(traces, TraceFilter(text="life")) == [again.id]


def test_what_is_forgotten_is_found_no_more(database: Database, traces: Traces) -> None:
    old, young = one(-100, question="lease of old"), one(question="lease of today")
    theirs = one(question="lease of somebody", user_id="u-7")
    traces.write([old, theirs, young])
    assert len(ids(traces, TraceFilter(text="lease"))) == 3
    traces.purge_before(NOW - timedelta(seconds=50))
    assert ids(traces, TraceFilter(text="lease")) == [young.id, theirs.id]
    traces.purge_subject("u-7")
    assert ids(traces, TraceFilter(text="lease")) == [young.id]
    assert ids(traces, TraceFilter(text="somebody")) == []
    later = one(1, question="lease of tomorrow")
    Traces(database, Capture()).write([later])
    assert ids(traces, TraceFilter(text="lease")) == [later.id, young.id]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (TraceFilter(user="u-7"), "trace_user"),
        (TraceFilter(status="error"), "trace_failed"),
        (TraceFilter(joined="ab" * 16), "trace_joined"),
        (TraceFilter(), "trace_started"),
    ],
)
def test_a_filter_reads_the_index_that_is_for_it(tmp_path: Path, wanted: TraceFilter, index: str) -> None:
    database, asked = Database(tmp_path / "traces.db", TRACES), list[tuple[str, Any]]()
    with database.read() as connection:
        event.listen(connection.engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
    Traces(database).page("app", wanted)
    query, parameters = asked[-1]
    with database.read() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", parameters).all()
    assert [row for row in plan if f"INDEX {index} " in row[3]]
    database.close()
