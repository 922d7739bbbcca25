"""Exceptions: for whom and where a rule does not count, and that they end."""

from datetime import date
from typing import Any

import pytest

from plimsoll.guardrails import Policy, PolicyInvalidError
from plimsoll.kernel.digest import Json

EMAIL: dict[str, Json] = {"check": "pii", "kinds": ["email"], "on": ["input"], "action": "block"}
SECRETS: Json = {"check": "secrets", "on": ["input"], "action": "block"}
LEAVE: dict[str, Json] = {"actors": ["tester"], "endpoints": ["ask"], "until": "2027-03-31", "reason": "load test"}


def policy(*exceptions: Json) -> Policy:
    return Policy.from_json("p", {"checks": [{**EMAIL, "exceptions": list(exceptions)}, SECRETS]})


@pytest.mark.parametrize(
    ("actor", "endpoint", "today", "action"),
    [
        ("tester", "ask", date(2027, 3, 31), "allow"),
        ("tester", "ask", date(2027, 4, 1), "block"),
        ("tester", "other", date(2027, 1, 1), "block"),
        ("somebody", "ask", date(2027, 1, 1), "block"),
        ("", "", date(2027, 1, 1), "block"),
    ],
)
def test_an_exception_holds_for_its_actor_at_its_endpoint_until_its_day(
    actor: str, endpoint: str, today: date, action: str
) -> None:
    within = policy(LEAVE).within(actor, endpoint, today)
    assert within.review("bob@example.org", "input").action == action
    assert within.review("AKIAIOSFODNN7EXAMPLE", "input").action == "block"


def test_an_exception_for_all_actors_or_all_endpoints_names_the_other() -> None:
    here = policy({**LEAVE, "actors": []})
    assert here.within("anybody", "ask", date(2027, 1, 1)).review("bob@example.org", "input").action == "allow"
    who = policy({**LEAVE, "endpoints": []})
    assert who.within("tester", "anything", date(2027, 1, 1)).review("bob@example.org", "input").action == "allow"


def test_a_policy_without_exceptions_that_hold_is_the_policy_itself() -> None:
    one = policy(LEAVE)
    assert one.within("somebody", "ask", date(2027, 1, 1)) is one
    assert one.within("tester", "ask", date(2027, 1, 1)) is one.within("tester", "ask", date(2027, 1, 2))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"actors": [], "endpoints": []}, "needs `actors` or `endpoints`"),
        ({"until": None}, "needs the day on which it ends"),
        ({"until": "soon"}, "needs the day on which it ends"),
        ({"reason": " "}, "needs a `reason`"),
        ({"actors": "tester"}, "`actors` of an exception must be a list of names"),
        ({"actor": ["tester"]}, "no key `actor`"),
    ],
)
def test_an_exception_that_is_wrong_is_said_to_be(change: dict[str, Any], said: str) -> None:
    with pytest.raises(PolicyInvalidError, match=said):
        policy({**LEAVE, **change})


def test_a_list_of_something_else_is_no_list_of_exceptions() -> None:
    with pytest.raises(PolicyInvalidError, match="must be a group of keys"):
        policy("tester")
