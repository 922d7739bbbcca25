"""Full text over numbered documents, the same on both SQL engines."""

from ._index import DERIVED, TextIndex, words_of

__all__ = ["DERIVED", "TextIndex", "words_of"]
