"""Which heads the harm model has, what each is fitted on, and how strictly."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags

from ._harm_fit import GRAMS, Floats, Linear, Table, chosen, fit, folded, labels_of, with_priors
from ._harm_rows import MADE, PLAIN

Flags = NDArray[np.bool_]
Shares = Mapping[str, float]

MODERATION, HATECHECK, SURGE, TWEETS, XSTEST = (
    *("openai_moderation", "hatecheck", "surge_toxicity", "tdavidson_hate"),
    "xstest",
)
PRIORS: Mapping[str, Shares] = {
    **{
        name: {MADE: 1.0}
        for name in ("hate/threatening", "harassment", "harassment/threatening", "violence", "violence/graphic")
    },
    **{name: {MADE: 1.0} for name in ("sexual", "self-harm", "illicit")},
    "hate": {MADE: 1.0, HATECHECK: 1.0},
    "toxic": {MADE: 1.0},
    "toxic comments": {SURGE: 1.0},
    "hateful": {TWEETS: 1.0},
    "offensive": {TWEETS: 1.0},
}
"""Heads that others begin from, with how much a row of each source counts."""
_LABEL = {"toxic comments": "toxic", "hate at length": "hate"}
_STRENGTH = 3.0
_PRIOR_TWEETS = 0.45
"""The share of the tweets that priors are fitted on; there are many, and all alike."""


@dataclass(frozen=True)
class Head:
    """A head of the model."""

    shares: Shares
    strength: float
    skipped: tuple[str, ...] = ()
    """Priors that saw its own rows."""
    only_tags: bool = False


HEADS: Mapping[str, Head] = {
    "any": Head({MODERATION: 1.0, HATECHECK: 0.01, XSTEST: 0.1, PLAIN: 0.005}, 10),
    "hate": Head({MODERATION: 1.0, HATECHECK: 1.0, MADE: 0.3, XSTEST: 1.0, PLAIN: 0.02}, 10),
    "hate at length": Head({MODERATION: 1.0, HATECHECK: 0.2, MADE: 0.06, XSTEST: 0.3, PLAIN: 0.02}, 10),
    "illicit": Head({XSTEST: 3.0, MADE: 0.5, PLAIN: 0.1}, 10),
    **{
        name: Head({MODERATION: 1.0, MADE: 0.02, PLAIN: 0.02}, 10)
        for name in ("harassment", "self-harm", "sexual", "violence")
    },
    "toxic": Head({SURGE: 1.0, PLAIN: 0.05}, 10, ("toxic comments",)),
    "hateful": Head({TWEETS: 1.0, PLAIN: 0.2}, 3, ("hateful", "offensive")),
    "offensive": Head({TWEETS: 1.0, PLAIN: 0.2}, 3, ("hateful", "offensive")),
    **{
        name: Head({MODERATION: 1.0, MADE: 0.3, HATECHECK: 0.3}, 3, only_tags=True)
        for name in ("hate/threatening", "harassment/threatening", "violence/graphic", "illicit/violent")
    },
    **{name: Head({MADE: 0.3}, 3, only_tags=True) for name in ("self-harm/intent", "self-harm/instructions")},
}


@dataclass(frozen=True)
class Parts:
    """The features of rows, and those of them that are about classes or n-grams alone."""

    table: Table
    tags: csr_matrix
    grams: csr_matrix
    tweets: Flags
    """The tweets that priors are not fitted on."""


def parts(table: Table) -> Parts:
    """Splits the features."""
    is_gram = np.arange(table.values.shape[1]) < GRAMS
    only = [(table.values @ diags(kept.astype(float))).tocsr() for kept in (~is_gram, is_gram)]
    for one in only:
        one.eliminate_zeros()
    numbers = np.array([_number(row.text) for row in table.rows])
    tweets = np.array([row.source == TWEETS for row in table.rows]) & (numbers >= _PRIOR_TWEETS)
    return Parts(table, only[0], only[1], tweets)


def _number(text: str) -> float:
    """From 0 to 1, the same in every run."""
    value = 0
    for character in text:
        value = (value * 31 + ord(character)) % 1_000_003
    return value / 1_000_003


def trained(given: Parts, among: Flags) -> dict[str, Linear]:
    """All heads, fitted on some rows."""
    rows = given.table.rows
    priors = _priors(given, among)
    moderation = among & np.array([row.source == MODERATION for row in rows])
    found = {}
    for name, head in HEADS.items():
        if head.only_tags:
            found[name] = _fitted(given, given.tags, name, head.shares, among, head.strength)
            continue
        used = [prior for (label, _), prior in priors.items() if label not in head.skipped]
        values, mean, deviation = with_priors(given.table.values, used, moderation)
        found[name] = folded(_fitted(given, values, name, head.shares, among, head.strength), used, mean, deviation)
    return found


def _priors(given: Parts, among: Flags) -> dict[tuple[str, str], Linear]:
    found = {}
    kinds = {"both": given.table.values, "tags": given.tags, "grams": given.grams}
    for name, shares in PRIORS.items():
        for kind, values in kinds.items():
            if kind != "grams" or MADE not in shares:
                few = among & ~given.tweets
                found[name, kind] = _fitted(given, values, name, shares, few, _STRENGTH)
    return found


def _fitted(given: Parts, values: csr_matrix, name: str, shares: Shares, among: Flags, strength: float) -> Linear:
    label = _LABEL.get(name, name)
    weights = chosen(given.table.rows, label, shares, among)
    used = np.flatnonzero(weights > 0)
    labels: Floats = labels_of(given.table.rows, label)
    return fit(values[used], labels[used], weights[used], strength)
