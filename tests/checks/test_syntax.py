"""Expressions are bounded, their beginnings are known, and what cannot be used is refused with its reason."""

import pytest
import re2  # type: ignore[import-untyped]  # it brings no types
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.checks import PatternInvalidError
from plimsoll.checks.patterns import Pattern, Scanner
from plimsoll.checks.patterns._syntax import MOST_REPEATS, read_expression

SOURCES = (
    r"project\s+atlas",
    r"(?i)\b(?:ab|a(?:c|d)e)+x?\b",
    r"[^\]a-c[:digit:]]{2,3}é",
    r"(a|b){2}c{1,}d*?",
    r"\x{41}\p{L}\pN\.\-",
    "a{,2}b}",
    r"(?P<name>a)(?i:B)",
)


@pytest.mark.parametrize("source", SOURCES)
def test_the_bounded_form_is_an_expression_that_re2_takes(source: str) -> None:
    read = read_expression(source)
    re2.compile(read.source)
    re2.compile(read.wider)
    re2.compile(f"(?:{read.beginnings})\\z")
    assert 0 < read.shortest <= read.longest


@given(source=st.sampled_from(SOURCES), text=st.text(alphabet="abcdex é.AB-1 ps", max_size=12), cut=st.integers(0, 12))
def test_every_proper_beginning_of_a_match_is_one(source: str, text: str, cut: int) -> None:
    read = read_expression(source)
    found = re2.search(read.source, text)
    if found is not None:
        beginning = found.group()[: min(cut, len(found.group()) - 1)]
        assert re2.fullmatch(str(read.beginnings), beginning) is not None


def test_a_repetition_without_an_end_ends() -> None:
    assert read_expression("a+").longest == MOST_REPEATS
    assert len(Scanner([Pattern("x", "^a+")]).whole("a" * 100)) == 1
    assert Scanner([Pattern("x", "^a+")]).whole("a" * 100)[0].end == MOST_REPEATS


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("a*", "it matches the empty text"),
        ("", "it matches the empty text"),
        ("(a", "a `(` is not closed"),
        ("a)", "a `)` closes nothing"),
        ("[a", "a `[` is not closed"),
        ("*a", "there is nothing that `*` could repeat"),
        ("a**", "a repetition is repeated"),
        ("a{3,2}", "it cannot repeat"),
        ("a{5000}", "it cannot repeat"),
        ("(?:a{1000}){9}", "and 4096 are allowed"),
        (r"(?=a)b", "a group that begins with `(?=a`"),
        (r"(?<!a)b", "a group that begins with"),
        (r"a(?i)b", "a group that begins with"),
        (r"(a)\1", r"`\1` cannot stand in it"),
        (r"\Qa", r"`\Q` cannot stand in it"),
        (r"\Ca", r"`\C` cannot stand in it"),
        ("[z-a]", "invalid character class range"),
        ("(" * 30 + "a" + ")" * 30, "too deep"),
        ("a" * 20_001, "longer than"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(source: str, reason: str) -> None:
    with pytest.raises(PatternInvalidError) as caught:
        Scanner([Pattern("x", source)])
    assert reason in caught.value.message
    assert caught.value.hint
