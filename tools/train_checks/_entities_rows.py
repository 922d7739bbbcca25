"""Texts with what is to be found in them: rows of the sets, and sentences made from templates."""

import gzip
import json
import math
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ._entities_values import Values, chance, foreign_words

FOLDER = Path(__file__).parent
SLOTS = {
    **dict.fromkeys(("P", "FULL", "FIRST", "LAST"), "person"),
    **dict.fromkeys(("C", "K", "L"), "location"),
    **dict.fromkeys(("A", "S", "ST", "U", "Z"), "address"),
    **dict.fromkeys(("D", "Y", "M", "W"), "date_time"),
    **dict.fromkeys(("H", "B", "I", "X", "Q"), "id_number"),
    **dict.fromkeys(("N", "NS"), "nationality"),
    **dict.fromkeys(("E", "R", "J"), ""),
    "O": "organization",
    "G": "age",
    "T": "title",
}
PRESIDIO = {
    "PERSON": "P",
    "GPE": "L",
    "STREET_ADDRESS": "A",
    "ORGANIZATION": "O",
    "DATE_TIME": "D",
    "AGE": "G",
    "NRP": "N",
    "TITLE": "T",
    "ZIP_CODE": "Z",
    "EMAIL_ADDRESS": "E",
    "PHONE_NUMBER": "H",
    "CREDIT_CARD": "B",
    "IBAN_CODE": "I",
    "US_SSN": "X",
    "DOMAIN_NAME": "R",
    "IP_ADDRESS": "R",
    "US_DRIVER_LICENSE": "Q",
}
WNUT = {"person": "P", "location": "L", "corporation": "O", "group": "O"}
_ORDINARY = re.compile(r"(?<![\w@#'])[A-Za-z]?[a-z]{3,}(?![\w@'])")
_SLOT = re.compile(r"\{([A-Z]+)\}")
_SMALL = re.compile(r"(?<![\w'@#])[a-z]{2,}(?![\w'])")
_YEAR = re.compile(r"[0-9]{4}")
_SSN = re.compile(r"[0-9]{3}-[0-9]{2}-[0-9]{4}")
_CAPITAL = re.compile(r"(?<![\w.])[A-Z][a-z]{2,}(?![\w])")
_QUIET_WEIGHT, _UNSURE_WEIGHT = 0.4, 0.12
_LONG = 4
_FOREIGN = ("{FULL}", "{FULL}", "{FIRST}", "{C}", "{Y}", "{O}", "{D}")
_FORMS = (8, 3, 7, 7, 75)
_SHORTEST, _LONGEST, _SMALLEST = 15, 400, 4
_LEAST = 140
_CHANGED, _REPLACED, _NEGATIVE = 0.5, 0.25, 0.12
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_UNSURE = re.compile(r"\b(?:1[5-9]|20)[0-9]{2}\b|aged|years? old|-year-|\bage\b")


@dataclass(frozen=True)
class Row:
    """A text, and the stretches in it that have a label."""

    text: str
    spans: tuple[tuple[int, int, str], ...]
    group: str = ""
    """What must not be on both sides of a split."""
    weight: float = 1.0
    noisy: bool = False
    """Whether only people, places and organisations were labelled in it."""


