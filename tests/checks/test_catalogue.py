"""What can be said about checks without making them, what they refuse, and how packages bring more."""

import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from subprocess import run
from types import SimpleNamespace
from typing import Any

import pytest

from plimsoll.checks import (
    NO_CONTEXT,
    Check,
    CheckOptionsError,
    CheckPlugInError,
    CheckUnknownError,
    Context,
    Found,
    KindUnknownError,
    make_check,
)
from plimsoll.checks.catalogue import CHECKS, GROUP, CheckEntry, Given, Option, _plugins, check_entry, check_names
from plimsoll.guardrails import Policy


class Palindromes:
    """A check of a package."""

    name = "palindromes"
    version = "1"
    kinds = ("palindrome",)

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:  # noqa: ARG002  # it needs none
        return [Found(0, len(text), "palindrome")] if text and text == text[::-1] else ()


def made(given: Given) -> Check:
    if given.options.get("odd"):
        raise ZeroDivisionError
    return Palindromes()


ENTRY = CheckEntry(
    "palindromes", "Finds palindromes.", ("palindrome",), (Option("odd", "switch", "true or false", "odd: true"),), made
)
MISNAMED = CheckEntry("others", "Others.", ("other",), (), made)
HOLLOW = CheckEntry("hollow", "Nothing.", ("none",), (), lambda _given: SimpleNamespace(name="x"))
NO_ENTRY = "a text"


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Installs entry points of a package that is called `palindromes-for-plimsoll`."""
    points: list[EntryPoint] = []

    def found(*, group: str, name: str | None = None) -> list[EntryPoint]:
        return [point for point in points if point.group == group and name in {None, point.name}]

    def add(name: str, value: str) -> None:
        points.append(EntryPoint(name, value, GROUP)._for(SimpleNamespace(name="palindromes-for-plimsoll")))  # type: ignore[attr-defined]  # as the library itself makes them

    monkeypatch.setattr(_plugins, "entry_points", found)
    _plugins._loaded.cache_clear()
    yield add
    _plugins._loaded.cache_clear()


def test_every_check_says_what_it_is_for_and_what_it_takes() -> None:
    for name in CHECKS:
        entry = check_entry(name)
        assert (entry.name, entry.by) == (name, "")
        assert entry.says.endswith(".")
        assert len({option.name for option in entry.options}) == len(entry.options)
        for option in entry.options:
            assert option.example.startswith(f"{option.name}: "), option
            assert option.says


@pytest.mark.parametrize(
    ("name", "said", "what", "hint"),
    [
        ("links", {"options": {"hostss": []}}, "there is no option `hostss`", "did you mean `hosts`? options of links"),
        ("links", {"options": {"hosts": "example.org"}}, "`hosts` must be a list of hosts", "hosts: [example.org"),
        ("links", {"options": {"hosts": ["http://x"]}}, "is no name of a host", "example.org"),
        ("links", {"kinds": ["link"]}, "`hosts` is missing", "hosts: [example.org"),
        ("links", {"options": {"schemes": []}}, "`schemes` must be a list of 1 to 50", "schemes: [https"),
        ("links", {"options": []}, None, ""),
        ("links", {"options": [1]}, "`options` must be a group of keys", "options of links"),
        ("pii", {"options": {"x": 1}}, "there is no option `x`", "pii takes no options"),
        ("length", {}, "it needs a limit", "characters: 20000"),
        ("length", {"options": {"lines": 0}}, "`lines` must be a whole number from 1", "lines: 200"),
        ("length", {"options": {"lines": True}}, "`lines` must be a whole number from 1", "lines: 200"),
        ("encoded", {"options": {"least": 7}}, "`least` must be a whole number from 16 to 1000", "least: 40"),
        ("topics", {"options": {"threshold": 7, "deny": {"x": ["y z"]}}}, "`threshold` must be a number from", "0.8"),
        ("topics", {"options": {"threshold": float("nan")}}, "`threshold` must be a number from", "0.8"),
        ("topics", {"options": {"deny": {"x": []}}}, "`x` must have 1 to 50 sentences", "deny: {"),
        ("topics", {"options": {"deny": {"A B": ["y"]}}}, "a topic of `deny` has a name", "lower-case"),
        ("topics", {"options": {"deny": {"a": ["y"]}, "allow": {"a": ["z"]}}}, "`a` is allowed and denied", "take it"),
        ("topics", {}, "it needs `allow` or `deny`", "deny: {"),
        ("language", {}, "`languages` is missing", "options: {languages: [en, de]}"),
        ("language", {"options": {"languages": ["english"]}}, "it does not know the language `english`", "ISO 639"),
        ("json_schema", {"options": {"schema": {"type": 7}}}, "the schema cannot be used", "json-schema.org"),
        ("json_schema", {"options": {"schema": {"$ref": "http://x.example/y"}}}, "the schema cannot be used", "json"),
        ("json_schema", {"options": {"fenced": "yes"}}, "`fenced` must be true or false", "fenced: true"),
    ],
)
def test_what_a_check_cannot_use_is_told_with_what_would_be_right(
    name: str, said: dict[str, Any], what: str | None, hint: str
) -> None:
    if what is None:
        assert make_check(name, said).name == name
        return
    with pytest.raises(CheckOptionsError) as caught:
        make_check(name, said)
    assert what in caught.value.message
    assert hint in caught.value.hint


def test_an_unknown_check_or_kind_is_told_with_what_is_near() -> None:
    with pytest.raises(CheckUnknownError) as unknown:
        make_check("link", {})
    assert "did you mean `links`?" in unknown.value.hint
    with pytest.raises(KindUnknownError) as kind:
        make_check("links", {"kinds": ["exfiltrate"]})
    assert "did you mean `exfiltration`?" in kind.value.hint


def test_a_package_brings_a_check_that_policies_name(install: Callable[[str, str], None]) -> None:
    install("palindromes", f"{__name__}:ENTRY")
    assert check_names()[-1] == "palindromes"
    assert check_entry("palindromes").by == "palindromes-for-plimsoll"
    rules = Policy.from_json("p", {"checks": [{"check": "palindromes", "on": ["input"], "action": "block"}]})
    assert rules.review("anna", "input").reason == "palindromes.palindrome"
    with pytest.raises(CheckOptionsError, match="`odd` must be true or false"):
        make_check("palindromes", {"options": {"odd": 3}})


def test_a_package_takes_no_name_of_ours(install: Callable[[str, str], None]) -> None:
    install("pii", f"{__name__}:MISNAMED")
    assert check_names().count("pii") == 1
    assert check_entry("pii").by == ""


@pytest.mark.parametrize(
    ("name", "value", "options", "why"),
    [
        ("gone", "no_such_module_anywhere:ENTRY", {}, "ModuleNotFoundError"),
        ("gone", f"{__name__}:GONE", {}, "AttributeError"),
        ("text", f"{__name__}:NO_ENTRY", {}, "is no CheckEntry"),
        ("misnamed", f"{__name__}:MISNAMED", {}, "its entry calls itself 'others'"),
        ("hollow", f"{__name__}:HOLLOW", {}, "has no `name`, `version`, `kinds` and `find`"),
        ("palindromes", f"{__name__}:ENTRY", {"options": {"odd": True}}, "ZeroDivisionError"),
    ],
)
def test_a_package_that_is_broken_is_named(
    install: Callable[[str, str], None], name: str, value: str, options: dict[str, Any], why: str
) -> None:
    install(name, value)
    with pytest.raises(CheckPlugInError) as caught:
        make_check(name, options)
    assert "palindromes-for-plimsoll" in caught.value.message
    assert why in caught.value.message
    assert "palindromes-for-plimsoll" in caught.value.hint
    closed = Policy.load("p", {"checks": [{"check": name, "on": ["input"], "action": "flag", **options}]})
    assert closed.review("hello", "input").action == "block"


def test_names_of_checks_need_neither_numpy_nor_the_engine_of_patterns() -> None:
    code = "import sys, plimsoll.checks.catalogue as c; c.check_names(); print(*sys.modules)"
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parent)
    loaded = set(done.stdout.split())
    assert not loaded & {"numpy", "re2", "py3langid", "jsonschema_rs", "onnxruntime", "aiohttp", "sqlalchemy"}
