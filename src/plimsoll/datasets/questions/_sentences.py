"""Sentences that can be asked about by themselves."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_PARAGRAPH: Final = re.compile(r"[^\n]+(?:\n(?![ \t]*\n)[^\n]+)*")
_END: Final = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])")
_ABBREVIATION: Final = re.compile(
    r"(?:\b(?:e\.g|i\.e|cf|No|Nos|Art|Sec|Fig|Mr|Mrs|Ms|Dr|Prof|St|vs|Inc|Ltd|Co|approx)|\b[A-Z])\.$"
)
_LONGEST_ABBREVIATION: Final = 12
_POINTS: Final = re.compile(
    r"\b(?:it|its|this|that|these|those|they|them|their|he|she|him|his|her|hers|we|our|us|you|your|i|my|such|"
    r"following|above|below|former|latter|aforesaid|herein|hereof|thereof|respectively)\b",
    re.IGNORECASE,
)
_LEAST_WORDS: Final = 5
_MOST_WORDS: Final = 40
_MOST_CHARACTERS: Final = 400
_INNER_MARKUP: Final = re.compile(r"[`|*<>{}]|\]\(")
_MARKUP: Final = re.compile(r"^\s*(?:[#>|*+-]|\d+[.)])")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a document: `text` is what stands there, with its white space made plain."""

    document: str
    page: int
    start: int
    """Characters `start` to `end` of the document's text."""
    end: int
    text: str


def sentences(document: str, text: str, page_at: "dict[int, int] | None" = None) -> Iterator[Sentence]:
    """The sentences of a text that end with a full stop, are of 5 to 40 words, and point at nothing outside themselves.

    Headings, lists and tables are left out. `page_at` has the number of each page by its first character.
    """
    pages = sorted((page_at or {0: 1}).items())
    starts = [first for first, _ in pages]
    for block in _PARAGRAPH.finditer(text):
        if _MARKUP.match(block[0]):
            continue
        for start, end in _cuts(block[0]):
            said = " ".join(block[0][start:end].split())
            if _stands_alone(said):
                at = block.start() + start
                page = pages[max(0, bisect_right(starts, at) - 1)][1]
                yield Sentence(document, page, at, block.start() + end, said)


def everything_said(text: str) -> Iterator[str]:
    """Every sentence, heading and line of a table of a text, whether or not it can be asked about."""
    for block in _PARAGRAPH.finditer(text):
        for start, end in _cuts(block[0]):
            yield " ".join(block[0][start:end].split())


def _cuts(block: str) -> Iterator[tuple[int, int]]:
    first = 0
    for cut in _END.finditer(block):
        if _ABBREVIATION.search(block, max(first, cut.start() - _LONGEST_ABBREVIATION), cut.start()):
            continue
        yield first, cut.start()
        first = cut.end()
    yield first, len(block.rstrip())


def _stands_alone(said: str) -> bool:
    if len(said) > _MOST_CHARACTERS or not (said.endswith(".") and said[0].isupper() and said.isprintable()):
        return False
    if _INNER_MARKUP.search(said):
        return False
    return _LEAST_WORDS <= len(said.split()) <= _MOST_WORDS and _POINTS.search(said) is None
