"""Sentences are cut at the same places however a text comes, and no text is looked at more than a few times."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.guardrails import _sentences
from plimsoll.guardrails._sentences import MOST_CHARACTERS, Sentence, Sentences

PARTS = (
    "The tenant pays the rent. ",
    "Dr. Smith",
    "e.g. this",
    "Is it?! ",
    'He said "no." ',
    "\u3002",
    "\u2026\u00bb ",
    "(see 4.2.)",
    "\n",
    "\r\n",
    ".",
    "...",
    " ",
    "\u00a0",
    "x" * 60,
    "word " * 30,
    "y" * 1001,
    "1. 2. 3. ",
    "\x00",
    "\ud800",
    "\u202e",
)
TEXTS = st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=5)), max_size=16).map("".join)


def sentences_of(*pieces: str) -> list[Sentence]:
    sentences = Sentences()
    return [sentence for piece in pieces for sentence in sentences.feed(piece)] + sentences.feed("", last=True)


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.lists(st.integers(0, 3000), max_size=10))
def test_the_cuts_are_the_same_for_all_pieces(text: str, cuts: list[int]) -> None:
    whole = sentences_of(text)
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    assert sentences_of(*(text[start:end] for start, end in pairwise(places))) == whole
    assert sentences_of(*text) == whole


@given(TEXTS)
def test_sentences_are_the_text_and_none_is_too_long(text: str) -> None:
    found = sentences_of(text)
    assert "".join(one.text for one in found) == text
    assert [one.start for one in found] == [sum(len(one.text) for one in found[:at]) for at in range(len(found))]
    assert all(0 < len(one.text) <= MOST_CHARACTERS for one in found)


@given(TEXTS, st.integers(0, 400))
def test_what_is_open_is_no_longer_than_a_sentence_can_be(text: str, cut: int) -> None:
    sentences = Sentences()
    told = sum(len(one.text) for piece in (text[:cut], text[cut:]) for one in sentences.feed(piece))
    assert sentences.begun == told
    assert len(text) - told <= MOST_CHARACTERS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The lease ends in the month of May. It is long.", ["The lease ends in the month of May.", " It is long."]),
        ("He asked: is it? Then he left.\nAnd so on", ["He asked: is it? Then he left.", "\nAnd so on"]),
        ("A list of things begins here\nand goes on", ["A list of things begins here\n", "and goes on"]),
        ("He said, and I quote: (no.) Then he went.", ["He said, and I quote: (no.)", " Then he went."]),
        ("a " * 600, ["a " * 500, "a " * 100]),
        ("a" * 1500, ["a" * 1000, "a" * 500]),
        ("", []),
    ],
)
def test_where_sentences_end(text: str, expected: list[str]) -> None:
    assert [one.text for one in sentences_of(text)] == expected


class Counting:
    """An expression that counts how many characters it looks at."""

    def __init__(self, known: re.Pattern[str]) -> None:
        self.known = known
        self.looked = 0

    def search(self, text: str, start: int, end: int) -> re.Match[str] | None:
        found = self.known.search(text, start, end)
        self.looked += max(0, min(end, len(text)) - start) if found is None else found.end() - start
        return found


@pytest.mark.parametrize("sign", [".", "!?", ".)", "\n", " ", ". ", "x", '."', "\u3002", "a lease. "])
def test_no_text_is_looked_at_more_than_three_times(sign: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ends, spaces = Counting(_sentences._END), Counting(_sentences._SPACE)
    monkeypatch.setattr(_sentences, "_END", ends)
    monkeypatch.setattr(_sentences, "_SPACE", spaces)
    text = sign * (1_000_000 // len(sign))
    assert sum(len(one.text) for one in sentences_of(text)) == len(text)
    assert ends.looked + spaces.looked <= 3 * len(text)


@pytest.mark.parametrize("text", ["." * 900, ".)" * 450, "." * 450 + ")" * 450, ". " * 450])
def test_signs_are_looked_at_from_where_they_begin_alone(text: str) -> None:
    """Each beginning is read once to its end, and never from its middle."""
    found = list(_sentences._END.finditer(text))
    assert all(one.start() == 0 or text[one.start() - 1] != "." for one in found)
    assert all(text[one.end() : one.end() + 1].isspace() for one in found)
