"""An old database is carried over: its traces read the same, and are listed, found and added up like new ones."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.conftest import ENGINES
from tests.tracing.test_traces import NOW

from plimsoll.kernel.clock import to_text
from plimsoll.storage import Database, PostgresPlace
from plimsoll.storage.migrations.traces import TRACES
from plimsoll.tracing import Capture, TraceFilter, Traces

OLD_TRACE = (
    "INSERT INTO trace VALUES (:id, 'app', 'ask', 'staging', 'sha256:abc', 'r-abc', :at, 12.5, 3.5, :status, '', "
    "'builtin/reader', 'answer v1', 7, 3, :no, :cost, :question, :request, 'yes', :yes, :list, :messages, '[]', "
    "'s-1', 'harbour', 'leases', 'u-7')"
)
OLD_SPAN = "INSERT INTO span VALUES (:id, :span, NULL, 'chat', :at, :at, :attributes, 'Error')"


@pytest.mark.parametrize("engine", ENGINES)
def test_old_traces_are_carried_over(request: pytest.FixtureRequest, tmp_path: Path, engine: str) -> None:
    place: Path | PostgresPlace = tmp_path / "traces.db"
    if engine == "postgres":
        place = request.getfixturevalue("postgres_place")
    old = Database(place, TRACES[:1])
    with old.write() as connection:
        for number in range(3):
            row = {
                "id": f"{number:032x}",
                "at": to_text(NOW + timedelta(seconds=number)),
                "status": "error" if number == 2 else "ok",
                "cost": None if number == 0 else 0.25,
                "question": f"question {number}?",
                "request": '{"messages":[{"role":"user","content":"é\\n"}],"parameters":{}}',
                "list": '[{"id":"p1","score":0.5,"text":"…"}]',
                "messages": '[{"role":"user","content":"…"}]',
                "no": False,
                "yes": True,
            }
            connection.execute(text(OLD_TRACE), row)
            span = {"id": row["id"], "span": "0" * 16, "at": row["at"], "attributes": '{"a.b":7}'}
            connection.execute(text(OLD_SPAN), span)
    old.close()
    database = Database(place, TRACES)
    traces = Traces(database, Capture())
    trace = traces.get("app", f"{1:032x}")
    assert (trace.question, trace.cost_usd, trace.started_at) == ("question 1?", 0.25, NOW + timedelta(seconds=1))
    assert trace.request == {"messages": [{"role": "user", "content": "é\n"}], "parameters": {}}
    assert (trace.passages, trace.spans[0].attributes) == (({"id": "p1", "score": 0.5, "text": "…"},), {"a.b": 7})
    assert (trace.team, trace.user_id, trace.answered, trace.surface) == ("harbour", "u-7", True, "chat")
    assert [line.question[-2] for line in traces.latest("app", 5)] == ["2", "1", "0"]
    assert len(traces.page("app", TraceFilter(text="question 2")).traces) == 1
    (line,) = traces.costs("app", "team", since=NOW - timedelta(hours=1), until=NOW + timedelta(hours=1))
    assert (line.key, line.requests, line.cost_usd, line.unknown) == ("harbour", 3, 0.5, 1)
    found = traces.costs("app", "status", since=NOW - timedelta(hours=1), until=NOW + timedelta(hours=1))
    assert {one.key: one.requests for one in found} == {"error": 1, "ok": 2}
    day = traces.day("app", NOW)
    assert day.p50_ms is not None
    assert 12.5 <= day.p50_ms <= 13.7
    assert traces.releases("app") == {"sha256:abc"}
    assert traces.answers("app") == {"sha256:abc": 3}
    database.close()
