"""Cut turns into utterances, and leave out what says nothing."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from .._terms import words
from ._types import Turn, Utterance

_LEAST_WORDS: Final = 6
"""Shorter utterances agree, greet or stammer."""
_MOST_CHARS: Final = 2000
_MARKS: Final = re.compile(r"\{[^{}]{0,80}\}|<[^<>]{0,80}>")
_SENTENCE: Final = re.compile(r"[^.?!\n]+(?:[.?!]+(?!\s)[^.?!\n]*)*[.?!]*")
_BEFORE_MARK: Final = re.compile(r"\s+([.,?!'])")
_COMMAS: Final = re.compile(r"(?:,\s*){2,}")
_DROPPED: Final = frozenset({"uh", "um", "mm", "hmm", "hm", "er", "erm", "mhm"})
_EMPTY: Final = _DROPPED | {"yeah", "okay", "ok", "oh", "ah", "right", "huh", "well", "so"}
_EDGES: Final = ".,?!;: "


def utterances(turns: Sequence[Turn]) -> tuple[Utterance, ...]:
    """All utterances of six words or more, in their order."""
    return tuple(one for number, turn in enumerate(turns) for one in _of_turn(number, turn))


def _of_turn(number: int, turn: Turn) -> Iterator[Utterance]:
    # Same length, so that places stay true.
    text = _MARKS.sub(lambda match: " " * len(match.group()), turn.text)
    for match in _SENTENCE.finditer(text):
        cleaned = _cleaned(match.group()[:_MOST_CHARS])
        found = words(cleaned)
        if len(found) >= _LEAST_WORDS:
            stems = tuple(word.stem for word in found if not word.is_stop and word.text.lower() not in _EMPTY)
            own = match.group()
            start, end = match.start() + len(own) - len(own.lstrip()), match.start() + len(own.rstrip())
            yield Utterance(number, turn.speaker, start, end, cleaned, stems, len(found))


def _cleaned(text: str) -> str:
    kept: list[str] = []
    for word in text.split():
        low = word.lower()
        if low.strip(_EDGES) in _DROPPED or (kept and kept[-1].lower() == low):
            continue
        kept.append(word)
    tidy = _BEFORE_MARK.sub(r"\1", " ".join(kept))
    return _COMMAS.sub(", ", tidy).lstrip(", .")
