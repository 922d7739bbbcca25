"""The checks of this room, with their options."""

from typing import Final

from ..detectors import KINDS
from ..detectors import injection as patterns_of
from ._direct import ENCODED, AttackCheck
from ._indirect import KIND, IndirectCheck
from ._weights import DIRECT, JAILBREAK

LEAST: Final = 0.5
"""The score from which something counts as found, where nothing else is asked for."""
_ATTACK: Final = "attack"


def attack_kinds() -> dict[str, tuple[str, ...]]:
    """What each check can find."""
    return {one.name: one.kinds for one in (injection(), jailbreak(), indirect_injection())}


def injection(kinds: tuple[str, ...] = (), least: float = LEAST) -> AttackCheck:
    """Looks for attacks in what a person wrote; of some kinds, or of all."""
    return AttackCheck(
        "injection", head=DIRECT, kind=_ATTACK, least=least, kinds=kinds or (*KINDS["injection"], _ATTACK)
    )


def jailbreak(least: float = LEAST) -> AttackCheck:
    """Looks for words that free a model from its limits."""
    return AttackCheck(JAILBREAK, head=JAILBREAK, kind=JAILBREAK, least=least, kinds=(JAILBREAK, "role_play", ENCODED))


def indirect_injection(least: float = LEAST) -> IndirectCheck:
    """Looks for instructions in retrieved passages and results of tools."""
    return IndirectCheck(patterns_of(()), least=least)


__all__ = ["KIND", "LEAST", "attack_kinds", "indirect_injection", "injection", "jailbreak"]
