"""The check `judge`: what a model is asked, and which of its answers are believed."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.checks.outside.fakes import FakeOutside

from plimsoll.checks import NO_CONTEXT, CheckOptionsError, Context, Found
from plimsoll.checks.outside import FACTORIES, NobodyToAskError, NoVerdictError, OutsideCheck
from plimsoll.guardrails import Policy
from plimsoll.kernel.errors import InvalidError, NotFoundError

OPTIONS = {"route": "small", "question": "Does the text give medical advice?"}
RULE = {"check": "judge", "name": "medical", "options": OPTIONS}
YES = '{"reason": "it names a dose", "verdict": "yes", "score": 0.9}'
NO = '{"reason": "it does not", "verdict": "no", "score": 0.1}'


def judge(outside: FakeOutside | None, *, rule: Any = RULE, **options: Any) -> OutsideCheck:
    return FACTORIES["judge"]({**rule, "options": {**OPTIONS, **options}}, outside)


def asked(outside: FakeOutside) -> tuple[str, str]:
    """The system's and the user's message."""
    first, second = outside.questions[-1].body["messages"]
    assert (first["role"], second["role"]) == ("system", "user")
    return first["content"], second["content"]


def test_yes_is_a_finding_of_the_whole_text_and_no_is_none() -> None:
    text = "Take two a day."
    assert judge(FakeOutside(YES)).find(text) == [Found(0, len(text), "medical", 0.9)]
    assert judge(FakeOutside(NO)).find(text) == ()
    assert judge(FakeOutside('{"reason": "", "verdict": "yes"}')).find(text) == [Found(0, len(text), "medical", 1.0)]


def test_what_is_asked() -> None:
    outside = FakeOutside(NO)
    judge(outside, rubric="A dose counts.", parameters={"max_tokens": 99, "temperature": None}).find("Take two.")
    question = outside.questions[0]
    assert (question.check, question.route, question.timeout_s) == ("judge.medical", "small", 10.0)
    assert question.body["max_tokens"] == 99
    assert "temperature" not in question.body
    assert question.body["response_format"]["json_schema"]["schema"]["properties"]["verdict"]["enum"] == ["yes", "no"]
    system, user = asked(outside)
    assert OPTIONS["question"] in system
    assert "A dose counts." in system
    assert "Take two." in user
    assert "Take two." not in system


def test_the_time_that_a_policy_allows_is_the_time_of_the_call() -> None:
    outside = FakeOutside(NO)
    judge(outside, rule={**RULE, "timeout_s": 3}).find("x")
    assert outside.questions[0].timeout_s == 3.0


@given(st.text(max_size=200))
def test_a_text_stands_between_marks_that_it_cannot_know(text: str) -> None:
    outside = FakeOutside(NO)
    check = judge(outside)
    if not text:
        assert check.find(text) == ()
        assert not outside.questions
        return
    check.find(text)
    check.find(text)
    marks = []
    for question in outside.questions:
        system, user = (message["content"] for message in question.body["messages"])
        mark = re.search(r"the mark (#[0-9a-f]{24}#) ", system)
        assert mark is not None
        assert user.count(mark[1]) == 2
        assert mark[1] not in text
        sent = user.split(f"\n{mark[1]}\n")[1]
        assert sent == re.sub("[\ud800-\udfff]", "\ufffd", text)
        marks.append(mark[1])
    assert marks[0] != marks[1]


def test_of_the_context_only_what_is_chosen_is_sent() -> None:
    context = Context("output", "Which dose?", "Be kind.", ("Aspirin is a drug.", "So is caffeine."))
    outside = FakeOutside(NO)
    judge(outside).find("Two.", context)
    assert not any(part in asked(outside)[1] for part in ("Which dose?", "Be kind.", "Aspirin"))
    judge(outside, send=["question", "passages"]).find("Two.", context)
    user = asked(outside)[1]
    assert "Which dose?" in user
    assert "So is caffeine." in user
    assert "Be kind." not in user


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "yes",
        "I think that it does.",
        "null",
        "[]",
        "{}",
        '{"verdict": "no"}',
        '{"reason": "", "verdict": "maybe"}',
        '{"reason": "", "verdict": true}',
        '{"reason": "", "verdict": "no", "score": NaN}',
        '{"reason": "", "verdict": "no", "score": 1e999}',
        '{"reason": "", "verdict": "no", "score": -1}',
        '{"reason": "", "verdict": "no", "score": "high"}',
        '{"reason": "", "verdict": "yes", "score": 0}',
        NO + NO,
        f"Sure! {NO}",
        f"{NO}\nBut I may be wrong.",
        "[" * 100_000,
        json.dumps({"reason": "x" * 20_000, "verdict": "no"}),
        "\ud800",
    ],
)
def test_what_is_no_verdict_raises(answer: str) -> None:
    with pytest.raises(NoVerdictError) as caught:
        judge(FakeOutside(answer)).find("private words")
    assert "private" not in caught.value.message


@pytest.mark.parametrize("fence", ["```json\n{}\n```", "```\n{}```", "  {}  \n"])
def test_the_fences_of_markdown_are_taken_off(fence: str) -> None:
    assert judge(FakeOutside(fence.replace("{}", YES))).find("x")


@given(
    st.text(max_size=60) | st.dictionaries(st.sampled_from(["reason", "verdict", "score"]), st.text()).map(json.dumps)
)
def test_an_answer_gives_a_verdict_or_raises(answer: str) -> None:
    try:
        found = judge(FakeOutside(answer)).find("x")
    except NoVerdictError:
        return
    assert '"verdict"' in answer
    assert found in ((), [Found(0, 1, "medical", 1.0)])


def test_the_words_of_a_model_are_not_told_but_its_codes_are() -> None:
    assert judge(FakeOutside(YES)).find("x")[0].reason == ""
    listed = '{"reason": "dose", "verdict": "yes", "score": 1}'
    assert judge(FakeOutside(listed), reasons=["dose", "diagnosis"]).find("x")[0].reason == "dose"
    with pytest.raises(NoVerdictError, match="reason"):
        judge(FakeOutside(YES), reasons=["dose", "diagnosis"]).find("x")


def test_a_text_that_is_too_long_is_not_cut() -> None:
    outside = FakeOutside(NO)
    with pytest.raises(InvalidError, match="at most 100 characters"):
        judge(outside, most_characters=100).find("x" * 101)
    with pytest.raises(InvalidError, match="at most 100 characters"):
        judge(outside, most_characters=100, send=["question"]).find("x" * 60, Context(question="x" * 60))
    assert not outside.questions


def test_without_anybody_to_ask_there_is_no_verdict() -> None:
    with pytest.raises(NobodyToAskError):
        judge(None).find("x")


def test_a_route_that_does_not_exist_is_told_at_once() -> None:
    with pytest.raises(NotFoundError, match="no route other"):
        judge(FakeOutside(), route="other")


def test_the_version_changes_with_what_is_asked() -> None:
    versions = {
        judge(FakeOutside(), **options).version
        for options in ({}, {"question": "Else?"}, {"rubric": "x"}, {"send": ["question"]}, {"reasons": ["a"]})
    }
    assert len(versions) == 5
    assert judge(FakeOutside()).version == judge(FakeOutside()).version


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"route": None}, "`route` is missing"),
        ({"question": ""}, "`question` must be text"),
        ({"question": 7}, "`question` must be text"),
        ({"send": ["everything"]}, "`send`"),
        ({"send": "question"}, "`send`"),
        ({"template": "other"}, "`template`"),
        ({"parameters": {"tools": []}}, "must not say `tools`"),
        ({"parameters": []}, "`parameters`"),
        ({"structured": "yes"}, "`structured`"),
        ({"most_characters": True}, "`most_characters`"),
        ({"most_characters": 10**9}, "`most_characters`"),
        ({"unheard": 1}, "no key `unheard`"),
        ({"kinds": ["a"]}, "one kind"),
        ({"template": "llama_guard"}, "`question` has no place"),
    ],
)
def test_wrong_options_are_told(options: Any, says: str) -> None:
    with pytest.raises(CheckOptionsError) as caught:
        judge(None, **options)
    assert says in caught.value.message
    assert caught.value.hint


def llama_guard(outside: FakeOutside | None, **options: Any) -> OutsideCheck:
    rule: Any = {"check": "judge", "options": {"route": "small", "template": "llama_guard", **options}}
    return FACTORIES["judge"](rule, outside)


@pytest.mark.parametrize(
    ("answer", "kinds"),
    [
        ("safe", []),
        ("\n\nsafe\n", []),
        ("unsafe\nS1", ["violent_crimes"]),
        ("unsafe\nS10,S11", ["hate", "suicide_self_harm"]),
        ("unsafe", ["unsafe"]),
        ("unsafe\nS99", ["unsafe"]),
    ],
)
def test_the_answers_of_llama_guard(answer: str, kinds: list[str]) -> None:
    assert [one.kind for one in llama_guard(FakeOutside(answer)).find("x")] == kinds


@pytest.mark.parametrize("answer", ["", "SAFE", "safe\nS1", "It is safe.", "unsafe\nhate", "unsafe S1", "x" * 5000])
def test_other_answers_of_llama_guard_raise(answer: str) -> None:
    with pytest.raises(NoVerdictError):
        llama_guard(FakeOutside(answer)).find("x")


def test_llama_guard_is_shown_the_conversation() -> None:
    outside = FakeOutside("safe")
    check = llama_guard(outside, kinds=["hate", "unsafe"])
    assert check.kinds == ("hate", "unsafe")
    check.find("Hello", NO_CONTEXT)
    check.find("Hello", Context("output", "Who are you?"))
    assert [one.body["messages"] for one in outside.questions] == [
        [{"role": "user", "content": "Hello"}],
        [{"role": "user", "content": "Who are you?"}, {"role": "assistant", "content": "Hello"}],
    ]


def test_a_policy_closes_where_a_judge_answers_rubbish() -> None:
    rule = {"check": "medical", "on": ["input"], "action": "flag"}
    policy = Policy.from_json("p", {"checks": [rule]}, {"medical": judge(FakeOutside("I would rather not say."))})
    review = policy.review("Take two a day.", "input")
    assert (review.action, review.reason, review.failed) == ("block", "check_failed", "judge")
    assert policy.waits("input")
