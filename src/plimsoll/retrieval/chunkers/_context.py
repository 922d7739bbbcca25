"""What can be said of where a chunk comes from without a model: definitions around code, what a text is about."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from plimsoll.documents import Document
from plimsoll.kernel.digest import digest_json

from .._types import Chunk
from ._definitions import Definition, Scopes, definitions, is_code, names_between
from .sentences import sentences

_FORMAT = 2
_LONGEST = 300
"""Characters of a context: it is embedded above a chunk, and must not outweigh it."""

_MOST_NAMES = 15

_WORD = re.compile(r"[^\W\d_][\w-]{4,39}")
_TERMS = 8
_LEAST_COUNT = 3
_LEAD_CHARACTERS = 2000
_LEAD_LONGEST = 160


@dataclass(frozen=True, slots=True)
class HeaderWriter:
    """Writes contexts from the document itself.

    Of code: the definitions that enclose a chunk, by indentation, outermost first; what it defines itself; and what its
    file defines. Of other texts: the document's first sentence, and its most frequent long words as far as the chunk
    has none of them.
    """

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same chunks could get other contexts."""
        return digest_json(["header", _FORMAT])

    def contexts(self, document: Document, chunks: Sequence[Chunk]) -> Sequence[str]:
        """One for each chunk, of at most 300 characters in one line; empty where there is nothing to say."""
        found = definitions(document.text)
        if is_code(document.text, found):
            return _of_code(document.text, found, chunks)
        if len(chunks) <= 1:
            return [""] * len(chunks)
        lead, terms = _lead(document), _terms(chunks)
        return [self._of_prose(chunk, lead, terms) for chunk in chunks]

    def _of_prose(self, chunk: Chunk, lead: str, terms: Sequence[str]) -> str:
        words = chunk.text.casefold()
        missing = [term for term in terms if term not in words]
        first = "" if chunk.ordinal == 0 else lead
        return " · ".join(part for part in (first, ", ".join(missing)) if part)[:_LONGEST]


def _of_code(text: str, found: Sequence[Definition], chunks: Sequence[Chunk]) -> list[str]:
    scopes = Scopes(text, found)
    everything = names_between(found, 0, len(text))[:_MOST_NAMES]
    contexts = []
    for chunk in chunks:
        own = names_between(found, chunk.start, chunk.end)
        others = [name for name in everything if name not in own]
        parts = (" > ".join(scopes.around(chunk.start)), " ".join(own), " ".join(others))
        contexts.append(" | ".join(part for part in parts if part)[:_LONGEST])
    return contexts


def _lead(document: Document) -> str:
    """The first sentence that says something."""
    end = min(len(document.text), _LEAD_CHARACTERS)
    for first, last in sentences(document.text, 0, end, language=document.language):
        sentence = " ".join(document.text[first:last].split())
        if len(sentence.split()) > _LEAST_COUNT and sentence != document.title:
            return sentence[:_LEAD_LONGEST]
    return ""


def _terms(chunks: Sequence[Chunk]) -> list[str]:
    """Frequent long words that most chunks do not have, the most frequent first."""
    counts: Counter[str] = Counter()
    spread: Counter[str] = Counter()
    for chunk in chunks:
        words = Counter(word.casefold() for word in _WORD.findall(chunk.text))
        counts.update(words)
        spread.update(words.keys())
    found = [word for word in counts if counts[word] >= _LEAST_COUNT and 2 * spread[word] <= len(chunks)]
    return sorted(found, key=lambda word: (-counts[word], word))[:_TERMS]
