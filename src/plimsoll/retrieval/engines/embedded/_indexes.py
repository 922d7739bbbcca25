"""The snapshots of an installation, in the folder of derived indexes."""

from collections.abc import Collection
from pathlib import Path

from plimsoll.kernel.digest import Digest

from ..._snapshot import Snapshot
from ._folder import Embed, IndexFolder, ReadSegment
from ._index import EmbeddedIndex


class EmbeddedIndexes:
    """The place of the snapshots of all knowledge bases, under `folder`, which must be on a local disk.

    `embed` makes vectors of the embedder of the snapshots that are opened: of a large one some are tried once, to see
    which way to search them suits them.
    """

    def __init__(self, folder: Path, embed: Embed) -> None:
        self._folder = IndexFolder(folder)
        self._embed = embed

    def open(self, snapshot: Snapshot, read: ReadSegment) -> EmbeddedIndex:
        """The snapshot, open for searches; `read` gives segments whose documents are not there.

        Several processes may ask for the same at once. Raises IndexFolderError, and whatever reading a segment raises.
        """
        return EmbeddedIndex(*self._folder.open(snapshot, read, self._embed))

    def prune(self, keep: Collection[Digest], *, purge: bool = False) -> None:
        """Remove what was derived for other snapshots only; with `purge` nothing is left of documents of others.

        Raises IndexFolderError.
        """
        self._folder.prune(keep, purge=purge)
