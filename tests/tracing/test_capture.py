"""What is kept of what people say: decided before anything touches the disk."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.tracing.test_traces import NOW, a_trace

from plimsoll.kernel.errors import InvalidError, NotFoundError
from plimsoll.kernel.ids import new_trace_id
from plimsoll.storage import Database
from plimsoll.storage.migrations.traces import TRACES
from plimsoll.tracing import Capture, Span, Trace, TraceFilter, Traces

ADA = "Ada Lovelace"


def about_ada(**changes: Any) -> Trace:
    """Names her wherever something can be said."""
    said: dict[str, Any] = {"gen_ai.request.model": "m", "gen_ai.input.messages": f"who is {ADA}?", "n": 7, "x": [ADA]}
    return replace(
        a_trace(),
        error=f"nobody is called {ADA}",
        question=f"who is {ADA}?",
        request={"messages": [{"role": "user", "content": [{"type": "text", "text": ADA}]}], "parameters": {}},
        answer=f"{ADA} is a mathematician",
        messages=({"role": "user", "content": ADA},),
        passages=({"id": "p1", "score": 0.5, "text": ADA},),
        citations=({"marker": 1, "document": "a.pdf", "text": ADA},),
        spans=(Span("0" * 15 + "1", None, "chat m", NOW, NOW, said, f"{ADA} broke it"),),
        **changes,
    )


class Sealer:
    """Seals for one subject with one key, which can be destroyed."""

    def __init__(self) -> None:
        self.keys: dict[str, int] = {}

    def seal(self, subject: str, content: bytes) -> bytes:
        key = self.keys.setdefault(subject, len(self.keys) + 1)
        return bytes(byte ^ key for byte in content)

    def unseal(self, subject: str, content: bytes) -> bytes:
        if subject not in self.keys:
            raise GoneError(subject)
        return self.seal(subject, content)


class GoneError(NotFoundError):
    code = "gone"


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


@pytest.fixture
def open_with(tmp_path: Path) -> Callable[[Capture], Traces]:
    return lambda capture: Traces(Database(tmp_path / "traces.db", TRACES), capture)


def test_full_keeps_all(open_with: Callable[[Capture], Traces]) -> None:
    traces, trace = open_with(Capture()), about_ada()
    traces.write([trace])
    assert traces.get("app", trace.id) == trace
    traces.database.close()


def test_off_keeps_the_facts_and_nothing_that_was_said(open_with: Callable[[Capture], Traces], tmp_path: Path) -> None:
    traces, trace = open_with(Capture("off")), about_ada(user_id="u-7")
    traces.write([trace])
    kept = traces.get("app", trace.id)
    assert (kept.content, kept.question, kept.answer, kept.error, kept.messages) == ("off", "", "", "", ())
    assert kept.passages == ({"id": "p1", "score": 0.5, "text": ""},)
    assert (kept.user_id, kept.input_tokens, kept.spans[0].name) == ("u-7", trace.input_tokens, "chat m")
    assert kept.spans[0].attributes == {"gen_ai.request.model": "m", "n": 7}
    assert traces.page("app", TraceFilter(text="Ada")).traces == ()
    assert b"Ada" not in everything(tmp_path)
    traces.database.close()


def test_redacted_keeps_what_is_left_of_each_text(open_with: Callable[[Capture], Traces], tmp_path: Path) -> None:
    traces, trace = open_with(Capture("redacted", redact=lambda text: text.replace(ADA, "[NAME]"))), about_ada()
    traces.write([trace])
    kept = traces.get("app", trace.id)
    assert (kept.content, kept.question, kept.answer) == ("redacted", "who is [NAME]?", "[NAME] is a mathematician")
    assert kept.request["messages"] == [{"role": "user", "content": [{"type": "text", "text": "[NAME]"}]}]
    assert kept.spans[0].attributes["gen_ai.input.messages"] == "who is [NAME]?"
    assert [found.id for found in traces.page("app", TraceFilter(text="mathematician")).traces] == [trace.id]
    assert b"Ada" not in everything(tmp_path)
    traces.database.close()


def test_sealed_is_for_who_has_the_key(open_with: Callable[[Capture], Traces], tmp_path: Path) -> None:
    sealer = Sealer()
    traces, trace = open_with(Capture("sealed", seal=sealer.seal, unseal=sealer.unseal)), about_ada(user_id="u-7")
    traces.write([trace])
    assert traces.get("app", trace.id) == replace(trace, content="sealed")
    assert (traces.latest("app", 1)[0].question, traces.page("app", TraceFilter(text="Ada")).traces) == ("", ())
    assert b"Ada" not in everything(tmp_path)
    assert traces.count_subject(ADA) == 1
    sealer.keys.clear()
    gone = traces.get("app", trace.id)
    assert (gone.content, gone.question, gone.spans, gone.input_tokens) == ("gone", "", (), trace.input_tokens)
    assert traces.purge_subject("u-7") == 1
    traces.database.close()


def test_a_share_of_an_environment_is_kept_the_same_way_each_time() -> None:
    capture = Capture(shares={"production": 0.25, "staging": 0.0})
    ids = [new_trace_id() for _ in range(2000)]
    kept = [one for one in ids if capture.level(one, "production") == "full"]
    assert 350 < len(kept) < 650
    assert all(capture.level(one, "production") == "full" for one in kept)
    assert {capture.level(one, "staging") for one in ids} == {"off"}
    assert {capture.level(one, "elsewhere") for one in ids} == {"full"}


@pytest.mark.parametrize("content", ["redacted", "sealed"])
def test_a_policy_without_its_means_is_refused(content: Any) -> None:
    with pytest.raises(InvalidError, match=content):
        Capture(content)
