"""Placeholders: the same text has the same one in a whole request, and only what the caller said is put back."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from plimsoll.checks import Context
from plimsoll.guardrails import Policy
from plimsoll.guardrails._placeholders import Placeholders, Restoring
from plimsoll.kernel.digest import Json

RESTORED: Json = {
    "checks": [{"check": "pii", "kinds": ["email"], "on": ["input", "retrieved"], "action": "redact", "restore": True}]
}


def test_the_same_text_has_the_same_placeholder_in_all_texts_of_a_request() -> None:
    policy, request = Policy.from_json("p", RESTORED), Placeholders()
    texts = ("to bob@example.org", "from ann@example.org to bob@example.org")
    seen = [policy.review(text, "input", Context("input"), request).text for text in texts]
    assert seen == ["to [EMAIL_1]", "from [EMAIL_2] to [EMAIL_1]"]
    assert policy.review(texts[1], "input", Context("input"), Placeholders()).text == "from [EMAIL_1] to [EMAIL_2]"


def test_only_what_the_caller_said_can_be_put_back() -> None:
    policy, request = Policy.from_json("p", RESTORED), Placeholders()
    policy.review("secret@example.org", "retrieved", Context("retrieved"), request)
    policy.review("bob@example.org", "input", Context("input"), request)
    assert request.own == {"[EMAIL_2]": "bob@example.org"}
    assert Restoring(request.own).feed("[EMAIL_1] and [EMAIL_2]", last=True) == "[EMAIL_1] and bob@example.org"


def test_without_restore_nothing_is_kept() -> None:
    rule: Json = {"check": "pii", "on": ["input"], "action": "redact", "numbered": True}
    request = Placeholders()
    Policy.from_json("p", {"checks": [rule]}).review("bob@example.org", "input", Context("input"), request)
    assert request.own == {}


OWN = {
    "[EMAIL_1]": "bob@example.org",
    "[EMAIL_12]": "ann@example.org",
    "[NAME 1_2]": "[EMAIL_1]",
    "[]": "x",
    "plain": "y",
}


@given(
    st.lists(st.sampled_from([*OWN, "[", "]", "[EMAIL", "_1", "[EMAIL_3]", "a", " ", "é"]), max_size=12).map("".join),
    st.lists(st.integers(0, 60), max_size=8),
)
def test_an_answer_in_pieces_becomes_what_it_becomes_as_a_whole(text: str, cuts: list[int]) -> None:
    whole = Restoring(OWN).feed(text, last=True)
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = Restoring(OWN)
    out = [pieces.feed(text[start:end]) for start, end in pairwise(places)]
    assert "".join([*out, pieces.feed("", last=True)]) == whole


def test_what_is_put_back_is_not_looked_at_again() -> None:
    assert Restoring(OWN).feed("[NAME 1_2]", last=True) == "[EMAIL_1]"


def test_brackets_of_a_replacement_are_no_part_of_the_placeholder() -> None:
    rule: Json = {"check": "pii", "on": ["input"], "action": "redact", "restore": True, "with": "[a[b]"}
    request = Placeholders()
    policy = Policy.from_json("p", {"checks": [rule]})
    assert policy.review("bob@example.org", "input", Context("input"), request).text == "[ab_1]"
    assert Restoring(request.own).feed("[ab_1]", last=True) == "bob@example.org"


def test_no_more_is_held_back_than_a_placeholder_can_be_long() -> None:
    pieces = Restoring(OWN)
    text = "[" + "A" * 500
    assert len(text) - sum(len(pieces.feed(character)) for character in text) <= len("[EMAIL_12]")
