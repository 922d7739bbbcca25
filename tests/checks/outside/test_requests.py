"""What is asked within one request is asked once, whoever asks, and paid by whoever pays for the request."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.checks.outside.fakes import FakeOutside

from plimsoll.checks import Context, Found
from plimsoll.checks.outside import FACTORIES, NoVerdictError, OutsideCheck, Question, Reply
from plimsoll.checks.outside.requests import Inquiry, inquiring
from plimsoll.guardrails import Policy
from plimsoll.guardrails.requests import Waiter, waiting
from plimsoll.kernel.errors import BudgetError, UnavailableError

NO = '{"reason": "it does not", "verdict": "no", "score": 0.1}'
RULE: dict[str, Any] = {"check": "judge", "name": "rude", "options": {"route": "small", "question": "Is it rude?"}}


class Purse:
    """Pays for what is asked, or does not."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.questions: list[Question] = []

    def complete(self, question: Question) -> str:
        self.questions.append(question)
        if self.error is not None:
            raise self.error
        return NO


def judge(outside: FakeOutside, **options: Any) -> OutsideCheck:
    return FACTORIES["judge"]({**RULE, "options": {**RULE["options"], **options}}, outside)


def test_whoever_pays_for_the_request_is_asked_in_place_of_the_outside() -> None:
    outside, purse = FakeOutside(NO), Purse()
    with inquiring(Inquiry(purse)):
        assert judge(outside).find("Go away!") == ()
    assert not outside.questions
    assert [(one.check, one.route) for one in purse.questions] == [("judge.rude", "small")]
    assert judge(outside).find("Go away!") == ()
    assert len(outside.questions) == 1, "where no request is answered nobody pays"


@pytest.mark.parametrize(
    ("options", "first", "second", "asked"),
    [
        ({}, Context("input"), Context("input", part="beside"), 1),
        ({}, Context("input", question="A?"), Context("output", question="B?", passages=("x",)), 1),
        ({"send": ["question"]}, Context("input", question="A?"), Context("input", question="B?"), 2),
        ({"send": ["passages"]}, Context("output", passages=("a",)), Context("output", passages=("b",)), 2),
        ({"send": ["instructions"]}, Context("output", instructions="a"), Context("output", instructions="a"), 1),
        ({"template": "llama_guard"}, Context("input"), Context("output"), 2),
    ],
)
def test_the_same_is_asked_once(options: dict[str, Any], first: Context, second: Context, asked: int) -> None:
    outside = FakeOutside("safe" if "template" in options else NO)
    given = {"route": "small", **options} if "template" in options else {**RULE["options"], **options}
    check = FACTORIES["judge"]({**RULE, "options": given}, outside)
    with inquiring(Inquiry()):
        assert check.find("Go away!", first) == check.find("Go away!", second) == ()
        assert len(outside.questions) == asked
        check.find("Come here!", first)
        assert len(outside.questions) == asked + 1
    check.find("Go away!", first)
    assert len(outside.questions) == asked + 2, "another request asks anew"


def test_two_rules_that_ask_the_same_share_the_answer_and_others_do_not() -> None:
    outside = FakeOutside(NO)
    with inquiring(Inquiry()):
        for check in (judge(outside), judge(outside)):
            check.find("Go away!")
        assert len(outside.questions) == 1
        judge(outside, rubric="To be short is not rude.").find("Go away!")
        assert len(outside.questions) == 2
        FACTORIES["judge"]({**RULE, "name": "impolite"}, outside).find("Go away!")
        assert len(outside.questions) == 3, "its finding would have another kind"


def test_what_had_no_answer_has_none_when_it_is_asked_again() -> None:
    outside = FakeOutside("Well, yes.")
    with inquiring(Inquiry()):
        for _ in range(3):
            with pytest.raises(NoVerdictError):
                judge(outside).find("Go away!")
    assert len(outside.questions) == 1


def test_a_service_is_asked_once_too_and_anew_where_the_context_is_another() -> None:
    outside = FakeOutside(reply=Reply(200, json.dumps({"findings": []}).encode()))
    rule: Any = {"check": "http", "name": "own", "options": {"url": "https://x.example/f", "kinds": ["odd"]}}
    check = FACTORIES["http"](rule, outside)
    with inquiring(Inquiry()):
        for _ in range(3):
            assert check.find("Go away!", Context("input")) == ()
        assert len(outside.posts) == 1
        check.find("Go away!", Context("output"))
        assert len(outside.posts) == 2


def test_threads_that_ask_the_same_at_the_same_time_get_one_answer() -> None:
    let = threading.Event()
    asked = []

    def ask() -> list[Found]:
        asked.append(1)
        let.wait(10)
        return [Found(0, 1, "rude")]

    inquiry = Inquiry()
    with ThreadPoolExecutor(8) as pool:
        told = [pool.submit(inquiry.once, "key", ask) for _ in range(8)]
        let.set()
        assert [list(one.result(10)) for one in told] == [[Found(0, 1, "rude")]] * 8
    assert len(asked) == 1


def test_that_there_is_no_money_is_remembered() -> None:
    error = BudgetError("the budget is used up")
    inquiry = Inquiry(Purse(error))
    with inquiring(inquiry), pytest.raises(BudgetError):
        judge(FakeOutside()).find("Go away!")
    assert inquiry.unpaid is error
    other = Inquiry(Purse(UnavailableError("nobody is there")))
    with inquiring(other), pytest.raises(UnavailableError):
        judge(FakeOutside()).find("Go away!")
    assert other.unpaid is None


@pytest.mark.parametrize("on_error", ["block", "ask", "flag"])
def test_without_money_a_policy_does_what_it_says(on_error: str) -> None:
    rule = {**RULE, "on": ["input"], "action": "block", "on_error": on_error}
    policy = Policy.from_json("p", {"checks": [rule]}, outside=FakeOutside(NO))
    # As a request is reviewed: in a thread that waits, which starts one for the check.
    with waiting(Waiter()), inquiring(Inquiry(Purse(BudgetError("the budget is used up")))):
        review = policy.review("Go away!", "input")
    assert review.action == on_error
    assert (review.failed or review.findings[0].kind) in {"judge", "check_failed"}


@pytest.mark.parametrize("size", [1, 1_000])
def test_a_text_that_is_too_long_is_not_asked_about_at_all(size: int) -> None:
    outside = FakeOutside(NO)
    with inquiring(Inquiry()):
        judge(outside, most_characters=2_000).find("x" * size)
        with pytest.raises(Exception, match="at most 100 characters"):
            judge(outside, most_characters=100).find("x" * 2_000)
    assert len(outside.questions) == 1
