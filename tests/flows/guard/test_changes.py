"""What another policy would have said of past requests."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as changed
from tests.flows.guard.yard import BEGAN, DAY, Yard, note, policy, rule
from tests.flows.home import KEEPER

from plimsoll.flows.guard._errors import GuardrailUnknownError, PolicyFileError
from plimsoll.flows.guard.changes import DiffWish, PolicyDiff, diff_policies, load_policy
from plimsoll.guardrails import Policy, Rule
from plimsoll.guardrails._exemptions import Exemption
from plimsoll.kernel.digest import Json
from plimsoll.project import load_project
from plimsoll.registry import Publication
from plimsoll.tracing import Capture, Span, Traces

NOTHING = policy(rule("alpha", action="allow"))


def diff(yard: Yard, *after: Rule, before: Policy = NOTHING, **more: Any) -> PolicyDiff:
    return diff_policies(before, policy(*after, name="new"), DiffWish(DAY, **more), yard.parts)


def test_requests_that_would_be_stopped_are_named(yard: Yard) -> None:
    stopped = yard.request(0, text="alpha:one=0.9")
    yard.request(1, text="hello")
    found = diff(yard, rule("alpha"))
    assert [(one.trace, one.before.action, one.after.action, one.is_stricter) for one in found.changes] == [
        (stopped.id, "allow", "block", True)
    ]
    assert found.changes[0].after.found == ("alpha.one on input: block",)
    assert (found.requests, found.replayed, found.partly, found.not_replayed) == (2, 2, 0, {})


def test_milder_verdicts_are_changes_too(yard: Yard) -> None:
    yard.request(0, note(action="flag"), text="alpha:one=0.5")
    found = diff(yard, rule("alpha", at_least=0.8), before=policy(rule("alpha", action="flag")))
    assert [(one.is_milder, one.is_stricter) for one in found.changes] == [(True, False)]


def test_the_same_verdict_for_other_reasons_is_counted(yard: Yard) -> None:
    yard.request(0, text="alpha:one=0.5 alpha:two=0.9")
    found = diff(yard, rule("alpha", action="flag", at_least=0.8), before=policy(rule("alpha", action="flag")))
    assert (found.changes, found.other_findings) == ((), 1)


def test_answers_passages_and_calls_are_replayed(yard: Yard) -> None:
    yard.request(0, answer="alpha:one=0.9")
    passage = {"id": "p", "document": "d", "title": "t", "page": 1, "start": 0, "end": 9, "score": 1.0}
    yard.request(1, passages=({**passage, "text": "alpha:one=0.9"},))
    call: Json = {"type": "tool_call", "id": "c", "name": "find", "arguments": '{"query": "alpha:one=0.9"}'}
    said: dict[str, Json] = {"gen_ai.output.messages": [{"role": "assistant", "parts": [call]}]}
    yard.request(2, spans=(Span("1", None, "chat m", BEGAN, BEGAN, said),))
    found = diff(yard, rule("alpha", "output", "retrieved", "tool_call", action="flag"))
    assert [one.after.found for one in found.changes] == [
        ("alpha.one on tool_call: flag",),
        ("alpha.one on retrieved: flag",),
        ("alpha.one on output: flag",),
    ]


def test_results_of_tools_are_replayed_at_their_stage(yard: Yard) -> None:
    messages = [{"role": "user", "content": "x"}, {"role": "tool", "content": "alpha:one=0.9", "tool_call_id": "c"}]
    yard.request(0, request={"messages": messages, "parameters": {}})
    found = diff(yard, rule("alpha", "tool_result", action="flag"))
    assert [one.after.found for one in found.changes] == [("alpha.one on tool_result: flag",)]


@pytest.mark.parametrize("action", ["redact", "block", "ask"])
def test_what_the_policy_of_then_took_out_cannot_be_replayed(yard: Yard, action: str) -> None:
    yard.request(0, note(action=action), text="[ONE]")
    found = diff(yard, rule("alpha"))
    assert (found.replayed, found.partly) == (0, 0)
    assert found.not_replayed == {"what the policy of then stopped or took out is not kept": 1}


def test_what_is_left_of_a_request_is_replayed_in_part(yard: Yard) -> None:
    yard.request(0, note(action="redact"), text="[ONE]", answer="alpha:one=0.9")
    found = diff(yard, rule("alpha", "input", "output", action="flag"))
    assert (found.replayed, found.partly, sum(found.not_replayed.values())) == (0, 1, 1)
    assert [one.after.found for one in found.changes] == [("alpha.one on output: flag",)]


def test_a_request_that_was_stopped_before_it_was_kept_is_told_so(yard: Yard) -> None:
    yard.request(0, request={"messages": [], "parameters": {}})
    assert diff(yard, rule("alpha")).not_replayed == {"it was stopped before its texts were kept": 1}


def test_a_request_that_was_cut_is_told_so(yard: Yard) -> None:
    yard.request(0, request={"messages": [{"role": "user", "content": "x"}], "cut": True})
    assert diff(yard, rule("alpha")).not_replayed == {"it was too long to be kept whole": 1}


@pytest.mark.parametrize(
    ("capture", "why"),
    [
        (Capture("off"), "nothing of what was said is kept"),
        (Capture("redacted", redact=lambda _: "…"), "only a redacted form of what was said is kept"),
    ],
)
def test_what_was_not_kept_is_told_so(yard: Yard, capture: Capture, why: str) -> None:
    trace = changed(yard.request(0), id="ab" * 16)
    Traces(yard.home.traces_database, capture).write([trace])
    found = diff(yard, rule("alpha"))
    assert (found.requests, found.replayed, found.not_replayed) == (2, 1, {why: 1})


def test_exceptions_hold_as_they_did_on_the_day(yard: Yard) -> None:
    yard.request(0, text="alpha:one=0.9", caller="s-1")
    ended = Exemption(frozenset({"s-1"}), frozenset(), BEGAN.date() - timedelta(days=1), "load test")
    holds = Exemption(frozenset({"s-1"}), frozenset(), date(2030, 1, 1), "load test")
    assert len(diff(yard, replace(rule("alpha"), exemptions=(ended,))).changes) == 1
    assert diff(yard, replace(rule("alpha"), exemptions=(holds,))).changes == ()


def test_the_newest_requests_come_first_up_to_the_limit(yard: Yard) -> None:
    some = [yard.request(minute, text="alpha:one=0.9") for minute in range(3)]
    seen: list[tuple[int, int]] = []
    found = diff(yard, rule("alpha"), limit=2, on_progress=lambda done, total: seen.append((done, total)))
    assert [one.trace for one in found.changes] == [some[2].id, some[1].id]
    assert (found.beyond, seen) == (True, [(1, 2), (2, 2)])
    assert diff(yard, rule("alpha"), limit=3).beyond is False


def test_nothing_is_recorded(yard: Yard) -> None:
    yard.request(0, text="alpha:one=0.9")
    size = yard.home.ledger.size()
    diff(yard, rule("alpha"))
    assert len(yard.home.traces.latest("harbour", 10, tests_too=True)) == 1
    assert yard.home.ledger.size() == size


GUARDRAIL = "checks:\n  - {check: pii, kinds: [email], on: [input], action: flag}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {"plimsoll.yaml": "name: harbour\n", "guardrails/standard.yaml": GUARDRAIL}
    for name, text in files.items():
        path = tmp_path / "harbour" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "harbour/prompts").mkdir()
    (tmp_path / "harbour/prompts/plain.yaml").write_text('template: "{{ question }}"\n')
    (tmp_path / "harbour/routes").mkdir()
    (tmp_path / "harbour/routes/default.yaml").write_text("model: builtin/reader\n")
    (tmp_path / "harbour/endpoints").mkdir()
    (tmp_path / "harbour/endpoints/talk.yaml").write_text("kind: chat\nprompt: plain\nroute: default\n")
    return tmp_path / "harbour"


def test_a_policy_comes_from_the_project_the_registry_or_a_file(yard: Yard, folder: Path) -> None:
    project, registry = load_project(folder), yard.home.registry
    content: Json = {"checks": [{"check": "pii", "on": ["output"], "action": "block"}]}
    registry.publish("harbour", [Publication("guardrail", "standard", content)], by=KEEPER, source_commit="")
    (folder.parent / "other.yaml").write_text(
        GUARDRAIL.replace("flag}", "flag, exceptions: [{actors: [a], until: 2027-03-31, reason: x}]}")
    )
    assert load_policy("standard", project, registry, Policy.from_json).rules[0].action == "flag"
    assert load_policy("standard@2", project, registry, Policy.from_json).rules[0].action == "block"
    from_file = load_policy(str(folder.parent / "other.yaml"), project, registry, Policy.from_json)
    assert (from_file.name, from_file.rules[0].exemptions[0].reason) == ("other", "x")


@pytest.mark.parametrize("called", ["standart", "standard@x"])
def test_a_policy_that_is_not_there_is_told_with_those_that_are(yard: Yard, folder: Path, called: str) -> None:
    with pytest.raises(GuardrailUnknownError) as refused:
        load_policy(called, load_project(folder), yard.home.registry, Policy.from_json)
    assert "standard" in refused.value.hint


@pytest.mark.parametrize(
    "content",
    [b"checks: [", b"\xff\xfe", b"[1]", b"checks: [{check: pii, on: [middle], action: flag}]", b"extends: standard"],
)
def test_a_file_that_holds_no_policy_is_refused(yard: Yard, folder: Path, content: bytes) -> None:
    (folder.parent / "other.yaml").write_bytes(content)
    with pytest.raises(PolicyFileError):
        load_policy(str(folder.parent / "other.yaml"), load_project(folder), yard.home.registry, Policy.from_json)
