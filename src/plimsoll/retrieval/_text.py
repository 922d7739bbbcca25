"""Full text search with tantivy: BM25 over the text and the title of each chunk."""

from pathlib import Path

import numpy as np
import tantivy
from numpy.typing import NDArray

TEXT_FORMAT = 1
"""Goes up whenever the same chunks would be indexed in another way; part of the derived folder's version."""

_TITLE_BOOST = 0.25
"""Chosen on development rows (SciFact, Cranfield): 0 gives nDCG@10 .674 and .386, 0.25 .681 and .397, 1 .642 and .395.
A title is short, so BM25's length normalisation already makes a match in it weigh several times one in the text."""

_MAX_TERMS = 200
_MAX_TERM_CHARACTERS = 60
_MEGABYTE = 1_000_000
_MAX_HEAP_BYTES = 1000 * _MEGABYTE
_ANALYZER = "plimsoll_english"

TextHits = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Row numbers and BM25 scores, best first."""


class TextWriter:
    """Writes the full text index of one snapshot into an empty folder."""

    def __init__(self, folder: Path, *, chunks: int) -> None:
        self._index = tantivy.Index(_schema(), path=str(folder), reuse=False)
        self._index.register_tokenizer(_ANALYZER, _analyzer())
        # The heap is a ceiling and not a reservation. It is so high that everything lands in one tantivy segment:
        # there chunks of equal score come in the order of their rows, so that results can be repeated.
        heap = min(_MAX_HEAP_BYTES, 32 * _MEGABYTE + 4000 * chunks)
        self._writer = self._index.writer(heap, 1)

    def add(self, row: int, *, text: str, title: str) -> None:
        """Index one chunk under its row number."""
        document = tantivy.Document()
        document.add_text("text", text)
        document.add_text("title", title)
        document.add_unsigned("row", row)
        self._writer.add_document(document)

    def finish(self) -> None:
        """Write everything to the disk and stop the writer's threads."""
        self._writer.commit()
        self._writer.wait_merging_threads()


class TextIndex:
    """A finished full text index. Searches may run in several threads at once."""

    def __init__(self, folder: Path) -> None:
        index = tantivy.Index.open(str(folder))
        index.config_reader("manual")
        self._schema = index.schema
        self._searcher = index.searcher()
        self._analyzer = _analyzer()

    def search(self, query: str, limit: int) -> TextHits:
        """The best `limit` chunks that share a term with `query`, which is plain text and never query syntax.

        Only the first 200 distinct terms count, so that a long question costs no more than they do.
        """
        terms = list(dict.fromkeys(self._analyzer.analyze(query)))[:_MAX_TERMS]
        if not terms:
            return np.empty(0, np.int64), np.empty(0)
        hits = self._searcher.search(self._any_of(terms), limit, count=False).hits
        rows = self._searcher.fast_field_values("row", [address for _, address in hits])
        return _ordered(np.array(rows, np.int64), np.array([score for score, _ in hits]))

    def _any_of(self, terms: list[str]) -> tantivy.Query:
        clauses = []
        for term in terms:
            in_text = tantivy.Query.term_query(self._schema, "text", term, "freq")
            in_title = tantivy.Query.term_query(self._schema, "title", term, "freq")
            clauses += [in_text, tantivy.Query.boost_query(in_title, _TITLE_BOOST)]
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, clause) for clause in clauses])


def _ordered(rows: NDArray[np.int64], scores: NDArray[np.float64]) -> TextHits:
    order = np.lexsort((rows, -scores))
    return rows[order], scores[order]


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    # Term frequencies are all that BM25 needs; positions would double the size.
    builder.add_text_field("text", tokenizer_name=_ANALYZER, index_option="freq")
    builder.add_text_field("title", tokenizer_name=_ANALYZER, index_option="freq")
    builder.add_unsigned_field("row", fast=True)
    return builder.build()


def _analyzer() -> tantivy.TextAnalyzer:
    """Words, without case, accents and English function words, reduced to their stem (Snowball, English)."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(_MAX_TERM_CHARACTERS))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.stopword("english"))
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )
