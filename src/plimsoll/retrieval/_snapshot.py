"""An index snapshot: the immutable list of segments that one index version is."""

from dataclasses import dataclass
from typing import Annotated

import msgspec

from plimsoll.kernel.digest import Digest, Json, canonical_json, digest_bytes

from ._errors import SnapshotFormatError
from ._types import SegmentRef

_FORMAT = 1

_Address = Annotated[str, msgspec.Meta(pattern="^sha256:[0-9a-f]{64}$")]
_Count = Annotated[int, msgspec.Meta(ge=0)]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of an index. The same documents, chunker and embedder give the same `digest`."""

    embedder: str
    """Fingerprint of the embedder that made the vectors."""
    dimension: int
    """Length of each vector."""
    chunker: str
    """What made the chunks: fingerprints, or anything else that changes with them."""
    segments: tuple[SegmentRef, ...]
    """In the order of `plan_segments`."""
    canary: Digest | None = None
    """The blob with the probe vectors of the embedder, by which a silent change of it is noticed; None for none."""

    @property
    def documents(self) -> int:
        """Number of documents."""
        return sum(segment.documents for segment in self.segments)

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return sum(segment.chunks for segment in self.segments)

    @property
    def digest(self) -> Digest:
        """The content address of `to_json`."""
        # Written as RFC 8785 would write it: asking for that takes half a second where there are 16,000 segments.
        segments = ",".join(
            f'{{"chunks":{ref.chunks},"digest":"{ref.digest}","documents":{ref.documents}}}' for ref in self.segments
        )
        # `segments` is the last key in the order of the alphabet.
        before = canonical_json({**self._facts(), "segments": []}).removesuffix(b"[]}")
        return digest_bytes(before + f"[{segments}]}}".encode())

    def to_json(self) -> dict[str, Json]:
        """The snapshot as a JSON object, to be stored."""
        segments: list[Json] = [
            {"digest": ref.digest, "documents": ref.documents, "chunks": ref.chunks} for ref in self.segments
        ]
        return {**self._facts(), "segments": segments}

    def _facts(self) -> dict[str, Json]:
        canary: dict[str, Json] = {} if self.canary is None else {"canary": self.canary}
        return {
            **canary,
            "format": _FORMAT,
            "embedder": self.embedder,
            "dimension": self.dimension,
            "chunker": self.chunker,
            "documents": self.documents,
            "chunks": self.chunks,
        }

    @classmethod
    def from_json(cls, value: Json) -> "Snapshot":
        """The snapshot that `to_json` wrote. Raises SnapshotFormatError for anything else."""
        try:
            wire = msgspec.convert(value, _Wire)
        except msgspec.ValidationError as error:
            raise SnapshotFormatError(str(error)) from error
        if wire.format != _FORMAT:
            raise SnapshotFormatError(f"its format is {wire.format}, and this version reads {_FORMAT}")
        refs = tuple(SegmentRef(ref.digest, ref.documents, ref.chunks) for ref in wire.segments)
        snapshot = cls(wire.embedder, wire.dimension, wire.chunker, refs, wire.canary)
        if (snapshot.documents, snapshot.chunks) != (wire.documents, wire.chunks):
            raise SnapshotFormatError("its totals are not the sums of its segments")
        return snapshot


class _Ref(msgspec.Struct, forbid_unknown_fields=True):
    digest: _Address
    documents: _Count
    chunks: _Count


class _Wire(msgspec.Struct, forbid_unknown_fields=True):
    format: int
    embedder: str
    dimension: Annotated[int, msgspec.Meta(ge=1)]
    chunker: str
    segments: tuple[_Ref, ...]
    documents: _Count
    chunks: _Count
    canary: _Address | None = None
