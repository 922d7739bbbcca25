"""The texts that the harm model learns from, with what is known of each."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._harm_grammar import made
from ._harm_lexicon import rows_of
from ._harm_plain import plain

FOLDS = 5
MADE, PLAIN = "made", "plain"
SETS = ("openai_moderation", "hatecheck", "surge_toxicity", "tdavidson_hate", "xstest")
CODES = {
    "S": "sexual",
    "H": "hate",
    "V": "violence",
    "HR": "harassment",
    "SH": "self-harm",
    "H2": "hate/threatening",
    "V2": "violence/graphic",
}
"""The labels of openai_moderation, as the categories are called now."""
NARROW = {
    "illicit/violent": "illicit",
    "self-harm/intent": "self-harm",
    "self-harm/instructions": "self-harm",
    "harassment/threatening": "harassment",
}
"""Kinds that only our own texts know, and the wider kind of each."""
HARMLESS = dict.fromkeys((*CODES.values(), "illicit", "any"), 0)


@dataclass(frozen=True)
class Row:
    """A text with labels; `group` keeps what is alike in one fold."""

    source: str
    text: str
    labels: Mapping[str, int]
    group: str
    slice: str = ""

    @property
    def fold(self) -> int:
        """The same in every run."""
        return int(hashlib.sha256(f"{self.source} {self.group}".encode()).hexdigest(), 16) % FOLDS


def known_rows(data_root: Path) -> list[Row]:
    """The development rows of all sets."""
    return [_LABELLED[name](one) for name in SETS for one in rows_of(data_root, name)]


def made_rows(seed: int, count: int) -> list[Row]:
    """Texts of our own."""
    return [Row(MADE, one.text, _with_any(one.labels), one.template, one.family) for one in made(seed, count)]


def plain_rows(data_root: Path) -> list[Row]:
    """Harmless texts that are like nothing in the labelled sets; a kind of them is a group."""
    labels = {**HARMLESS, **dict.fromkeys(("toxic", "hateful", "offensive"), 0)}
    return [Row(PLAIN, text, labels, kind, kind) for kind, text in plain(data_root)]


def _with_any(given: Mapping[str, int]) -> Mapping[str, int]:
    """Narrow kinds are 0 where the wide one is, or where a family that has it says nothing of the narrow one."""
    labels = {name: 0 for name, wide in NARROW.items() if wide in given} | dict(given)
    known = [labels[name] for name in CODES.values() if name in labels]
    if any(known):
        return {**labels, "any": 1}
    return {**labels, "any": 0} if labels.get("sexual") == 0 else labels


def _moderation(row: dict[str, Any]) -> Row:
    known = {name: int(row[code]) for code, name in CODES.items() if row.get(code) is not None}
    labels = known if row["flagged"] else {**dict.fromkeys(CODES.values(), 0), **known}
    return Row("openai_moderation", row["text"], {**labels, "any": int(row["flagged"])}, row["text"], " ".join(known))


def _hatecheck(row: dict[str, Any]) -> Row:
    kind = row["functionality"]
    labels = {"hate": int(row["label"] == "hateful"), "hate/threatening": int(kind.startswith("threat_"))}
    if not kind.startswith("target_"):  # what is said of other targets may be harm, though it is no hate
        labels["any"] = labels["hate"]
    return Row("hatecheck", row["text"], labels, row["templ_id"], kind)


def _surge(row: dict[str, Any]) -> Row:
    return Row("surge_toxicity", row["text"], {"toxic": int(row["label"] == "Toxic")}, row["text"])


def _tweets(row: dict[str, Any]) -> Row:
    labels = {"hateful": int(row["label"] == "hate"), "offensive": int(row["label"] != "neither")}
    return Row("tdavidson_hate", row["text"], labels, row["text"], row["label"])


def _xstest(row: dict[str, Any]) -> Row:
    unsafe, discriminates = row["label"] == "unsafe", row["type"] == "contrast_discr"
    labels = HARMLESS if not unsafe else {"hate": 1} if discriminates else {"illicit": 1, "hate": 0, "sexual": 0}
    return Row("xstest", row["prompt"], {**labels, "unsafe": int(unsafe)}, row["focus"], row["type"])


_LABELLED = {
    "openai_moderation": _moderation,
    "hatecheck": _hatecheck,
    "surge_toxicity": _surge,
    "tdavidson_hate": _tweets,
    "xstest": _xstest,
}
