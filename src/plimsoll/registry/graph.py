"""The lineage graph: which versions were made from which, walked level by level from some of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ._types import VersionRef

MOST_NODES = 1000

Direction = Literal["parents", "children"]
Neighbours = Callable[[Sequence[VersionRef]], Mapping[VersionRef, Sequence[VersionRef]]]
"""The parents (or the children) of each of some versions; one that has none may be absent."""


@dataclass(frozen=True, slots=True)
class Edge:
    """`made` was made from `parent`."""

    parent: VersionRef
    made: VersionRef


@dataclass(frozen=True, slots=True)
class Graph:
    """Versions and the edges between them, each once, in the order of kind, name and digest."""

    nodes: tuple[VersionRef, ...]
    edges: tuple[Edge, ...]
    unfollowed: tuple[VersionRef, ...] = ()
    """Versions whose neighbours were not looked up, because they stand at the depth that was asked for."""
    cut: bool = False
    """Whether versions were left out because the graph had grown too large."""

    def parents_of(self, ref: VersionRef) -> tuple[VersionRef, ...]:
        """What a version was made from, as far as it is in this graph."""
        return tuple(edge.parent for edge in self.edges if edge.made == ref)

    def made_from(self, ref: VersionRef) -> tuple[VersionRef, ...]:
        """What was made from a version, as far as it is in this graph."""
        return tuple(edge.made for edge in self.edges if edge.parent == ref)

    def joined(self, other: "Graph") -> "Graph":
        """Both graphs as one: what went into a version, and what was made from it."""
        return Graph(
            nodes=tuple(sorted({*self.nodes, *other.nodes}, key=_order)),
            edges=_sorted_edges({*self.edges, *other.edges}),
            unfollowed=tuple(sorted({*self.unfollowed, *other.unfollowed}, key=_order)),
            cut=self.cut or other.cut,
        )


def walk(
    start: Sequence[VersionRef],
    neighbours: Neighbours,
    depth: int,
    *,
    toward: Direction = "parents",
    most: int = MOST_NODES,
) -> Graph:
    """Everything that can be reached in at most `depth` steps; `neighbours` is asked once for each level.

    Circles end where they began. No more than `most` versions are taken: those nearest to the start come first, and of
    one level those that come first by kind, name and digest.
    """
    seen = dict.fromkeys(sorted(set(start), key=_order)[:most])
    edges: set[Edge] = set()
    cut = len(set(start)) > len(seen)
    level = tuple(seen)
    for _ in range(depth):
        if not level:
            break
        found = neighbours(level)
        reached = [(ref, other) for ref in level for other in found.get(ref, ())]
        fresh = sorted({other for _, other in reached if other not in seen}, key=_order)
        taken = tuple(fresh[: max(0, most - len(seen))])
        cut |= len(taken) < len(fresh)
        seen |= dict.fromkeys(taken)
        edges |= {_edge(ref, other, toward) for ref, other in reached if other in seen}
        level = taken
    return Graph(tuple(sorted(seen, key=_order)), _sorted_edges(edges), tuple(level), cut)


def _edge(ref: VersionRef, other: VersionRef, toward: Direction) -> Edge:
    return Edge(parent=other, made=ref) if toward == "parents" else Edge(parent=ref, made=other)


def _sorted_edges(edges: set[Edge]) -> tuple[Edge, ...]:
    return tuple(sorted(edges, key=lambda edge: (_order(edge.parent), _order(edge.made))))


def _order(ref: VersionRef) -> tuple[str, str, str]:
    return ref.kind, ref.name, ref.digest
