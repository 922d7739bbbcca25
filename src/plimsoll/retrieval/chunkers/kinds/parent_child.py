"""`parent_child`: small chunks that are searched; a reader is given the larger stretch that each comes from."""

from collections.abc import Iterator
from dataclasses import dataclass

from plimsoll.documents import Document
from plimsoll.kernel.digest import digest_json

from .._outline import Breadcrumbs, outline
from .._types import Cut
from .recursive import Recursive
from .structure import Structure

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class ParentChild:
    """Cuts of at most `size` characters inside parents of at most `parent_size`, which are cut by structure."""

    size: int
    overlap: int
    parent_size: int

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same document could be cut in another way."""
        parents, children = Structure(self.parent_size, 0), Recursive(self.size, self.overlap)
        return digest_json(["parent_child", _FORMAT, parents.fingerprint, children.fingerprint])

    def cut(self, document: Document) -> Iterator[Cut]:
        """The cuts, each with its parent; one that is its parent has none."""
        children = Recursive(self.size, self.overlap)
        above = Breadcrumbs(outline(document))
        for parent in Structure(self.parent_size, 0).cut(document):
            span = (parent.start, parent.end)
            for start, end in children.stretches(document.text, span):
                yield Cut(start, end, None if (start, end) == span else span, above.at(start))
