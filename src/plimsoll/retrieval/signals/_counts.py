"""Counting the words of a question in candidates."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from .._types import Found
from .._words import words as words_of
from ._types import Numbers, WordCounts


def count_words(words: Sequence[str], found: Sequence[Found]) -> WordCounts:
    """How often each of some words (of `query_words`) stands in each candidate, in its text and above it."""
    text, text_lengths = _counted(words, [one.text for one in found])
    head, head_lengths = _counted(words, ["\n".join((one.title, *one.headings, one.context)) for one in found])
    return WordCounts(text=text, head=head, text_lengths=text_lengths, head_lengths=head_lengths)


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
