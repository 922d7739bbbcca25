"""Do the citations hold, and does every claim have one?

Citation precision and recall in the sense of ALCE (Gao et al. 2023), sentence by sentence and by the check `grounded`.
Validity: `citations that name a passage which bears out their claim / citations`. Coverage: `claims that cite a passage
/ claims`. A citation is a marker such as `[2]`, which names the second retrieved passage; where an answer has none, the
documents that it cites stand for all of its claims. Without a citation there is no validity (None), and the coverage is
0; without a claim there is neither.
"""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

from plimsoll.datasets import Row

from ..._observation import Observation
from .._types import Score
from ._claims import claims_entry, claims_of, every_row, judged_claims

_MARKER: Final = re.compile(
    r"\[\^?(\d{1,4}(?:\s{0,2}[,;\u2013-]\s{0,2}\d{1,4}){0,20})\](?!\()|【(\d{1,4})[^】\n]{0,40}】"
)
_NUMBER: Final = re.compile(r"(\d{1,4})(?:\s{0,2}[\u2013-]\s{0,2}(\d{1,4}))?")
_LISTED: Final = re.compile(r"(?m)^[ \t]*\[\d{1,4}\][ \t]+\S[^\n]*, page \d+[ \t]*$")
"""A line of a list of sources behind an answer, `[1] contracts/acme.pdf, page 3`, which cites nothing by itself."""
_MOST_RANGE: Final = 50
_MOST: Final = 200


class _Cited(NamedTuple):
    """A claim, and the passages that it cites; an empty text is one that there is not."""

    text: str
    passages: tuple[str, ...]


def _cited_claims(seen: Observation) -> list[_Cited]:
    claims = claims_of(seen.answer)[:_MOST]
    by_claim: list[list[int]] = [[] for _ in claims]
    for place, numbers in _markers(seen.answer):
        # A marker belongs to the sentence in which, or right behind which, it stands.
        before = [at for at, (start, _) in enumerate(claims) if start <= place]
        if before:
            by_claim[before[-1]] += numbers
    texts = [one.text for one in seen.passages]
    if not any(by_claim):
        documents = tuple(one.text for one in seen.passages if one.document in seen.cited) or ("",) * bool(seen.cited)
        return [_Cited(seen.answer[start:end], documents) for start, end in claims]
    return [
        _Cited(seen.answer[start:end], tuple(_passage(texts, number) for number in numbers))
        for (start, end), numbers in zip(claims, by_claim, strict=True)
    ]


def _markers(answer: str) -> Iterator[tuple[int, list[int]]]:
    listed = [match.span() for match in _LISTED.finditer(answer)]
    for match in _MARKER.finditer(answer):
        if not any(start <= match.start() < end for start, end in listed):
            yield match.start(), list(_numbers(match[1] or match[2]))


def _numbers(written: str) -> Iterator[int]:
    """Of `1, 3-5` the numbers 1, 3, 4 and 5."""
    for one in _NUMBER.finditer(written):
        first, last = int(one[1]), int(one[2] or one[1])
        yield from range(first, min(last, first + _MOST_RANGE) + 1) if last >= first else (first, last)


def _passage(texts: Sequence[str], number: int) -> str:
    return texts[number - 1] if 1 <= number <= len(texts) else ""


def _holds(claim: str, passage: str, question: str, strictness: str) -> bool:
    return bool(passage.strip()) and all(one.holds for one in judged_claims(claim, (passage,), question, strictness))


def _validity(strictness: str, row: Row, seen: Observation) -> Score | None:
    cited = [] if seen.answered is False else _cited_claims(seen)
    pairs = [(one, passage) for one in cited for passage in one.passages][:_MOST]
    if not pairs:
        return None
    held = sum(_holds(one.text, passage, row.question, strictness) for one, passage in pairs)
    return Score(held / len(pairs), parts={"citations": len(pairs), "hold": held})


def _coverage(_: Row, seen: Observation) -> Score | None:
    cited = [] if seen.answered is False else _cited_claims(seen)
    if not cited:
        return None
    covered = sum(any(passage.strip() for passage in one.passages) for one in cited)
    return Score(covered / len(cited), parts={"claims": len(cited), "cited": covered})


CITATIONS: Final = (
    claims_entry(
        "citation_validity",
        "The share of citations that name a passage which bears out their claim; None without a citation.",
        lambda strictness: partial(_validity, strictness),
        when=every_row,
    ),
    claims_entry(
        "citation_coverage",
        "The share of the answer's claims that cite a passage which there is; None without a claim.",
        lambda _: _coverage,
        options=(),
        when=every_row,
    ),
)
