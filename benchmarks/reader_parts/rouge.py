"""ROUGE-1, ROUGE-2 and ROUGE-L (Lin, ROUGE: a package for automatic evaluation of summaries, 2004): F1 of one summary.

Tokens are runs of letters and digits in small letters, with Porter stems for words of more than three letters, as the
package `rouge_score` takes them with `use_stemmer=True`. ROUGE-L is the summary-level one (union of the longest common
subsequences of each sentence, Lin 2004, section 3.2; `rougeLsum` of `rouge_score`), which is what the original script
and `pyrouge` print for summaries of several sentences.
"""

import collections
import re
from collections.abc import Sequence

from .porter import stem

_TOKEN = re.compile(r"[a-z0-9]+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def tokens(text: str) -> list[str]:
    """Stems of `text`."""
    return [stem(token) for token in _TOKEN.findall(text.lower())]


def rouge(said: str, reference: str) -> dict[str, float]:
    """F1 by the three measures, 0 to 1."""
    ours, theirs = tokens(said), tokens(reference)
    return {
        "rouge1": _overlap(ours, theirs, 1),
        "rouge2": _overlap(ours, theirs, 2),
        "rougeL": _longest(_sentences(said), _sentences(reference)),
    }


def _f1(both: int, ours: int, theirs: int) -> float:
    return 2 * both / (ours + theirs) if both else 0.0


def _overlap(ours: Sequence[str], theirs: Sequence[str], size: int) -> float:
    grams = [collections.Counter(zip(*(side[at:] for at in range(size)), strict=False)) for side in (ours, theirs)]
    return _f1(sum((grams[0] & grams[1]).values()), sum(grams[0].values()), sum(grams[1].values()))


def _sentences(text: str) -> list[list[str]]:
    return [found for found in (tokens(one) for one in _SENTENCE.split(text)) if found]


def _longest(ours: Sequence[Sequence[str]], theirs: Sequence[Sequence[str]]) -> float:
    """Each token counts at most as often as it stands on both sides."""
    left = [collections.Counter(token for one in side for token in one) for side in (ours, theirs)]
    hits = 0
    for reference in theirs:
        places = sorted({place for said in ours for place in _common(reference, said)})
        for place in places:
            token = reference[place]
            if left[0][token] > 0 and left[1][token] > 0:
                hits += 1
                left[0][token] -= 1
                left[1][token] -= 1
    return _f1(hits, sum(map(len, ours)), sum(map(len, theirs)))


def _common(reference: Sequence[str], said: Sequence[str]) -> list[int]:
    """Places in `reference` of one longest common subsequence with `said`."""
    table = [[0] * (len(said) + 1) for _ in range(len(reference) + 1)]
    for row, token in enumerate(reference):
        for column, other in enumerate(said):
            same = table[row][column] + 1
            table[row + 1][column + 1] = same if token == other else max(table[row][column + 1], table[row + 1][column])
    places = []
    row, column = len(reference), len(said)
    while row and column:
        if reference[row - 1] == said[column - 1]:
            places.append(row - 1)
            row, column = row - 1, column - 1
        elif table[row - 1][column] >= table[row][column - 1]:
            row -= 1
        else:
            column -= 1
    return places
