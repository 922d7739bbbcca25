"""Attacks on a model's instructions: direct, in data, and jailbreaks.

Here: the checks `injection`, `jailbreak` and `indirect_injection`, made of patterns and of a small model, and other
readings of texts in disguise. Not here: the patterns (`plimsoll.checks.detectors`), the kind of model
(`plimsoll.checks.ngrams`), and how it was trained (`tools/train_checks`).
"""

from ._checks import attack_kinds, indirect_injection, injection, jailbreak
from ._direct import AttackCheck
from ._facts import known
from ._indirect import FACTS as PART_FACTS
from ._indirect import IndirectCheck, parted
from ._views import views
from ._weights import FILE, HEADS, Weights, load_weights, read_weights

__all__ = [
    "FILE",
    "HEADS",
    "PART_FACTS",
    "AttackCheck",
    "IndirectCheck",
    "Weights",
    "attack_kinds",
    "indirect_injection",
    "injection",
    "jailbreak",
    "known",
    "load_weights",
    "parted",
    "read_weights",
    "views",
]
