"""The scanner finds what each pattern finds alone, and never takes no answer for a good one."""

from typing import Any, cast

import pytest
import re2  # type: ignore[import-untyped]  # it brings no types
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.checks import ScanFailedError, make_check
from plimsoll.checks.patterns import FAILED, Hit, Pattern, PatternCheck, Scan, Scanner
from plimsoll.checks.patterns import _scanner as engine

PATTERNS = (Pattern("a", "a+b"), Pattern("b", r"\bba"), Pattern("c", "é.", score=0.5))


@given(st.text(alphabet="ab é\u200b", max_size=30))
def test_together_the_patterns_find_what_each_finds_alone(text: str) -> None:
    together = Scanner(PATTERNS).whole(text)
    alone = [hit._replace(pattern=number) for number, one in enumerate(PATTERNS) for hit in Scanner([one]).whole(text)]
    assert together == sorted(alone)


@given(st.lists(st.text(alphabet="ab \n.", max_size=8), max_size=5))
def test_texts_that_are_clean_together_are_clean_alone(texts: list[str]) -> None:
    words = Scanner([*PATTERNS, Pattern("d", r"\Ba\."), Pattern("e", r"\bbb\b"), Pattern("f", r"(?m)^\.a|b$")])
    if words.are_clean(texts):
        assert all(words.is_clean(text) for text in texts)


@pytest.mark.parametrize("source", [r"\Aab", r"ab\z", "^ab", "ab$", "(?:x|(?m:ab$))", r"(?m)\Aab"])
def test_texts_are_not_looked_at_together_where_a_pattern_asks_for_their_ends(source: str) -> None:
    ends = Scanner([Pattern("end", source)])
    assert not ends.is_clean("ab")
    assert not ends.are_clean(["c", "ab", "c"])


def test_places_are_characters_of_the_text_as_it_was_given() -> None:
    assert Scanner(PATTERNS).whole("\U0001f600\u200baa\u00adb\u200b é!") == [Hit(2, 6, 0, 1.0), Hit(8, 10, 2, 0.5)]


def test_what_a_judge_refuses_does_not_hide_what_begins_inside_it() -> None:
    even = Pattern("even", "[0-9]{2,4}", judge=lambda text, _before, _after: float(int(text) % 2 == 0))
    assert [(hit.start, hit.end) for hit in Scanner([even]).whole("1357 1358")] == [(5, 9)]
    assert [(hit.start, hit.end) for hit in Scanner([even]).whole("13571358")] == [(4, 8)]


def test_a_judge_sees_what_stands_around_a_match() -> None:
    seen: list[tuple[str, str, str]] = []

    def judge(text: str, before: str, after: str) -> float:
        seen.append((text, before, after))
        return 1.0

    scan = Scan(Scanner([Pattern("x", "[0-9]+", judge=judge, after=2)]))
    for piece in ("é", "-1", "2", "\u200b", "xyz"):
        scan.feed(piece)
    assert seen == [("12", "é-", "xy")]


def test_a_cut_says_where_a_finding_ends_and_the_rest_is_looked_at_again() -> None:
    pairs = Pattern("pair", "[é0-9]{2,9}", cut=lambda _text: 2)
    assert [(hit.start, hit.end) for hit in Scanner([pairs]).whole("é1234 5")] == [(0, 2), (2, 4)]
    assert Scanner([Pattern("none", "[0-9]{2,9}", cut=lambda _text: 0)]).whole("12345") == []


def test_a_judge_that_raises_is_a_failure_and_no_answer() -> None:
    def judge(_text: str, _before: str, _after: str) -> float:
        raise KeyError

    patterns = [Pattern("x", "[0-9]+", judge=judge)]
    assert [hit.score for hit in Scanner(patterns).whole("a 12")] == [FAILED]
    with pytest.raises(ScanFailedError):
        PatternCheck("x", patterns).find("a 12")
    assert PatternCheck("x", patterns).find("none here") == []


