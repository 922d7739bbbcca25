"""Why a text gets its verdict."""

from dataclasses import replace
from datetime import date

from tests.flows.guard.yard import policy, rule

from plimsoll.flows.guard.measure import Explanation, Said, explain
from plimsoll.guardrails import Policy, Rule, Stage
from plimsoll.guardrails._exemptions import Exemption

TODAY = date(2026, 11, 21)


def told(text: str, *rules: Rule, stage: Stage = "input", actor: str = "") -> Explanation:
    return explain(policy(*rules), Said(text, stage, actor=actor), TODAY)


def test_every_check_is_told_whether_it_was_asked_or_not() -> None:
    found = told("alpha:one=0.9", rule("alpha", "input"), rule("beta", "output"))
    assert [(one.check, one.asked, one.why_not) for one in found.rules] == [
        ("alpha", True, ""),
        ("beta", False, "it does not look at input"),
    ]
    assert found.because == "block, because of alpha.one"


def test_a_score_below_the_threshold_is_told_with_both_numbers() -> None:
    found = told("alpha:one=0.5", rule("alpha", at_least=0.8))
    (fate,) = found.rules[0].fates
    assert (fate.counts, fate.became, fate.reason) == (False, "0.50 is below the threshold 0.8", "it says so")
    assert found.because == "allow: 1 check was asked, and nothing counts"


def test_which_rule_won_where_two_find_the_same_is_told() -> None:
    found = told("alpha:one=0.5", rule("alpha", action="redact"), rule("alpha", action="redact", at_least=0.4))
    assert found.review.action == "redact"
    counted = [fate.counts for one in found.rules for fate in one.fates]
    assert True in counted


def test_what_overlaps_what_counts_is_told() -> None:
    wide = Policy.from_json(
        "standard",
        {
            "checks": [
                {"check": "pattern", "name": "wide", "pattern": "my atlas plan", "on": ["input"], "action": "redact"},
                {"check": "pattern", "name": "narrow", "pattern": "atlas", "on": ["input"], "action": "redact"},
            ]
        },
    )
    found = explain(wide, Said("see my atlas plan", "input"), TODAY)
    fates = {fate.kind: fate for one in found.rules for fate in one.fates}
    assert fates["wide"].counts
    assert not fates["narrow"].counts
    assert fates["narrow"].became.startswith("it overlaps pattern.wide")


def test_what_stands_behind_what_stopped_the_text_is_told() -> None:
    found = told("alpha:one=0.9 beta:one=0.9", rule("alpha"), rule("beta", action="flag"))
    assert found.rules[0].fates[0].became == "it stops the text (block)"
    assert found.rules[1].fates[0].became == "it stands behind what stopped the text (alpha.one)"


def test_a_check_that_gave_no_answer_is_told_and_did_not_pass() -> None:
    found = told("alpha!", rule("alpha"))
    assert (found.rules[0].failed, found.review.action) == (True, "block")
    assert found.because == "block, because the check alpha gave no answer, and its on_error says so"


def test_exceptions_are_told_and_hold_only_for_whom_they_name() -> None:
    exemption = Exemption(frozenset({"tester"}), frozenset(), date(2027, 1, 1), "load test")
    guarded = replace(rule("alpha"), exemptions=(exemption,))
    assert told("alpha:one=0.9", guarded, actor="ada").review.action == "block"
    found = told("alpha:one=0.9", guarded, actor="tester")
    assert (found.review.action, found.rules[0].why_not) == ("allow", "an exception holds until 2027-01-01: load test")


def test_a_stage_that_others_look_at_is_told() -> None:
    found = told("alpha:one=0.9", rule("alpha", "output"), stage="tool_call")
    assert (found.looked_at, found.review.action) == ("output", "block")
    assert told("alpha:one=0.9", rule("alpha", "output"), stage="input").because == "nothing looks at this stage"


def test_a_policy_that_cannot_be_compiled_says_why_it_blocks() -> None:
    found = explain(Policy.load("broken", {"checks": [{"check": "nothing"}]}), Said("x", "input"), TODAY)
    assert found.review.action == "block"
    assert "cannot be compiled" in found.because
