"""Texts that are like nothing in the labelled sets, and harmless: so that the model is not sure of what it never saw.

From permissive sets of other tasks, from Python's own sources and documentation, and made up here.
"""

import json
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from pydoc_data.topics import topics
from random import Random
from typing import Any

from ._harm_lexicon import rows_of

SEED, MOST = 7, 160
"""Of each kind there are at most so many."""
SETS: Mapping[str, tuple[int, str]] = {
    "banking77": (15, "CC BY 4.0"),
    "clinc150": (15, "CC BY 3.0"),
    "cuad": (80, "CC BY 4.0"),
    "qmsum": (80, "MIT"),
    "pubmedqa": (80, "MIT"),
    "bfcl": (80, "Apache-2.0"),
    "anthropic_docs_rag": (80, "MIT"),
    "contextual_code_retrieval": (80, "MIT"),
    "halueval_general": (80, "MIT"),
    "llmbar": (80, "MIT"),
    "wnut17": (60, "CC BY 4.0"),
    "presidio_synth_v2": (60, "MIT"),
}
"""Sets of other tasks, with the least number of characters of a text, and the licence."""
_LONGEST = 1200
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SCRIPTS = (
    *((0x3B1, 25), (0x430, 32), (0x5D0, 27), (0x627, 36), (0x905, 53)),
    *((0x3041, 83), (0x4E00, 3000), (0xAC00, 800)),
)
"""Where letters of other scripts begin, and how many there are."""
_ACCENTED = "àáâãäåæçèéêëìíîïñòóôõöøùúûüýœšžğışčř"


def plain(data_root: Path) -> Iterator[tuple[str, str]]:
    """Kinds and texts, the same in every run."""
    random = Random(SEED)  # noqa: S311  # examples are no secrets
    for name, (least, _) in SETS.items():
        found = sorted({text for row in rows_of(data_root, name) for text in _texts(row) if len(text) >= least})
        for text in random.sample(found, min(MOST, len(found))):
            yield name, text[:_LONGEST]
    for name, pieces in (("code", _code()), ("documentation", _documentation())):
        for piece in random.sample(pieces, MOST):
            yield name, piece
    for name, made in _MADE.items():
        for _ in range(MOST // 2):
            yield name, made(random)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _code() -> list[str]:
    sources = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    return _cut("\n".join(one.read_text("utf-8", "replace") for one in sources[:60]))


def _documentation() -> list[str]:
    return _cut("\n".join(topics[name] for name in sorted(topics)[::2]))


def _cut(text: str) -> list[str]:
    return [text[start : start + 700] for start in range(0, len(text) - 700, 700)]


def _words(random: Random, letters: str, longest: int = 10) -> str:
    count = random.randint(1, 60)
    return " ".join("".join(random.choices(letters, k=random.randint(1, longest))) for _ in range(count))


def _script(random: Random) -> str:
    start, count = random.choice(_SCRIPTS)
    return _words(random, "".join(map(chr, range(start, start + count))))


def _log(random: Random) -> str:
    said = ("request finished", "connection reset by peer", "killed process", "retrying", "job aborted", "timed out")
    parts = [
        f"2026-01-{random.randint(10, 28)}T{random.randint(10, 23)}:{random.randint(10, 59)}:00Z "
        f"{random.choice(('INFO', 'WARN', 'ERROR'))} {random.choice(('worker', 'http', 'db'))}: {random.choice(said)} "
        f"id={random.getrandbits(48):x} took={random.randint(1, 900)}ms"
        for _ in range(random.randint(1, 8))
    ]
    return "\n".join(parts)


_COMMON = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "is",
    "it",
    "for",
    "on",
    "with",
    "as",
    "at",
    "by",
    "from",
    "this",
    "not",
    "are",
    "was",
    "you",
    "he",
    "she",
    "they",
    "we",
    "one",
    "time",
    "people",
]
_MADE: Mapping[str, Callable[[Random], str]] = {
    "one letter": lambda random: random.choice(_LETTERS + "0.-!?") * random.choice((3, 20, 300)),
    "one word": lambda random: (random.choice(_COMMON) + " ") * random.choice((1, 5, 100)),
    "one made-up word": lambda random: (_words(random, _LETTERS).split(" ")[0] + " ") * random.choice((1, 5, 100)),
    "letters": lambda random: _words(random, _LETTERS),
    "accented letters": lambda random: _words(random, _LETTERS + _ACCENTED),
    "other scripts": _script,
    "codes": lambda random: f"{random.getrandbits(random.choice((64, 256, 2000))):x}",
    "mixed codes": lambda random: "".join(random.choices(_LETTERS + _LETTERS.upper() + "0123456789+/", k=200)),
    "numbers": lambda random: "\t".join(f"{random.random() * 1000:.2f}" for _ in range(random.randint(3, 60))),
    "json": lambda random: json.dumps({word: random.random() for word in _words(random, _LETTERS).split(" ")}),
    "log": _log,
}
