"""Counting the words of a question in candidates."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from .._types import Found
from .._words import words as words_of
from ._types import Numbers, WordCounts

_MOST_KNOWN = 255
"""An index counts a word so many times in a chunk, and no more."""


def count_words(words: Sequence[str], found: Sequence[Found], known: WordCounts | None = None) -> WordCounts:
    """How often each of some words (of `query_words`) stands in each candidate, in its text and above it.

    `known` is what the index counted itself, see `CountsWords`: then only what it may say otherwise is counted here.
    The result is the same.
    """
    if known is None:
        text, text_lengths = _counted(words, [one.text for one in found])
        head, head_lengths = _counted(words, [_head(one) for one in found])
        return WordCounts(text=text, head=head, text_lengths=text_lengths, head_lengths=head_lengths)
    text, head, head_lengths = known.text.copy(), known.head.copy(), known.head_lengths.copy()
    for place in np.flatnonzero(text.max(axis=1, initial=0) >= _MOST_KNOWN).tolist():
        text[place], _ = _counted(words, [found[place].text])
    # A line that stands twice above a chunk is in the index once.
    often = head.max(axis=1, initial=0) >= _MOST_KNOWN
    again = [place for place, one in enumerate(found) if often[place] or _repeats(one)]
    head[again], head_lengths[again] = _counted(words, [_head(found[place]) for place in again])
    return WordCounts(text=text, head=head, text_lengths=known.text_lengths, head_lengths=head_lengths)


def _head(one: Found) -> str:
    return "\n".join((one.title, *one.headings, one.context))


def _repeats(one: Found) -> bool:
    lines = [line for line in (one.title, *one.headings, one.context) if line]
    return len(set(lines)) < len(lines)


def _counted(words: Sequence[str], texts: Sequence[str]) -> tuple[Numbers, Numbers]:
    wanted = dict.fromkeys(words)
    counts, lengths = np.zeros((len(texts), len(words))), np.zeros(len(texts))
    known: dict[str, tuple[Numbers, int]] = {}
    for place, text in enumerate(texts):
        if text not in known:
            have = words_of(text)
            often = Counter(filter(wanted.__contains__, have))
            known[text] = np.array([often[word] for word in words], np.float64), len(have)
        counts[place], lengths[place] = known[text]
    return counts, lengths
