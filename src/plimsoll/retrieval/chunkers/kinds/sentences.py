"""`sentences`: a number of whole sentences, of which the last are the first of the next cut."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from plimsoll.documents import Document
from plimsoll.kernel.digest import digest_json

from .._outline import heading_places
from .._seams import SEAM_RADIUS, seams_among
from .._stretches import Stretch, page_stretches
from .._types import Cut
from ..sentences import runs, sentences

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Sentences:
    """Cuts of up to `size` sentences; each begins with the last `overlap` of the cut before it."""

    size: int
    overlap: int

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same document could be cut in another way."""
        return digest_json(["sentences", _FORMAT, self.size, self.overlap])

    def cut(self, document: Document) -> Iterator[Cut]:
        """The cuts of each page, parted where the content says so that an edit moves few."""
        text = document.text
        breaks = heading_places(document)
        for _, first, last in page_stretches(document):
            found = sentences(text, first, last, language=document.language, breaks=breaks.between(first, last))
            seams = seams_among(text, [start for start, _ in found], last, SEAM_RADIUS * self.size, by_number=True)
            for run in runs(found, seams):
                yield from self._even(run)

    def _even(self, run: Sequence[Stretch]) -> Iterator[Cut]:
        """Cuts of nearly the same number of sentences, so that no last one is nearly empty."""
        step = self.size - self.overlap
        cuts = max(1, -(-(len(run) - self.overlap) // step))
        fresh = len(run) - min(self.overlap, len(run))
        for number in range(cuts):
            first, last = fresh * number // cuts, fresh * (number + 1) // cuts + self.overlap
            yield Cut(run[first][0], run[min(last, len(run)) - 1][1])
