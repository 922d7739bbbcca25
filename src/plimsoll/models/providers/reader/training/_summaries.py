"""What each utterance is worth for a summary that a person wrote: words, and pairs of words, shared with it."""

import collections
import itertools
import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .._terms import STOP_WORDS, stem
from ..summaries import Utterance

_TOKEN: Final = re.compile(r"[a-z0-9]+")
_LEAST_WORDS: Final = 8


def utterance_gains(utterances: Sequence[Utterance], reference: str) -> NDArray[np.float64]:
    """One number for each utterance: pairs of the reference that it has, its share of shared words, new content."""
    wanted = _tokens(reference)
    counts, pairs, kinds = collections.Counter(wanted), set(itertools.pairwise(wanted)), set(wanted)
    gains = []
    for one in utterances:
        tokens = _tokens(one.text)
        both = sum((collections.Counter(tokens) & counts).values())
        shared_pairs = len(set(itertools.pairwise(tokens)) & pairs)
        content = sum(token in kinds for token in set(tokens) if token not in STOP_WORDS)
        gain = 2 * shared_pairs / max(1, len(pairs)) + 0.3 * both / max(_LEAST_WORDS, len(tokens))
        gains.append(gain + content / max(1, len(kinds)))
    return np.array(gains)


def _tokens(text: str) -> list[str]:
    return [token if token in STOP_WORDS else stem(token) for token in _TOKEN.findall(text.lower())]
