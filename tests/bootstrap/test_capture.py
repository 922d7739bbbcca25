"""How much of what people and models say is kept, as plimsoll.yaml asks."""

import asyncio
from pathlib import Path

import pytest
from tests.flows.conftest import Workshop

from plimsoll.bootstrap import Platform
from plimsoll.bootstrap._capture import span_price
from plimsoll.flows.erase import erase
from plimsoll.flows.replay import ContentMissingError, replay
from plimsoll.flows.serve import Answering, AnswerRequest, Caller
from plimsoll.models import Message
from plimsoll.tracing import Trace
from plimsoll.tracing.otlp import SpanFacts

ASKED = "I am anna@example.org. How many days of paid leave has an employee?"


def asked_with(workshop: Workshop, traces: str, user: str = "customer-7") -> tuple[Platform, Trace]:
    workshop.write("plimsoll.yaml", f"name: harbour\ntraces: {traces}\n")
    draft = workshop.build().draft
    platform = workshop.open()
    request = AnswerRequest.of(
        "harbour", "ask", (Message("user", ASKED),), release=draft.digest, caller=Caller(user=user)
    )
    asyncio.run(Answering(platform.serve_parts()).answer(request))
    platform.recorder.flush()
    (summary,) = platform.traces.latest("harbour", 10)
    return platform, platform.traces.get("harbour", summary.id)


def on_disk(platform: Platform) -> bytes:
    files: list[Path] = sorted(platform.settings.home.glob("traces.db*"))
    return b"".join(file.read_bytes() for file in files)


def test_everything_is_kept_unless_the_project_says_otherwise(workshop: Workshop) -> None:
    _, trace = asked_with(workshop, "{}")
    assert trace.question == ASKED
    assert "twenty-six" in trace.answer


def test_personal_data_and_secrets_are_taken_out_before_anything_is_written(workshop: Workshop) -> None:
    platform, trace = asked_with(workshop, "{content: redacted}")
    assert "[EMAIL]" in trace.question
    assert "paid leave" in trace.question
    assert b"anna@example.org" not in on_disk(platform)


def test_without_content_only_the_facts_are_kept(workshop: Workshop) -> None:
    platform, trace = asked_with(workshop, "{content: 'off'}")
    assert (trace.question, trace.answer, trace.messages) == ("", "", ())
    assert trace.input_tokens > 0
    assert b"anna" not in on_disk(platform)
    with pytest.raises(ContentMissingError):
        asyncio.run(replay(trace, platform.traces, platform.serve_parts(), platform.recorder.flush))


def test_sealed_content_is_readable_here_and_nowhere_else(workshop: Workshop) -> None:
    platform, trace = asked_with(workshop, "{content: sealed}")
    assert trace.question == ASKED
    assert b"anna" not in on_disk(platform)
    assert b"paid leave" not in on_disk(platform)


def test_sealed_content_is_gone_when_its_person_is_forgotten(workshop: Workshop) -> None:
    platform, trace = asked_with(workshop, "{content: sealed}")
    subject = platform.subjects.find("customer-7")
    assert subject is not None
    platform.subjects.destroy(subject)
    again = platform.traces.get("harbour", trace.id)
    assert (again.content, again.question, again.answer) == ("gone", "", "")


def test_an_erasure_finds_the_sealed_traces_of_a_user(workshop: Workshop) -> None:
    platform, _ = asked_with(workshop, "{content: sealed}")
    platform.acting  # noqa: B018  # the first act makes the actor who erases
    done = erase("customer-7", platform.erase_parts())
    assert done.purged["traces"] == 1
    assert platform.traces.latest("harbour", 10) == ()


def test_a_share_of_the_requests_may_be_kept(workshop: Workshop) -> None:
    _, trace = asked_with(workshop, "{shares: {'': 0}}")
    assert trace.content == "off"


@pytest.mark.parametrize(
    ("provider", "model", "known"),
    [("openai", "gpt-4.1-mini", True), ("aws.bedrock", "no-such-model", False), ("openai", "", False)],
)
def test_spans_of_others_are_priced_by_the_list(provider: str, model: str, known: bool) -> None:
    facts = SpanFacts("a", "", "chat", 0, 1, provider=provider, model=model, input_tokens=1000, output_tokens=10)
    assert (span_price(facts) is not None) == known


def test_a_span_without_usage_has_no_price() -> None:
    assert span_price(SpanFacts("a", "", "chat", 0, 1, provider="openai", model="gpt-4.1-mini")) is None
