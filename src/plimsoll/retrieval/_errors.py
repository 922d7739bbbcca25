"""What can go wrong between a document and a hit."""

from pathlib import Path

from plimsoll.kernel.digest import Digest
from plimsoll.kernel.errors import ConflictError, IntegrityError, InvalidError, UnavailableError


class SettingError(InvalidError):
    """A setting of the chunker or of the search has a value that cannot work."""

    code = "retrieval_setting"

    def __init__(self, name: str, value: object, wanted: str) -> None:
        super().__init__(f"{name} is {value!r}, and that cannot work", hint=f"{name} must be {wanted}")


class NotUnicodeError(InvalidError):
    """A path or a text cannot be written as UTF-8."""

    code = "not_unicode"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what!a} holds half of a surrogate pair, which is not text",
            hint="rename the file, or convert the document to UTF-8",
        )


class DuplicatePathError(InvalidError):
    """Two documents of one segment have the same path."""

    code = "duplicate_path"

    def __init__(self, path: str) -> None:
        super().__init__(f"the document {path!r} was given twice", hint="give every document of an index its own path")


class VectorShapeError(InvalidError):
    """The vectors do not belong to the chunks."""

    code = "vector_shape"

    def __init__(self, chunks: int, shape: tuple[int, ...]) -> None:
        super().__init__(
            f"{chunks} chunks came with vectors of shape {shape}",
            hint="give one finite vector for each chunk, in the order of the documents and their chunks",
        )


class EmbedderMismatchError(InvalidError):
    """A question would be embedded by another embedder than the chunks."""

    code = "embedder_mismatch"

    def __init__(self, name: str, given: str, wanted: str) -> None:
        super().__init__(
            f"the index was built with the embedder {wanted}, but {name} is {given}",
            hint="use the embedder of the index, or build the index again with this one",
        )


class SnapshotFormatError(InvalidError):
    """Something is not an index snapshot that this version can read."""

    code = "snapshot_format"

    def __init__(self, reason: str) -> None:
        super().__init__(f"this is no index snapshot that can be read: {reason}", hint="build the index again")


class SegmentFormatError(IntegrityError):
    """A stored segment has the right digest, and is still not the segment that the snapshot speaks of."""

    code = "segment_format"

    def __init__(self, digest: Digest, reason: str) -> None:
        super().__init__(f"the index segment {digest} cannot be used: {reason}", hint="build the index again")


class IndexFolderError(UnavailableError):
    """The local folder of the derived index cannot be read or written."""

    code = "index_folder"

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"the index folder {folder} could not be used: {reason}",
            hint="free some space or correct the rights of the folder, then try again; it is made again by itself",
        )


class IndexClosedError(ConflictError):
    """A search came after the index was closed."""

    code = "index_closed"

    def __init__(self) -> None:
        super().__init__("this index was closed", hint="open the snapshot again")


class FilterError(InvalidError):
    """A filter says what no document can be held against."""

    code = "filter"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"this filter cannot be used: {reason}",
            hint='write an object such as {"year": {"gte": 2024}, "kind": "contract"}; operators: eq, ne, in, gt, gte, '
            "lt, lte, starts_with",
        )