def read(data_root: Path, name: str, part: str = "dev") -> list[dict[str, Any]]:
    """The rows of a set."""
    with gzip.open(data_root / name / f"{part}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def presidio_rows(data_root: Path) -> list[Row]:
    """Rows of presidio_synth_v2 (MIT)."""
    return [
        Row(
            one["text"],
            tuple((span["start"], span["end"], SLOTS[PRESIDIO[span["type"]]]) for span in one["spans"]),
            f"presidio-{one['template_id']}",
            weight=2.0,
        )
        for one in read(data_root, "presidio_synth_v2")
    ]


def wnut_rows(data_root: Path) -> list[Row]:
    """Rows of wnut17 (CC BY 4.0)."""
    return [
        Row(
            one["text"],
            tuple(
                (span["start"], span["end"], SLOTS[WNUT[span["type"]]]) for span in one["spans"] if span["type"] in WNUT
            ),
            f"wnut-{number}",
            noisy=True,
        )
        for number, one in enumerate(read(data_root, "wnut17"))
    ]


def made_rows(count: int, common: Sequence[str], seed: int) -> list[Row]:
    """Sentences made from templates, alone or some together; some of their words are replaced by `common` ones."""
    values, rng = Values(seed), chance(seed)
    templates, negatives = _lines("_entities_templates.txt"), _lines("_entities_negatives.txt")
    rows = []
    for _ in range(count):
        values.locale()
        parts = [
            filled(rng.choice(negatives if rng.random() < _NEGATIVE else templates), values)
            for _ in range(rng.choice((1, 1, 1, 1, 2, 3)))
        ]
        row = _joined(parts, rng.choice((" ", " ", "\n", "\n\n")))
        rows.append(_written(other_words(row, common, rng) if rng.random() < _CHANGED else row, rng))
    return rows


def other_words(row: Row, common: Sequence[str], rng: random.Random) -> Row:
    """A row with other ordinary words in the place of some of those that have no label."""
    text, spans, at = "", [], 0
    for start, end, label in [*sorted(row.spans), (len(row.text), len(row.text), "")]:
        text += _ORDINARY.sub(lambda match: _other(match[0], common, rng), row.text[at:start])
        if label:
            spans.append((len(text), len(text) + end - start, label))
        text, at = text + row.text[start:end], end
    return replace(row, text=text, spans=tuple(spans))


def _other(word: str, common: Sequence[str], rng: random.Random) -> str:
    if rng.random() > _REPLACED:
        return word
    other = common[int(len(common) * rng.random() ** 2)]
    return other.capitalize() if word[0].isupper() else other


def foreign_rows(count: int, seed: int) -> list[Row]:
    """Ordinary words of other languages in a row, mostly with somebody's name or a place between them."""
    values, rng = Values(seed), chance(seed)
    rows = []
    for _ in range(count):
        values.locale()
        words = rng.choice(list(foreign_words().values()))
        parts = rng.choices(words, k=rng.randint(3, 14))
        parts[0] = parts[0].capitalize()
        for slot in rng.choices(_FOREIGN, k=rng.choice((0, 0, 1, 1, 2))):
            place = rng.randint(0, len(parts) - 1)
            if not parts[place].startswith("{"):
                parts.insert(place, slot)
        rows.append(filled(" ".join(parts) + rng.choice((".", ",", "!", "")), values))
    return rows


def refilled(rows: Sequence[Row], copies: int, common: Sequence[str], seed: int) -> list[Row]:
    """Copies of rows with other values in the place of people, places and so on."""
    values, rng = Values(seed), chance(seed)
    found = []
    for row in rows:
        for _ in range(copies if row.spans else 0):
            values.locale()
            text, spans, at = "", [], 0
            for start, end, label in sorted(row.spans):
                text += row.text[at:start]
                old = row.text[start:end]
                value = _like(old, label, values)
                if label:
                    spans.append((len(text), len(text) + len(value), label))
                text, at = text + value, end
            made = replace(row, text=text + row.text[at:], spans=tuple(spans), weight=row.weight * 0.5)
            if not row.noisy:
                made = _written(other_words(made, common, rng) if rng.random() < _CHANGED else made, rng)
            found.append(made)
    return found


def _like(old: str, label: str, values: Values) -> str:
    """A value of a label that is written somewhat like another one."""
    return values.of(_slot_like(old, label)) if label else old


def _slot_like(old: str, label: str) -> str:
    words, one_word = old.split(), " " not in old
    slots = {
        "person": ("FIRST" if len(old) % 3 else "LAST") if one_word else "FULL",
        "address": "A" if len(words) > _LONG else "S" if not one_word else "Z" if old[:1].isdigit() else "ST",
        "date_time": "Y" if _YEAR.fullmatch(old) else "D" if _YEAR.search(old) else "W",
        "nationality": "NS" if old.endswith("s") else "N",
        "id_number": "I" if old[:1].isalpha() else "X" if _SSN.fullmatch(old) else "B" if old.isdigit() else "H",
        "location": "L",
        "organization": "O",
        "age": "G",
        "title": "T",
    }
    return slots[label]


def filled(template: str, values: Values) -> Row:
    """A template with values in its slots."""
    text, spans, at = "", [], 0
    for match in _SLOT.finditer(template):
        if match[1] not in SLOTS:
            continue
        text += template[at : match.start()]
        value = values.of(match[1])
        if SLOTS[match[1]]:
            spans.append((len(text), len(text) + len(value), SLOTS[match[1]]))
        text, at = text + value, match.end()
    return Row(text + template[at:], tuple(spans))


def _joined(rows: Sequence[Row], between: str) -> Row:
    text, spans = "", []
    for row in rows:
        text += between if text else ""
        spans += [(start + len(text), end + len(text), label) for start, end, label in row.spans]
        text += row.text
    return Row(text, tuple(spans))


def _written(row: Row, rng: random.Random) -> Row:
    """A row in another way of writing, now and then: small letters, capitals, without its last sign."""
    text = row.text
    ends = not row.spans or row.spans[-1][1] < len(text)
    forms = (text.lower(), text.upper(), text[:1].lower() + text[1:], text[:-1] if ends else text, text)
    changed = rng.choices(forms, _FORMS)[0]
    # A few letters of some languages become two: their places would no longer be right.
    return replace(row, text=changed) if len(changed) == len(text) or changed == text[:-1] else row


def quiet_rows(data_root: Path, avoided: frozenset[str], common: Sequence[str], count: int, seed: int) -> list[Row]:
    """Sentences of ordinary texts that name nobody, as far as lists can tell; `avoided` are the words of the lists.

    Those with a capital in front of a word that is not `common` count less, for it may be a name.
    """
    ordinary = frozenset(common)
    rng = chance(seed)
    found: list[Row] = []
    for source in (_requests, _papers, _contracts, _manuals, _code):
        sentences = [one for one in source(data_root) if _is_quiet(one, avoided)]
        rng.shuffle(sentences)
        found += [Row(one, (), weight=_weight(one, ordinary)) for one in sentences[:count]]
    return found


def _weight(sentence: str, ordinary: frozenset[str]) -> float:
    return _UNSURE_WEIGHT if any(one.lower() not in ordinary for one in _CAPITAL.findall(sentence)) else _QUIET_WEIGHT


def _is_quiet(sentence: str, avoided: frozenset[str]) -> bool:
    if not _SHORTEST < len(sentence) < _LONGEST or _UNSURE.search(sentence):
        return False
    words = re.findall(r"[^\W\d_]+", sentence)
    return not any(word.lower() in avoided and (word[0].isupper() or len(word) > _SMALLEST) for word in words)


def _requests(data_root: Path) -> Iterator[str]:
    for name in ("banking77", "clinc150", "insurance_tickets"):
        for row in read(data_root, name):
            yield row["text"]


def _papers(data_root: Path) -> Iterator[str]:
    for row in read(data_root, "pubmedqa"):
        for text in row["contexts"]:
            yield from _SENTENCE.split(text)


def _contracts(data_root: Path) -> Iterator[str]:
    for row in read(data_root, "cuad")[:60]:
        yield from (" ".join(one.split()) for one in _SENTENCE.split(row["text"]))


def _manuals(data_root: Path) -> Iterator[str]:
    for row in read(data_root, "anthropic_docs_rag", "corpus"):
        yield from str(row.get("text") or row.get("content") or "").split("\n")


def _code(data_root: Path) -> Iterator[str]:
    for row in read(data_root, "contextual_code_retrieval", "corpus_chunks")[:400]:
        lines = str(row.get("text") or row.get("content") or "").split("\n")
        yield from ("\n".join(lines[at : at + 4]) for at in range(0, len(lines), 4))


def common_words(data_root: Path, most: int) -> list[str]:
    """Words that are written small in ordinary texts, those first that many kinds of text use often."""
    total: Counter[str] = Counter()
    for texts in (_requests, _papers, _contracts, _manuals, _talk, _answers, _claims):
        counts: Counter[str] = Counter()
        for text in texts(data_root):
            counts.update(_SMALL.findall(text))
        for word, number in counts.items():
            total[word] += int(100 * math.log1p(number))
    ordered = sorted(total.items(), key=lambda pair: (-pair[1], pair[0]))
    return [word for word, score in ordered[:most] if score >= _LEAST]


def _talk(data_root: Path) -> Iterator[str]:
    for name in ("surge_toxicity", "openai_moderation"):
        for row in read(data_root, name):
            yield row["text"]
    for row in read(data_root, "qmsum"):
        for turn in row["transcript"]:
            yield turn["content"]


def _answers(data_root: Path) -> Iterator[str]:
    for row in read(data_root, "llmbar"):
        yield f"{row['input']} {row['output_1']} {row['output_2']}"
    for row in read(data_root, "halueval_general"):
        yield f"{row['query']} {row['response']}"


def _claims(data_root: Path) -> Iterator[str]:
    for row in read(data_root, "begin"):
        yield f"{row['message']} {row['knowledge']}"


def _lines(name: str) -> list[str]:
    lines = (FOLDER / name).read_text("utf-8").splitlines()
    return [line.replace("\\n", "\n") for line in lines if line and not line.startswith("# ")]
