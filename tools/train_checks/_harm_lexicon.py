"""The file of the lexicon: our classes of words, two lists of others, and common words that say nothing."""

import collections
import gzip
import json
import re
from pathlib import Path
from typing import Any

from ._harm_words import LISTS, classes, words

OTHERS = {"negative": "n", "positive": "o", "profane": "P"}
"""Lists of others, and the letters of their classes."""
LETTERS = [*classes(), *OTHERS.values()]
SPELT = "GASsDNIHKFX"
"""Classes that are looked for with mistakes of spelling."""
COMMON_FROM = 3
"""A word of so many texts counts as known."""
COMMON_SETS = {
    "openai_moderation": "text",
    "surge_toxicity": "text",
    "clinc150": "text",
    "banking77": "text",
    "presidio_synth_v2": "text",
    "xstest": "prompt",
}

COARSE = {
    **dict.fromkeys("GA", "g"),
    **dict.fromkeys("Ss", "s"),
    **dict.fromkeys("NDIn", "n"),
    **dict.fromkeys("FP", "f"),
    **dict.fromkeys("KWB", "k"),
    **dict.fromkeys("Oo", "o"),
    **dict.fromkeys("Xx", "x"),
    **dict.fromkeys("J3", "j"),
    **{letter: letter for letter in "HER!CQY1ZMUchmz."},
    "d": "c",
}
"""Classes alike in features of three; those not named are left out there."""


def rows_of(data_root: Path, name: str) -> list[dict[str, Any]]:
    """The development rows of a set."""
    with gzip.open(data_root / name / "dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def lexicon(data_root: Path) -> bytes:
    """The file that `read_lexicon` reads."""
    of_class = {**words(), "\n": "."}
    for name, letter in OTHERS.items():
        for line in (LISTS / f"{name}.txt").read_text("utf-8").splitlines():
            if not line.startswith("#"):
                for word in line.split():
                    of_class.setdefault(word.replace("_", " "), letter)
    listed: dict[str, list[str]] = {letter: [] for letter in LETTERS}
    for word, letter in sorted(of_class.items()):
        listed[letter].append(word)
    known = sorted(set(_common(data_root)) - set(of_class))
    said = {
        "classes": listed,
        "spelt": SPELT,
        "adjective": "A",
        "person": "J",
        "group": "G",
        "known": " ".join(known),
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _common(data_root: Path) -> list[str]:
    seen: collections.Counter[str] = collections.Counter()
    for name, field in COMMON_SETS.items():
        for row in rows_of(data_root, name):
            seen.update(set(re.findall(r"[a-z][a-z']*", str(row[field]).lower())))
    return [word for word, count in seen.items() if count >= COMMON_FROM]
