"""Traces end: by age, and by a person's wish. What was theirs is in no file afterwards."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import json
from msgspec.structs import replace
from tests.tracing.test_traces import NOW, a_trace

from plimsoll.kernel.ids import new_span_id, new_trace_id
from plimsoll.storage import Database
from plimsoll.storage.migrations.traces import TRACES
from plimsoll.tracing import Span, Trace, TraceMissingError, Traces
from plimsoll.tracing.received import Outcome, Received, Shipment

ADA = "ada.lovelace@example.org"


@pytest.fixture
def traces(tmp_path: Path) -> Iterator[Traces]:
    database = Database(tmp_path / "home" / "traces.db", TRACES)
    yield Traces(database)
    database.close()


def everything(folder: Path) -> bytes:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return b"".join(path.read_bytes() for path in files)


MENTIONS: dict[str, dict[str, Any]] = {
    "user_id": {"user_id": "Ada.Lovelace@EXAMPLE.org"},
    "question": {"question": f"What does {ADA} earn?"},
    "request": {"request": {"messages": [{"role": "user", "content": f"I am {ADA.upper()}"}]}},
    "answer": {"answer": f"Ask\n{ADA}."},
    "passages": {"passages": ({"id": "p", "text": f"{ADA} signed"},)},
    "messages": {"messages": ({"role": "user", "content": f'"{ADA}"'},)},
    "citations": {"citations": ({"marker": 1, "text": ADA},)},
    "error": {"error": f"no answer for {ADA}"},
    "attributes": {"spans": (Span(new_span_id(), None, "chat", NOW, NOW, {"user": [{"mail": ADA}]}),)},
    "error of a span": {"spans": (Span(new_span_id(), None, "chat", NOW, NOW, {}, f"refused {ADA}"),)},
}


@pytest.mark.parametrize("where", MENTIONS)
def test_a_person_is_forgotten_wherever_they_are_mentioned(traces: Traces, where: str) -> None:
    theirs, other = replace(a_trace(), **MENTIONS[where]), a_trace()
    traces.write([theirs, other])
    assert traces.count_subject(ADA) == 1
    assert traces.purge_subject(ADA) == 1
    with pytest.raises(TraceMissingError):
        traces.get("app", theirs.id)
    assert traces.get("app", other.id) == other
    assert (traces.count_subject(ADA), traces.purge_subject(ADA)) == (0, 0)


def test_nothing_of_a_person_is_left_in_any_file(traces: Traces, tmp_path: Path) -> None:
    padding = "x" * 9000  # long texts go to pages of their own
    theirs = [replace(a_trace(n), answer=f"{padding} {ADA} {padding}", user_id=ADA) for n in range(450)]
    others = [a_trace(number) for number in range(30)]
    traces.write([*theirs, *others])
    assert ADA.encode() in everything(tmp_path / "home")
    assert traces.purge_subject(ADA) == 450
    assert ADA.encode() not in everything(tmp_path / "home")
    assert len(traces.latest("app", 1000)) == 30


def test_who_asked_is_kept_and_listed(traces: Traces) -> None:
    who: dict[str, Any] = {"caller": "s-0123456789abcdef", "team": "harbour", "project": "leases", "user_id": "u-7"}
    trace = replace(a_trace(), **who)
    traces.write([trace])
    assert traces.get("app", trace.id) == trace
    (line,) = traces.latest("app", 1)
    assert {name: getattr(line, name) for name in who} == who


def test_a_short_identifier_names_a_user_and_is_looked_for_nowhere_else(traces: Traces) -> None:
    user, other = replace(a_trace(), user_id="A7"), replace(a_trace(), question="a7?")
    traces.write([user, other])
    assert traces.purge_subject("a7") == 1
    assert traces.get("app", other.id) == other
    assert traces.purge_subject("") == 0


def test_a_trace_ends_with_its_age(traces: Traces) -> None:
    old = [a_trace(-number) for number in range(1, 451)]
    young = [a_trace(0), a_trace(1)]
    traces.write([*old, *young])
    assert traces.purge_before(NOW) == 450
    assert {trace.id for trace in traces.latest("app", 1000)} == {trace.id for trace in young}
    assert traces.purge_before(NOW) == 0


def test_the_releases_that_traces_name(traces: Traces) -> None:
    named = [("app", "sha256:aa", -5), ("app", "sha256:bb", 0), ("app", "sha256:bb", 1), ("other", "sha256:cc", 0)]
    traces.write([replace(a_trace(n), app=app, release=release) for app, release, n in named])
    assert traces.releases("app") == {"sha256:aa", "sha256:bb"}
    assert traces.releases("app", since=NOW - timedelta(seconds=1)) == {"sha256:bb"}
    assert traces.apps() == ("app", "other")


def test_a_person_is_forgotten_also_while_others_are_served(traces: Traces) -> None:
    """What is written during a search for old traces is met by the same search."""
    traces.write([replace(a_trace(number), user_id=ADA) for number in range(-250, 0)])
    seen: list[int] = []
    for batch in traces._of_subject(ADA):
        if not seen:
            traces.write([replace(a_trace(5), user_id=ADA)])
        seen += batch
    assert len(seen) == 251


def test_trace_type_has_defaults_for_who_asked() -> None:
    assert [getattr(a_trace(), name) for name in ("caller", "team", "project", "user_id")] == [""] * 4
    assert isinstance(a_trace(), Trace)


def test_a_person_is_forgotten_with_the_resource_that_names_them(traces: Traces, tmp_path: Path) -> None:
    def sent(trace: str, whose: str) -> Shipment:
        about = [{"key": "process.owner", "value": {"stringValue": whose}}]
        told = {"traceId": trace, "spanId": "ab" * 8, "name": "s", "startTimeUnixNano": 1, "endTimeUnixNano": 2}
        body = {"resourceSpans": [{"resource": {"attributes": about}, "scopeSpans": [{"spans": [told]}]}]}
        return Shipment(json.encode(body), "app", is_json=True)

    hers, his = new_trace_id(), new_trace_id()
    assert Received(traces).take([sent(hers, ADA.upper()), sent(his, "ben")]) == [Outcome(1), Outcome(1)]
    assert (traces.count_subject(ADA), traces.purge_subject(ADA)) == (1, 1)
    assert ADA.encode() not in everything(tmp_path / "home").lower()
    assert [line.id for line in traces.latest("app", 5)] == [his]
    assert traces.get("app", his).spans[0].more["resource"] == {"process.owner": "ben"}
