"""`tokens`: filled up to a number of tokens, whatever the text says.

Tokens are counted word by word and each word's number is remembered, so that the time is linear. Tokenizers that join
no two words (WordPiece, and most others) count the same; with others it is an estimate, and never far off.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from plimsoll.documents import Document
from plimsoll.kernel.digest import digest_json

from .._marks import SENTENCE_SEAM, SINGLE_SIGNS
from .._seams import SEAM_RADIUS, content_seams
from .._stretches import page_stretches, parts
from .._types import Cut, TokenCount

_FORMAT = 1

_WORD_CHARACTERS = 24
_PIECE = re.compile(rf"[{SINGLE_SIGNS}]|[^\s{SINGLE_SIGNS}]{{1,{_WORD_CHARACTERS}}}")
_TOKEN_CHARACTERS = 4
"""About so many characters are one token (English, byte-pair encodings)."""
_MOST_BACK = 8
"""Pieces of one long word that are moved to the next chunk rather than tear it."""


@dataclass(frozen=True, slots=True)
class _Piece:
    start: int
    end: int
    tokens: int
    joined: bool
    """Whether it goes on the word of the piece before it."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Cuts of at most `size` tokens, of which the first up to `overlap` are also the last of the cut before."""

    size: int
    overlap: int
    tokens: TokenCount

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same document could be cut in another way."""
        return digest_json(["tokens", _FORMAT, self.tokens.fingerprint, self.size, self.overlap])

    def cut(self, document: Document) -> Iterator[Cut]:
        """The cuts of each page, parted where the content says so that an edit moves few."""
        counts: dict[str, int] = {}
        for _, first, last in page_stretches(document):
            radius = SEAM_RADIUS * _TOKEN_CHARACTERS * self.size
            seams = content_seams(document.text, (first, last), radius, SENTENCE_SEAM)
            for start, end in parts((first, last), seams):
                yield from self._packed(list(self._pieces(document.text, start, end, counts)))

    def _pieces(self, text: str, first: int, last: int, counts: dict[str, int]) -> Iterator[_Piece]:
        reached = -1
        for match in _PIECE.finditer(text, first, last):
            word, (start, end) = match[0], match.span()
            if word not in counts:
                counts[word] = self.tokens.count(word)
            joined = start == reached and end - start > 1
            reached = end
            if counts[word] <= self.size:
                yield _Piece(start, end, counts[word], joined)
                continue
            for at in range(start, end):
                yield _Piece(at, at + 1, self.tokens.count(text[at]), joined or at > start)

    def _packed(self, pieces: Sequence[_Piece]) -> Iterator[Cut]:
        first = stop = 0
        while stop < len(pieces):
            stop = self._stop(pieces, first, stop + 1)
            yield Cut(pieces[first].start, pieces[stop - 1].end)
            if stop < len(pieces):
                first = self._resume(pieces, first, stop)

    def _stop(self, pieces: Sequence[_Piece], first: int, least: int) -> int:
        """Behind the last piece of a cut that begins with the piece `first`; at least so far."""
        stop, tokens = first, 0
        while stop < len(pieces) and (tokens + pieces[stop].tokens <= self.size or stop < least):
            tokens += pieces[stop].tokens
            stop += 1
        if stop == len(pieces):
            return stop
        return next((at for at in range(stop, max(least, stop - _MOST_BACK) - 1, -1) if not pieces[at].joined), stop)

    def _resume(self, pieces: Sequence[_Piece], first: int, stop: int) -> int:
        """The first piece of the cut that comes next: overlapping, but with something new in it."""
        begin, tokens = stop, 0
        room = min(self.overlap, self.size - pieces[stop].tokens)
        while begin - 1 > first and tokens + pieces[begin - 1].tokens <= room:
            begin -= 1
            tokens += pieces[begin].tokens
        return next((at for at in range(begin, min(begin + _MOST_BACK, stop)) if not pieces[at].joined), stop)
