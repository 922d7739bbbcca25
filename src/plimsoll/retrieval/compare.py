"""Two indexes asked the same questions: which neighbours a question kept, lost and gained."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from plimsoll.kernel.digest import Json

from ._types import Hit

Search = Callable[[str], Sequence[Hit]]
"""Asks one index a question, with that index's own embedder and settings; the best hit comes first."""

_WORST = 5


@dataclass(frozen=True, slots=True)
class RankMove:
    """A neighbour that both indexes find, at another rank. Ranks count from 1."""

    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What became of the neighbours of one question. Names stand in the order of their ranks."""

    kept: tuple[str, ...]
    lost: tuple[str, ...]
    gained: tuple[str, ...]
    moves: tuple[RankMove, ...]

    @property
    def overlap(self) -> float:
        """Share of the neighbours that both have, 0 to 1: `|A ∩ B| / max(|A|, |B|)`.

        With k neighbours on both sides it is the overlap at depth k of Fagin, Kumar and Sivakumar (2003). Two searches
        that find nothing agree.
        """
        most = len(self.kept) + max(len(self.lost), len(self.gained))
        return len(self.kept) / most if most else 1.0

    @property
    def changed(self) -> bool:
        """Whether another list is found."""
        return bool(self.lost or self.gained or self.moves)

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        return {
            "overlap": self.overlap,
            "kept": list(self.kept),
            "lost": list(self.lost),
            "gained": list(self.gained),
            "moves": [{"name": move.name, "before": move.before, "after": move.after} for move in self.moves],
        }


@dataclass(frozen=True, slots=True)
class ProbeChange:
    """One question, asked of both."""

    probe: str
    documents: Neighbours
    """By path; a document stands where its best passage stands."""
    passages: Neighbours
    """By the identifier of the passage: the same stretch of the same bytes. Another chunker changes all of them."""

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        return {"probe": self.probe, "documents": self.documents.to_json(), "passages": self.passages.to_json()}


@dataclass(frozen=True, slots=True)
class NeighbourChange:
    """How far two indexes agree about a set of questions."""

    top_k: int
    """How many passages were looked at for each question."""
    probes: tuple[ProbeChange, ...]

    @property
    def document_overlap(self) -> float | None:
        """Mean share of kept documents; None without questions."""
        return fmean(probe.documents.overlap for probe in self.probes) if self.probes else None

    @property
    def passage_overlap(self) -> float | None:
        """Mean share of kept passages; None without questions."""
        return fmean(probe.passages.overlap for probe in self.probes) if self.probes else None

    @property
    def changed(self) -> int:
        """Number of questions that find other documents, or the same in another order."""
        return sum(probe.documents.changed for probe in self.probes)

    @property
    def worst(self) -> tuple[ProbeChange, ...]:
        """Up to five questions whose neighbours changed, those that kept least first."""
        changed = [probe for probe in self.probes if probe.documents.changed or probe.passages.changed]
        changed.sort(key=lambda probe: (probe.documents.overlap, probe.passages.overlap))
        return tuple(changed[:_WORST])

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        return {
            "top_k": self.top_k,
            "document_overlap": self.document_overlap,
            "passage_overlap": self.passage_overlap,
            "changed": self.changed,
            "probes": [probe.to_json() for probe in self.probes],
        }


def compare_indexes(old: Search, new: Search, probes: Sequence[str], top_k: int) -> NeighbourChange:
    """Ask both indexes each question, and compare the first `top_k` passages and their documents.

    Raises what the two searches raise.
    """
    return NeighbourChange(top_k, tuple(_compare(probe, old(probe)[:top_k], new(probe)[:top_k]) for probe in probes))


def _compare(probe: str, old: Sequence[Hit], new: Sequence[Hit]) -> ProbeChange:
    return ProbeChange(
        probe=probe,
        documents=_neighbours([hit.passage.document for hit in old], [hit.passage.document for hit in new]),
        passages=_neighbours([hit.passage.id for hit in old], [hit.passage.id for hit in new]),
    )


def _neighbours(old: Sequence[str], new: Sequence[str]) -> Neighbours:
    before = {name: rank for rank, name in enumerate(dict.fromkeys(old), start=1)}
    after = {name: rank for rank, name in enumerate(dict.fromkeys(new), start=1)}
    return Neighbours(
        kept=tuple(name for name in after if name in before),
        lost=tuple(name for name in before if name not in after),
        gained=tuple(name for name in after if name not in before),
        moves=tuple(
            RankMove(name, before[name], rank) for name, rank in after.items() if before.get(name, rank) != rank
        ),
    )
