"""The checks of `plimsoll.checks.attacks`, with their options. They are imported when one of them is made."""

from .._types import Check
from ..detectors import KINDS
from ._types import CheckEntry, Given, Option

_LEAST = Option("least", "number", "a number from 0.01 to 1", "least: 0.5", least=0.01, most=1)


def _injection(given: Given) -> Check:
    from ..attacks import injection

    return injection(given.kinds, **given.options)


def _jailbreak(given: Given) -> Check:
    from ..attacks import jailbreak

    return jailbreak(**given.options)


def _indirect_injection(given: Given) -> Check:
    from ..attacks import indirect_injection

    return indirect_injection(**given.options)


ATTACKS: tuple[CheckEntry, ...] = (
    CheckEntry(
        "injection",
        "Words that try to take over: to override instructions, or to make a model tell its prompt.",
        (*KINDS["injection"], "attack"),
        (_LEAST,),
        _injection,
    ),
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
