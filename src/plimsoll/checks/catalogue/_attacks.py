"""The checks of `plimsoll.checks.attacks`, with their options. They are imported when one of them is made."""

from .._types import Check
from ._types import CheckEntry, Given, Option

_LEAST = Option("least", "number", "a number from 0.01 to 1", "least: 0.5", least=0.01, most=1)


def _jailbreak(given: Given) -> Check:
    from ..attacks import jailbreak

    return jailbreak(**given.options)


def _indirect_injection(given: Given) -> Check:
    from ..attacks import indirect_injection

    return indirect_injection(**given.options)


ATTACKS: tuple[CheckEntry, ...] = (
    CheckEntry(
        "jailbreak",
        "Words that free a model from its limits.",
        ("jailbreak", "role_play", "encoded"),
        (_LEAST,),
        _jailbreak,
    ),
    CheckEntry(
        "indirect_injection",
        "Instructions that stand in retrieved passages and in results of tools.",
        ("instruction", "encoded"),
        (_LEAST,),
        _indirect_injection,
    ),
)
