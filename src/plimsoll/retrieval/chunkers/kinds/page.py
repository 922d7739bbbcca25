"""`page`: each page is one chunk; only a page that is longer than the size is cut."""

from collections.abc import Iterator
from dataclasses import dataclass

from plimsoll.documents import Document
from plimsoll.kernel.digest import digest_json

from .._stretches import is_markdown, page_stretches, trimmed
from .._types import Cut
from .recursive import Recursive

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Pages:
    """Whole pages, up to `size` characters; longer ones are cut like `recursive`."""

    size: int
    overlap: int

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same document could be cut in another way."""
        return digest_json(["page", _FORMAT, Recursive(self.size, self.overlap).fingerprint])

    def cut(self, document: Document) -> Iterator[Cut]:
        """The cuts, in order."""
        longer = Recursive(self.size, self.overlap)
        markdown = is_markdown(document.media_type)
        for _, first, last in page_stretches(document):
            page = trimmed(document.text, first, last)
            if page is None:
                continue
            if page[1] - page[0] <= self.size:
                yield Cut(*page)
            else:
                yield from (Cut(*span) for span in longer.stretches(document.text, (first, last), markdown=markdown))
