"""YAML without its surprises."""

import contextlib
import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from plimsoll.project._yaml import MAX_PARTS, parse_yaml


def mistakes(text: str | bytes) -> list[tuple[int, str]]:
    content = text if isinstance(text, bytes) else text.encode()
    return [(mistake.line, mistake.what) for mistake in parse_yaml(content).mistakes]


@pytest.mark.parametrize(
    "word", ["no", "off", "on", "yes", "2024-01-01", "010", "12:30", "0x1f", "1_000", ".inf", "+5", "<<"]
)
def test_only_plain_words_and_numbers_are_not_text(word: str) -> None:
    assert parse_yaml(f"a: {word}".encode()).data == {"a": word}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("-7", -7),
        ("0", 0),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("'7'", "7"),
        ('"true"', "true"),
        ("[a, 1]", ("a", 1)),
    ],
)
def test_values(text: str, value: object) -> None:
    data = parse_yaml(f"a: {text}".encode()).data
    assert data == {"a": value}
    assert isinstance(data, dict)
    assert type(data["a"]) is type(value)


def test_every_place_knows_its_line() -> None:
    text = "a: 1\n\nb:\n  - c: 2\n    d:\n      3\n  - x\n# a comment\ntext: |\n  one\n  two\n"
    parsed = parse_yaml(text.encode())
    places = [("a",), ("b",), ("b", 0), ("b", 0, "d"), ("b", 1), ("text",), ("b", 0, "missing"), ("missing",)]
    assert [parsed.lines.of(place) for place in places] == [1, 3, 4, 5, 7, 9, 4, 1]
    assert [parsed.lines.inside(("text",), line) for line in (1, 2)] == [10, 11]
    assert parsed.lines.inside(("a",), 1) == 1


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: 1\n\tb: 2", 2, "a tab stands where only spaces may stand"),
        ("a: 1\nb: c: d", 2, "this `:` cannot make a key"),
        ("a: 1\nb\nc: 2", 2, "this line is not `key: value`"),
        ("a:\n  b: 1\n c: 2", 3, "the indent of this line does not fit"),
        ("a: [1, 2\nb: 3", 2, "a list that begins with `[` is not closed"),
        ("a: {b: 1\nc: 2", 2, "a group that begins with `{` is not closed"),
        ("a: 1\nb: 'x\nc: 1\nd: 2\n", 2, "a quote is opened here and never closed"),
        ("a: @x", 1, "the value begins with a character that means something else"),
        ("a: **/*.md", 1, "the value begins with `*` or `&`"),
        ("a: 'it's'", 1, "text stands where it cannot"),
        ('a: "C:\\folder"\nb: "\\q"', 2, "a backslash in double quotes begins something unknown"),
        ("a: 1\n--- \nb: 2", 2, "a second document begins here"),
        ("a: &x 1\nb: 2", 1, "anchors (`&x`) are not read"),
        ("a: 1\nb: *x", 2, "aliases (`*x`) are not read"),
        ("a: 1\nb: !!python/name:os.system x", 2, "tags (`!…`) are not read"),
        ("a: 1\nb: 2\na: 3", 3, "the key `a` stands in line 1 already"),
        ("? [a]\n: 1", 1, "a list or group of keys stands where a key should be"),
        ("a: 1\nb: \x07", 2, "the character U+0007 may not stand in YAML"),
        ('a: "\\ud800"', 1, "the text has a character that cannot be stored"),
        ('"\\0": 1', 1, "the text has a character that cannot be stored"),
        ('a: "\\UFFFFFFFF"', 1, "behind this a character code or number is absurd"),
        ("a: 1\nb: 1e999", 2, "the number is too large"),
        ("a: " + "9" * 5000, 1, "the number is too large"),
        ("[" * 50 + "]" * 50, 1, "this is nested more than 20 levels deep"),
        ("- a\n" * (MAX_PARTS + 1), MAX_PARTS - 1, f"the file has more than {MAX_PARTS} values"),
        (b"a: 1\nb: caf\xe9", 2, "the file is not UTF-8"),
        (b"a: " + b"x" * 1_000_000, 1, "the file is larger than 1 MB"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_cannot_be_read_is_named_with_its_line(text: str | bytes, line: int, what: str) -> None:
    found_line, found_what = mistakes(text)[0]
    assert found_line == line
    assert found_what.startswith(what)


def test_aliases_cannot_make_a_small_file_large() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    assert len(mistakes("\n".join(lines))) == 60 + 2 * 59


def test_mistakes_after_the_first_are_found_too() -> None:
    assert [line for line, _ in mistakes("a: &x 1\na: 2\nb: !t 3\nc: *x")] == [1, 2, 3, 4]


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert parse_yaml(b"\xef\xbb\xbfa: 1").data == {"a": 1}


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(codec="utf-8", exclude_categories=["C"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcdef", min_size=1), inner, max_size=4),
    max_leaves=12,
)


def tupled(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(tupled(item) for item in value)
    return {key: tupled(item) for key, item in value.items()} if isinstance(value, dict) else value


@given(json_values)
def test_json_is_read_as_json(value: object) -> None:
    parsed = parse_yaml(json.dumps({"a": value}).encode())
    assert parsed.mistakes == []
    assert parsed.data == {"a": tupled(value)}


class Writer(yaml.SafeDumper):
    """Puts texts in quotes that YAML 1.2 reads as numbers; PyYAML follows 1.1, to which `0E0` is none."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


Writer.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?\Z"), list("-+.0123456789")
)


@example("0E0")
@example(["1e400"])
@given(json_values)
def test_what_a_yaml_writer_writes_is_read_back(value: object) -> None:
    parsed = parse_yaml(yaml.dump({"a": value}, Dumper=Writer, allow_unicode=True).encode())
    assert parsed.mistakes == []
    assert parsed.data == {"a": tupled(value)}


@given(st.binary(max_size=100) | st.text(alphabet="ab01:-?[]{},&*!|>'\"%@`#\\ \t\n.~<=uU", max_size=80).map(str.encode))
def test_no_bytes_raise(content: bytes) -> None:
    parsed = parse_yaml(content)
    lines = content.count(b"\n") + content.count(b"\r") + 1
    with contextlib.suppress(UnicodeDecodeError):
        lines += sum(content.decode().count(character) for character in "\x85\u2028\u2029")
    assert all(1 <= mistake.line <= lines + 1 and mistake.what for mistake in parsed.mistakes)
