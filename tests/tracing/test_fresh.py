"""What was written a moment ago is indexed from memory, and only as far as that is the truth."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import event
from tests.tracing.test_traces import a_trace

from plimsoll.storage import Database
from plimsoll.storage.migrations.traces import TRACES
from plimsoll.tracing import Trace, TraceFilter, Traces
from plimsoll.tracing import _fresh as fresh
from plimsoll.tracing._fresh import Fresh, Written


def about(question: str) -> Trace:
    return replace(a_trace(), question=question)


def found(traces: Traces, text: str) -> set[str]:
    return {one.id for one in traces.page("app", TraceFilter(text=text)).traces}


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 4)), max_size=12), st.integers(0, 30))
def test_what_follows_a_number_has_no_gap_and_leaves_nothing_out(written: list[tuple[bool, int]], reached: int) -> None:
    """Numbers of others lie between ours; what is given begins right after what is reached, or is nothing."""
    memory, ours, number = Fresh(), dict[int, str](), 1
    for is_ours, count in written:
        if is_ours:
            memory.add(Written("life", number, [f"text {number + place}" for place in range(count)]))
            ours.update({number + place: f"text {number + place}" for place in range(count)})
        number += count
    given_back = memory.after("life", reached)
    assert [one for one, _ in given_back] == list(range(reached + 1, reached + 1 + len(given_back)))
    assert all(ours[one] == text for one, text in given_back)


def test_another_life_of_the_numbers_has_other_texts() -> None:
    memory = Fresh()
    memory.add(Written("first", 1, ["a"]))
    memory.add(Written("second", 1, ["b"]))
    assert memory.after("second", 0) == [(1, "b")]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh, "_MOST_CHARACTERS", 10)
    memory = Fresh()
    memory.add(Written("life", 1, ["x" * 8]))
    memory.add(Written("life", 2, ["y" * 8]))
    assert memory.after("life", 0) == []
    assert memory.after("life", 1) == [(2, "y" * 8)]


def test_two_writers_find_what_both_wrote(database: Database) -> None:
    one, other = Traces(database), Traces(database)
    given = [about("the lease of room seven") for _ in range(6)]
    for place, trace in enumerate(given):
        (one if place % 3 else other).write([trace])
    assert found(one, "seven") == found(other, "seven") == {trace.id for trace in given}


def test_what_another_process_erased_is_not_indexed_from_memory(database: Database) -> None:
    server, command = Traces(database), Traces(database)
    theirs, staying = replace(about("a secret of somebody"), user_id="u-7"), about("a lease")
    server.write([staying, theirs])
    assert command.purge_subject("u-7") == 1
    assert found(server, "secret") == set()
    assert found(server, "lease") == {staying.id}
    assert found(Traces(database), "somebody") == set()


def test_what_was_written_alone_is_not_read_back_to_index_it(tmp_path: Path) -> None:
    database = Database(tmp_path / "traces.db", TRACES)
    traces, trace = Traces(database), about("the lease")
    traces.write([trace])
    asked: list[str] = []
    with database.read() as connection:
        event.listen(connection.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    assert traces.index_some() is False
    assert asked
    assert not [statement for statement in asked if "body" in statement]
    assert found(traces, "lease") == {trace.id}
    database.close()
