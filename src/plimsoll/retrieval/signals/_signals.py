"""From a question and its candidates to signals."""

from collections.abc import Sequence

import numpy as np

from .._types import Found
from ._asked import asked
from ._bm25 import bm25, by_document, word_weights
from ._names import name_scores
from ._quantity import asks_for_quantity, number_density
from ._types import Numbers, Places, Signals, WordCounts

SIGNALS = ("text", "vector", "passage", "head", "document", "name", "numbers")
"""What is computed, in this order.

text        the full text score, as a share of the best candidate's
vector      the likeness of the vectors, as a share of the best candidate's
passage     BM25 of the text, with the words weighted by how well they tell these candidates apart
head        the same of the title, the headings and the context above the text
document    the same of all candidates of its document together
name        how much of the document's name the question says
numbers     how much of the text is figures, where the question asks for one
"""

DEFAULT_WEIGHTS = {"text": 1.0, "vector": 1.0, "head": 1.0, "document": 1.0, "name": 1.5, "numbers": 1.5}
"""Chosen by hand on development rows of six sets, the same for all: code, documentation, filings, science. Each may be
halved or doubled without a change of more than two points anywhere."""


def signals(
    question: str, found: Sequence[Found], counts: WordCounts, *, text_scores: Numbers, vector_scores: Numbers
) -> Signals:
    """The signals of each candidate; nothing is looked up, and equal input gives equal numbers.

    `counts` is of the words by which was searched, with those that a thesaurus added; `text_scores` and
    `vector_scores` are those of the search, 0 where it did not find a candidate. All are in the order of `found`.
    """
    documents, places = _documents(found)
    weights = word_weights(counts)
    names = name_scores(asked(question), [(one.document, one.title) for one in documents])
    wants_numbers = asks_for_quantity(question)
    columns = (
        _share_of_best(text_scores),
        _share_of_best(vector_scores),
        bm25(counts.text, counts.text_lengths, weights),
        bm25(counts.head, counts.head_lengths, weights),
        by_document(counts.text, counts.text_lengths, weights, places),
        names[places] if documents else np.zeros(0),
        np.array([number_density(one.text) if wants_numbers else 0.0 for one in found]),
    )
    return Signals(SIGNALS, np.column_stack(columns))


def _documents(found: Sequence[Found]) -> tuple[list[Found], Places]:
    """One candidate of each document, and for each candidate the number of its document."""
    first: dict[str, int] = {}
    places = [first.setdefault(one.document, len(first)) for one in found]
    kept = {one.document: one for one in reversed(found)}
    return [kept[path] for path in first], np.array(places, np.int64)


def _share_of_best(scores: Numbers) -> Numbers:
    positive = np.maximum(scores, 0.0)
    best = positive.max(initial=0.0)
    return positive / best if best > 0 else positive
