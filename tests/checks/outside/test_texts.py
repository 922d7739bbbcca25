"""Texts on their way out, and options of any kind."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.checks.outside.test_entries import MODULES, RULES
from tests.models.hostile import json_values

from plimsoll.checks import CheckOptionsError
from plimsoll.checks.outside import FACTORIES, OutsideCheck
from plimsoll.checks.outside._texts import pieces_of, sendable

KEYS = ["options", "name", "kinds", "at_least", "timeout_s"]


@given(st.text(alphabet="ab \n\ud800x", max_size=300), st.integers(1, 40))
def test_pieces_are_the_text_and_none_is_too_long(text: str, most: int) -> None:
    pieces = list(pieces_of(text, most))
    assert "".join(piece for _, piece in pieces) == text
    assert all(len(piece) <= most and text.startswith(piece, start) for start, piece in pieces)
    assert [start for start, _ in pieces] == [
        sum(len(one) for _, one in pieces[:place]) for place in range(len(pieces))
    ]


def test_pieces_are_cut_behind_white_space() -> None:
    assert list(pieces_of("aaaa bbbb cccc", 10)) == [(0, "aaaa bbbb "), (10, "cccc")]
    assert list(pieces_of("aaaabbbbcccc", 10)) == [(0, "aaaabbbbcc"), (10, "cc")]


@given(st.text(alphabet=st.characters(), max_size=50) | st.text(alphabet="a\ud800\udfffz"))
def test_what_is_sent_has_every_character_in_its_place(text: str) -> None:
    sent = sendable(text)
    assert len(sent) == len(text)
    assert all(one == other or "\ud800" <= one <= "\udfff" for one, other in zip(text, sent, strict=True))
    assert sent.encode().decode() == sent


@pytest.mark.parametrize("name", FACTORIES)
@given(data=st.data())
def test_options_of_any_kind_are_taken_or_told(name: str, data: st.DataObject) -> None:
    known = __import__(f"plimsoll.checks.outside.{MODULES[name]}", fromlist=["_KNOWN"])._KNOWN
    good: dict[str, Any] = {"check": name, **RULES[name]}
    if data.draw(st.booleans()):
        rule = {**good, data.draw(st.sampled_from(KEYS)): data.draw(json_values)}
    else:
        options = {**good.get("options", {}), data.draw(st.sampled_from([*known, "other"])): data.draw(json_values)}
        rule = {**good, "options": options}
    assert made_or_told(name, rule)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**30, "\ud800"])
def test_what_json_cannot_hold_is_told(value: Any) -> None:
    options = {**RULES["judge"]["options"], "parameters": {"x": value}}
    assert made_or_told("judge", {"check": "judge", "options": options}) == "write texts and finite numbers"


def made_or_told(name: str, rule: Any) -> OutsideCheck | str:
    """The check, or the hint of what is wrong with its rule."""
    try:
        return FACTORIES[name](rule, None)
    except CheckOptionsError as error:
        return error.hint
