"""The features of `plimsoll.checks.ngrams` as sparse rows, exactly as the model sees them; and from a fit to a model.

    grams = read(texts)                                           # which n-grams each text has
    table = chosen([grams], BITS, 3)                              # which of them the model will know
    rows = table.rows(grams)                                      # scipy.sparse, float32, shape (texts, 2 ** BITS)
    fit = LogisticRegression(...).fit(rows, labels)               # or SGD, a ridge, one a head
    model = model_of(("attack",), fit.coef_, fit.intercept_, table)    # int8, one scale a head
    PATH.write_bytes(to_bytes(model))

`rows @ coefficients + intercept` is the score that the model gives, but for the rounding of its weights.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from plimsoll.checks.ngrams import FEW_CHARACTERS, FEW_WORDS, FOLLOWING, NgramModel
from plimsoll.checks.ngrams._tokens import HIGH, following, lower, own, short_tokens
from plimsoll.checks.patterns import normalise

_LARGEST = 127
_UPPER = np.uint64(32)
_BITS_OF_KEY = 32
_BATCH = 5000

Keys = NDArray[np.uint32]


@dataclass(frozen=True)
class Grams:
    """The n-grams of texts, one after the other."""

    keys: Keys
    values: NDArray[np.float32]
    """How often each, over the root of how many there are of its family."""
    ends: NDArray[np.int64]
    """Shape (texts + 1,)."""


@dataclass(frozen=True)
class Table:
    """The n-grams that a model knows: at most one in each place."""

    keys: Keys
    """Shape (2 ** bits,); 0 in a place without one."""

    @property
    def signs(self) -> NDArray[np.uint8]:
        """What tells the one that is known from others that fall into its place."""
        return (self.keys & 0xFF).astype(np.uint8)

    def rows(self, grams: Grams) -> sparse.csr_matrix:
        """One row a text, one column a place."""
        shift = _BITS_OF_KEY - (len(self.keys).bit_length() - 1)
        places = grams.keys >> np.uint32(shift)
        known = (self.keys[places] & 0xFF == grams.keys & 0xFF) & (self.keys[places] != 0)
        ends = np.concatenate([[0], np.cumsum(known)])[grams.ends]
        table = sparse.csr_matrix(
            (grams.values[known], places[known].astype(np.int64), ends), shape=(len(ends) - 1, len(self.keys))
        )
        table.sum_duplicates()
        return table


def read(texts: Iterable[str]) -> Grams:
    """Which n-grams texts have."""
    found = [[*chain.from_iterable(short_tokens(lower(normalise(text).text)))] for text in texts]
    names = {one: number for number, one in enumerate(dict.fromkeys(token for some in found for token in some))}
    known = _own(list(names))
    keys, values, ends = [np.zeros(0, np.uint32)], [np.zeros(0, np.float32)], [0]
    for some in found:
        own_keys, own_values = _row(np.array([names[one] for one in some], np.int64), *known)
        keys.append(own_keys)
        values.append(own_values)
        ends.append(ends[-1] + len(own_keys))
    return Grams(np.concatenate(keys), np.concatenate(values), np.array(ends))


Parts = tuple[NDArray[np.uint64], NDArray[np.int64]]


def _own(names: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.uint64], Parts, Parts]:
    """Names and cores of tokens; their words and their n-grams of characters, each with where those of one begin."""
    known, cores, words, characters, word_counts, counts = (
        [np.zeros(0, np.uint64)],
        [np.zeros(0, np.uint64)],
        [],
        [],
        [],
        [],
    )
    for start in range(0, len(names), _BATCH):
        some = names[start : start + _BATCH]
        found = own(some)
        known.append(found.names)
        cores.append(found.cores)
        words.append(found.words)
        characters.append(found.characters[np.argsort(found.owners, kind="stable")])
        word_counts.append(np.bincount(found.word_owners, minlength=len(some)))
        counts.append(np.bincount(found.owners, minlength=len(some)))
    return np.concatenate(known), np.concatenate(cores), _parts(words, word_counts), _parts(characters, counts)


def _parts(keys: Sequence[NDArray[np.uint64]], counts: Sequence[NDArray[np.int64]]) -> Parts:
    ends = np.concatenate([np.zeros(1, np.int64), *counts])
    return np.concatenate([np.zeros(0, np.uint64), *keys]), np.cumsum(ends)


def _row(
    places: NDArray[np.int64], names: NDArray[np.uint64], cores: NDArray[np.uint64], words: Parts, characters: Parts
) -> tuple[Keys, NDArray[np.float32]]:
    once = places[np.unique(names[places], return_index=True)[1]]
    ahead = following(cores[places], FOLLOWING)
    longer = [keys[: max(0, len(places) - number - 1)] for number, keys in enumerate(ahead)]
    together = np.unique(np.concatenate(longer) & HIGH)
    families = (
        (np.concatenate([_of(words, once) & HIGH, together]), FEW_WORDS),
        (_of(characters, once) & HIGH, FEW_CHARACTERS),
    )
    keys, values = [], []
    for found, few in families:
        distinct, counts = np.unique(found, return_counts=True)
        keys.append((distinct >> _UPPER).astype(np.uint32))
        values.append((counts / np.sqrt(len(found) + few)).astype(np.float32))
    return np.concatenate(keys), np.concatenate(values)


def _of(parts: Parts, once: NDArray[np.int64]) -> NDArray[np.uint64]:
    keys, ends = parts
    return np.concatenate([np.zeros(0, np.uint64), *(keys[ends[one] : ends[one + 1]] for one in once.tolist())])


def chosen(grams: Sequence[Grams], bits: int, fewest: int) -> Table:
    """Of the n-grams of at least `fewest` texts that fall into a place, the most frequent."""
    keys, counts = np.unique(np.concatenate([one.keys for one in grams]), return_counts=True)
    keys, counts = keys[counts >= fewest], counts[counts >= fewest]
    # The rarest first, so that the most frequent is written last; of equals the one with the largest number.
    order = np.lexsort((keys, counts))
    table = np.zeros(2**bits, np.uint32)
    table[keys[order] >> np.uint32(_BITS_OF_KEY - bits)] = keys[order]
    return Table(table)


def model_of(
    heads: Sequence[str],
    coefficients: NDArray[np.float64],
    intercepts: NDArray[np.float64],
    table: Table,
    notes: Mapping[str, str] | None = None,
) -> NgramModel:
    """The model of coefficients of shape (heads, places), rounded to 8 bits with one scale a head.

    The scale takes the 99.99th percentile of the weights that are not 0 to the largest number; larger ones are cut.
    """
    numbers = np.atleast_2d(coefficients)
    scale = np.array([_scale(row) for row in numbers], np.float32)
    weights = np.clip(np.rint(numbers / scale[:, None]), -_LARGEST, _LARGEST).astype(np.int8).T
    bias = np.asarray(intercepts, np.float32)
    return NgramModel(tuple(heads), table.signs, np.ascontiguousarray(weights), scale, bias, notes=dict(notes or {}))


def _scale(row: NDArray[np.float64]) -> float:
    used = np.abs(row[row != 0])
    return float(np.quantile(used, 0.9999)) / _LARGEST if len(used) else 1.0


__all__ = ["Grams", "Table", "chosen", "model_of", "read"]
