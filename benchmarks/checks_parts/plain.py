"""Languages and topics.

`xquad`, `clinc150` and `banking77`: `wrongly_found` is the share of questions that `language` takes for another
language than their own; `found` that of questions taken so by a check that allows another language. `banking77` also:
`topics` with five rows of a label as a topic: rows of the label that are found, rows of other subjects (clinc150
without banking and credit cards), and rows of other labels; and twenty rows of all labels as the only topic that is
allowed. Rows are drawn with a fixed seed.
"""

import collections
import gzip
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from plimsoll.checks import Check
from plimsoll.checks.plain import language, topics

Rows = list[dict[str, Any]]
Metrics = dict[str, Any]
_LANGUAGES = ("en", "es", "de", "zh", "hi")
_NEAR = frozenset({"banking", "credit_cards"})
_LABELS, _EXAMPLES, _MANY, _ROWS = 30, 5, 20, 1000


def measure_languages(rows: Rows, _folder: Path) -> Metrics:
    """Questions in five languages."""
    texts = {code: [row["question"] for row in rows if row["lang"] == code] for code in _LANGUAGES}
    found = {code: {other: _share(language([other]), texts[code]) for other in _LANGUAGES} for code in _LANGUAGES}
    return {
        "wrongly_found": {code: found[code][code] for code in _LANGUAGES},
        "found": {code: min(share for other, share in found[code].items() if other != code) for code in _LANGUAGES},
    }


def measure_english(rows: Rows, _folder: Path) -> Metrics:
    """Short questions in English."""
    return {"wrongly_found": _share(language(["en"]), [row["text"] for row in rows]), "n": len(rows)}


def measure_topics(rows: Rows, folder: Path) -> Metrics:
    """Requests to a bank as topics, and as the only topic."""
    chosen = random.Random(5)  # noqa: S311  # so that every run draws the same rows
    by_label: dict[str, list[str]] = collections.defaultdict(list)
    for row in rows:
        by_label[row["label"]].append(row["text"])
    others = [row["text"] for row in _rows(folder.parent / "clinc150", "dev") if row["domain"] not in _NEAR]
    others = chosen.sample(others, _ROWS)
    found: dict[str, list[float]] = collections.defaultdict(list)
    for label in sorted(by_label)[:_LABELS]:
        examples = chosen.sample(by_label[label], _EXAMPLES)
        check = topics(deny={"topic": examples})
        near = [row["text"] for row in rows if row["label"] != label]
        found["same_label"].append(_share(check, [text for text in by_label[label] if text not in examples]))
        found["other_subjects"].append(_share(check, others))
        found["other_labels"].append(_share(check, chosen.sample(near, _ROWS)))
    return {
        **measure_english(rows, folder),
        "denied": {name: sum(shares) / len(shares) for name, shares in found.items()},
        "off_topic": _off_topic([row["text"] for row in rows], others, chosen),
    }


def _off_topic(texts: Sequence[str], others: Sequence[str], chosen: random.Random) -> Mapping[str, float]:
    drawn = chosen.sample(list(texts), _MANY + _ROWS)
    check = topics(allow={"bank": drawn[:_MANY]})
    return {"banking": _share(check, drawn[_MANY:]), "other_subjects": _share(check, others)}


def _share(check: Check, texts: Sequence[str]) -> float:
    return sum(bool(check.find(text)) for text in texts) / len(texts)


def _rows(folder: Path, split: str) -> Iterator[dict[str, Any]]:
    with gzip.open(folder / f"{split}.jsonl.gz", "rt") as lines:
        yield from map(json.loads, lines)


SETS: dict[str, Callable[[Rows, Path], Metrics]] = {
    "xquad": measure_languages,
    "clinc150": measure_english,
    "banking77": measure_topics,
}