def test_an_engine_that_gives_no_answer_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoMemory:
        def Match(self, _data: bytes) -> list[int]:  # noqa: N802  # RE2's name
            return []

    scanner = Scanner(PATTERNS)
    monkeypatch.setattr(scanner, "_together", NoMemory())
    with pytest.raises(ScanFailedError):
        scanner.whole("harmless")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0",
        "\ud800 aab \udfff",
        "\u202eaab",
        "\ufeffaab",
        "a" * 200_000,
        "ab" * 50_000,
        "é" * 50_000,
        "\u200b" * 50_000,
    ],
)
def test_hostile_texts_are_read_to_their_end(text: str) -> None:
    scan = Scan(Scanner(PATTERNS))
    whole = Scanner(PATTERNS).whole(text)
    assert scan.feed(text) + scan.feed("", last=True) == whole
    assert scan.decided == len(text)


def test_a_scan_reads_each_match_once_however_it_arrives() -> None:
    """The work is counted, not timed: a judge is asked once for each match."""
    asked = 0

    def judge(_text: str, _before: str, _after: str) -> float:
        nonlocal asked
        asked += 1
        return 1.0

    scan = Scan(Scanner([Pattern("x", r"\b[0-9]+\b", judge=judge)]))
    text = "12 " * 500
    for character in text:
        scan.feed(character)
    scan.feed("", last=True)
    assert asked == 500


PIECES = (
    *("john.doe7@example.com", "+1 (415) 555-0123", "4111 1111 1111 1111", "460-89-9847", "192.168.1.20", "1"),
    *("GB82 WEST 1234 5698 7654 32", "born 1984-02-12", "version 10.2.3.4", "NHS 943 476 5919", " ", ".", "-", "word "),
    *(
        "my number 1234 5678 9012",
        "00:1B:44:11:3A:B7",
        "x" * 300,
        "4 " * 200,
        "http://a.example/?q=" + "ab1" * 40,
        "=//",
    ),
)


@given(st.lists(st.sampled_from(PIECES), max_size=60), st.sampled_from(["pii", "secrets", "links"]))
@settings(max_examples=60, deadline=None)
def test_a_whole_text_of_ascii_has_the_findings_of_one_that_arrives(pieces: list[str], name: str) -> None:
    check = make_check(name, {"check": name})
    assert isinstance(check, PatternCheck)
    scanner, text = Scanner(check.patterns), "".join(pieces)
    scan = Scan(scanner)
    arriving = scan.feed(text) + scan.feed("", last=True)
    assert Scanner(check.patterns).whole(text) == sorted(arriving)


@pytest.mark.parametrize("at", [2040, 2047, 2048, 2049, 4090, 6144])
def test_a_finding_on_the_border_of_two_blocks_is_one_finding(at: int) -> None:
    words = Scanner([Pattern("ab", r"\bab{1,20}\b"), Pattern("b", "b{3}")])
    text = "-" * (at - 5) + "abbbbbbbbb" + "-" * 3000
    hits = words.whole(text)
    assert hits == [Hit(at - 5, at + 5, 0, 1.0), *(Hit(at - 4 + 3 * n, at - 1 + 3 * n, 1, 1.0) for n in range(3))]


def test_patterns_with_the_same_expression_go_on_each_by_itself() -> None:
    odd = Pattern("odd", "[0-9]{2,4}", judge=lambda text, _before, _after: float(int(text) % 2))
    short = Pattern("short", "[0-9]{2,4}", cut=lambda _text: 2)
    text = "12345678 10 9"
    together = [(hit.pattern, hit.start, hit.end) for hit in Scanner([odd, short, odd]).whole(text)]
    alone = [(n, hit.start, hit.end) for n, one in enumerate([odd, short, odd]) for hit in Scanner([one]).whole(text)]
    assert sorted(together) == sorted(alone)
    assert len(together) > 4


def test_an_engine_that_shows_no_more_than_it_promises_finds_the_same() -> None:
    class Shown:
        def __init__(self, compiled: Any) -> None:
            self.search = compiled.search

    compiled = engine._compiled("a+b", re2.Options())  # the way that no other test takes
    ways = [engine._search(one) for one in (compiled, cast("Any", Shown(compiled)))]
    for at, to in ((0, 9), (3, 9), (5, 9), (0, 2), (9, 9)):
        assert ways[0](b"xaab aab ", at, to) == ways[1](b"xaab aab ", at, to)
    assert ways[0](b"xaab", 0, 4) == (1, 4)
