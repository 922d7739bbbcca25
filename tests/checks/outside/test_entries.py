"""What the catalogue says of these checks is what they are."""

import importlib
from typing import Any

import pytest

from plimsoll.checks import make_check
from plimsoll.checks.catalogue import CHECKS, check_entry
from plimsoll.checks.outside import FACTORIES, KINDS, NobodyToAskError

MODULES = {
    "judge": "_judge",
    "http": "_service",
    "openai_moderation": "_moderations",
    "classifier": "_classifier",
    "presidio": "_presidio",
}
RULES: dict[str, Any] = {
    "judge": {"options": {"route": "small", "question": "Is it rude?"}},
    "http": {"options": {"url": "https://checks.example/", "kinds": ["threat"]}},
    "openai_moderation": {},
    "classifier": {"options": {"path": "guard", "digest": "sha256:0", "labels": {"BAD": "bad"}}},
    "presidio": {"kinds": ["email"]},
}


@pytest.mark.parametrize("name", FACTORIES)
def test_kinds_and_options_are_the_same(name: str) -> None:
    entry = check_entry(name)
    module = importlib.import_module(f"plimsoll.checks.outside.{MODULES[name]}")
    assert CHECKS[name] == KINDS[name]
    assert {option.name for option in entry.options} == set(module._KNOWN)


@pytest.mark.parametrize("name", FACTORIES)
def test_the_catalogue_makes_them(name: str) -> None:
    check = make_check(name, {"check": name, **RULES[name]})
    assert check.kinds
    assert getattr(check, "waits", False)
    assert check.version
    with pytest.raises(NobodyToAskError):
        check.find("x")
