"""Full text search in a dataset: its inverted index finds what is worth a look, and the look is exact."""

import threading
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .._bm25 import MOST_WORDS, Corpus, Standing, saturated, weights
from .._joined import NOTHING, Scored, key_number
from ._rows import HEAD_SIGN

if TYPE_CHECKING:
    from lance import LanceDataset

_LOOKS: Final = 300
_LOOKS_PER_HIT: Final = 3
"""How many chunks are looked at, of those with words in them and of those with words above: the more of the two."""
_MOST_KNOWN: Final = 20_000
_COLUMNS: Final = ["key", "ordinal", "words", "text_words", "head_words"]


class TextSearch:
    """Searches the words of one version of a dataset. May be used from several threads at once."""

    def __init__(self, dataset: "LanceDataset", chunks: int) -> None:
        self._dataset = dataset
        self._chunks = chunks
        self._known: dict[str, Standing] = {}
        self._lock = threading.Lock()

    def search(self, words: Sequence[str], limit: int, condition: str | None) -> Scored:
        """The best chunks, best first."""
        terms = list(dict.fromkeys(words))[:MOST_WORDS]
        counted = weights(self._corpus, {term: self._standing(term) for term in terms})
        if not counted:
            return NOTHING
        looks = max(_LOOKS, limit * _LOOKS_PER_HIT)
        # Two questions and not one of two parts, which takes Lance eight times as long.
        found = self._looked_at(list(counted), looks, condition)
        above = self._looked_at([HEAD_SIGN + term for term in counted], looks, condition)
        there = set(found["_rowid"])
        new = [place for place, row in enumerate(above["_rowid"]) if row not in there]
        every = {name: [*column, *(above[name][place] for place in new)] for name, column in found.items()}
        return self._scored(every, counted).best(limit)

    def _looked_at(self, tokens: Sequence[str], looks: int, condition: str | None) -> dict[str, list[Any]]:
        from lance.query import MatchQuery

        found = self._dataset.scanner(
            columns=_COLUMNS,
            full_text_query=MatchQuery(" ".join(tokens), "words"),
            limit=looks,
            filter=condition,
            prefilter=True,
            with_row_id=True,
            disable_scoring_autoprojection=True,
        ).to_table()
        columns: dict[str, list[Any]] = found.to_pydict()
        return columns

    def _scored(self, found: dict[str, list[Any]], counted: dict[str, tuple[float, float]]) -> Scored:
        corpus = self._corpus
        scores = np.zeros(len(found["key"]))
        rows = zip(found["words"], found["text_words"], found["head_words"], strict=True)
        for place, (spelled, text_words, head_words) in enumerate(rows):
            counts = Counter(spelled.split())
            for term, (in_text, in_head) in counted.items():
                if often := counts[term]:
                    scores[place] += in_text * saturated(often, text_words, corpus.text_mean)
                if often := counts[HEAD_SIGN + term]:
                    scores[place] += in_head * saturated(often, head_words, corpus.head_mean)
        return Scored(
            np.array(found["_rowid"], np.int64),
            scores,
            np.array([key_number(key) for key in found["key"]], np.uint64),
            np.array(found["ordinal"], np.int64),
        )

    def _standing(self, term: str) -> Standing:
        known = self._known.get(term)
        if known is None:
            known = Standing(self._count(term), self._count(HEAD_SIGN + term))
            with self._lock:
                if len(self._known) < _MOST_KNOWN:
                    self._known[term] = known
        return known

    def _count(self, token: str) -> int:
        from lance.query import MatchQuery

        return int(self._dataset.scanner(full_text_query=MatchQuery(token, "words")).count_rows())

    @cached_property
    def _corpus(self) -> Corpus:
        import pyarrow.compute as pc

        sums = {"text_words": 0, "head_words": 0}
        for batch in self._dataset.to_batches(columns=list(sums)):
            for name in sums:
                sums[name] += pc.sum(batch[name]).as_py() or 0
        count = max(self._chunks, 1)
        return Corpus(self._chunks, sums["text_words"] / count, sums["head_words"] / count)
