"""Canary vectors: probe texts are embedded again and again, and compared with what the same embedder gave before.

A fingerprint says which model is meant; whether it is still that model, only its vectors say: a server may change the
model behind a name, and a library may compute otherwise. Rules and values only; who keeps them is said elsewhere.

- Probes are kept with the fingerprint of their embedder and the digest of the probe texts; others are not compared.
- A probe has changed when the cosine of its old and its new vector is below the tolerance (see `steadiness_of`), or one
  of the two is zero and the other is not.
- One changed probe is enough: nothing may be embedded, because the vectors would not fit to those of the index.
"""

from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from plimsoll.kernel.digest import Digest, digest_json

from .._types import Embedder
from ._abilities import STEADY
from ._errors import CanaryFormatError, EmbedderChangedError, VectorsWrongError
from ._guard import check_vectors
from ._probes import PROBES

_FORMAT: Final = 1

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Canary:
    """The vectors of the probes, of one embedder."""

    fingerprint: str
    probes: Digest
    """Of the probe texts."""
    vectors: Vectors
    """Shape (probes, dimension)."""

    def to_bytes(self) -> bytes:
        """To be kept; the same vectors are the same bytes."""
        count, dimension = self.vectors.shape
        rows = np.ascontiguousarray(self.vectors, "<f4").tobytes()
        return msgspec.msgpack.encode(_Wire(_FORMAT, self.fingerprint, self.probes, count, dimension, rows))

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Canary":
        """What `to_bytes` wrote. Raises CanaryFormatError for anything else."""
        try:
            wire = msgspec.msgpack.decode(raw, type=_Wire)
            rows = np.frombuffer(wire.vectors, "<f4").reshape(wire.count, wire.dimension).astype(np.float32)
        except (msgspec.MsgspecError, ValueError, UnicodeDecodeError) as error:
            raise CanaryFormatError(str(error)) from None
        if wire.format != _FORMAT:
            raise CanaryFormatError(f"their format is {wire.format}, and this version reads {_FORMAT}")
        try:
            # They may have come with an imported release: a vector that is too long would be near to everything.
            check_vectors("their embedder", PROBES, rows, rows.shape[1])
        except VectorsWrongError as error:
            raise CanaryFormatError(error.message) from None
        return cls(wire.fingerprint, wire.probes, rows)


class _Wire(msgspec.Struct, array_like=True):
    format: int
    fingerprint: str
    probes: str
    count: Annotated[int, msgspec.Meta(ge=0)]
    dimension: Annotated[int, msgspec.Meta(ge=1)]
    vectors: bytes


@dataclass(frozen=True, slots=True)
class ChangedProbe:
    """One probe text whose vector is another one."""

    text: str
    cosine: float
    before: tuple[float, ...]
    after: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CanaryReport:
    """What became of an embedder: nothing, where `changed` is empty; else it is a finding."""

    embedder: str
    fingerprint: str
    probes: int
    worst_cosine: float
    changed: tuple[ChangedProbe, ...] = ()
    """The furthest first."""


def canary_key(embedder: Embedder) -> str:
    """Under which the probe vectors of an embedder are kept."""
    return f"{embedder.fingerprint} {_probes_digest()}"


def take_canary(embedder: Embedder) -> Canary:
    """The probe vectors of an embedder as it is now. Raises VectorsWrongError, and what `embed` raises."""
    vectors = embedder.embed(PROBES)
    check_vectors(embedder.name, PROBES, vectors, embedder.dimension)
    return Canary(embedder.fingerprint, _probes_digest(), vectors)


def compare(embedder: str, before: Canary, after: Canary, *, tolerance: float = STEADY) -> CanaryReport:
    """What changed from one canary to the next. Raises CanaryFormatError when they are not of one embedder."""
    if (before.fingerprint, before.probes) != (after.fingerprint, after.probes):
        raise CanaryFormatError("they are of another embedder, or of other probe texts")
    if before.vectors.shape != after.vectors.shape:
        cosines = [0.0] * len(PROBES)
    else:
        cosines = [_cosine(old, new) for old, new in zip(before.vectors, after.vectors, strict=True)]
    changed = [
        ChangedProbe(text, cosine, tuple(old.tolist()), tuple(new.tolist()))
        for text, cosine, old, new in zip(PROBES, cosines, before.vectors, after.vectors, strict=True)
        if cosine < tolerance
    ]
    changed.sort(key=lambda probe: probe.cosine)
    return CanaryReport(embedder, before.fingerprint, len(PROBES), min(cosines), tuple(changed))


def require_unchanged(report: CanaryReport) -> None:
    """Raises EmbedderChangedError when a probe has changed."""
    if report.changed:
        worst = report.changed[0]
        raise EmbedderChangedError(
            report.embedder, len(report.changed), report.probes, worst=worst.text, cosine=worst.cosine
        )


def _cosine(old: Vectors, new: Vectors) -> float:
    """Of unit vectors; two zero vectors are the same."""
    if not old.any() and not new.any():
        return 1.0
    return float(old.astype(np.float64) @ new.astype(np.float64))


def _probes_digest() -> Digest:
    return digest_json(list(PROBES))
