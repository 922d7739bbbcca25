"""Lineage is walked level by level, in both directions, to an end."""

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from plimsoll.kernel.digest import digest_json
from plimsoll.registry import VersionRef
from plimsoll.registry.graph import Edge, Graph, walk


def ref(number: int) -> VersionRef:
    return VersionRef("prompt", f"p{number:03}", digest_json(number))


class Store:
    """Edges from made to parent, and how often somebody asked."""

    def __init__(self, edges: Mapping[int, Sequence[int]]) -> None:
        self.parents = {ref(made): tuple(ref(parent) for parent in parents) for made, parents in edges.items()}
        self.queries: list[tuple[VersionRef, ...]] = []

    def parents_of(self, refs: Sequence[VersionRef]) -> Mapping[VersionRef, Sequence[VersionRef]]:
        self.queries.append(tuple(refs))
        return {one: self.parents[one] for one in refs if one in self.parents}

    def children_of(self, refs: Sequence[VersionRef]) -> Mapping[VersionRef, Sequence[VersionRef]]:
        return {one: [made for made, parents in self.parents.items() if one in parents] for one in refs}


edges_of = st.dictionaries(st.integers(0, 8), st.lists(st.integers(0, 8), max_size=4, unique=True), max_size=9)


def reachable(edges: Mapping[int, Sequence[int]], start: int, depth: int) -> set[int]:
    found = {start}
    for _ in range(depth):
        found |= {parent for made in found for parent in edges.get(made, ())}
    return found


@given(edges_of, st.integers(0, 8), st.integers(0, 6))
def test_a_walk_finds_exactly_what_can_be_reached(edges: dict[int, list[int]], start: int, depth: int) -> None:
    store = Store(edges)
    graph = walk([ref(start)], store.parents_of, depth)
    assert set(graph.nodes) == {ref(number) for number in reachable(edges, start, depth)}
    followed = {ref(number) for number in reachable(edges, start, depth - 1)} if depth else set()
    wanted = {Edge(parent, made) for made in followed for parent in store.parents.get(made, ())}
    assert set(graph.edges) == wanted
    assert len(store.queries) <= depth
    assert len({one for level in store.queries for one in level}) == sum(map(len, store.queries))
    assert not graph.cut


@given(edges_of, st.integers(0, 8))
def test_both_directions_tell_the_same_edges(edges: dict[int, list[int]], start: int) -> None:
    store = Store(edges)
    up = walk([ref(start)], store.parents_of, 20)
    for node in up.nodes:
        down = walk([node], store.children_of, 20, toward="children")
        assert ref(start) in down.nodes
        assert set(down.made_from(node)) >= set(up.made_from(node))
    assert up.unfollowed == ()


def test_a_circle_ends() -> None:
    graph = walk([ref(1)], Store({1: [2], 2: [3], 3: [1]}).parents_of, 50)
    assert graph.nodes == (ref(1), ref(2), ref(3))
    assert graph.edges == (Edge(ref(1), ref(3)), Edge(ref(2), ref(1)), Edge(ref(3), ref(2)))
    assert graph.parents_of(ref(1)) == (ref(2),)


def test_a_walk_says_where_it_stopped() -> None:
    graph = walk([ref(1)], Store({1: [2, 3], 2: [4], 3: [4]}).parents_of, 1)
    assert (graph.nodes, graph.unfollowed, graph.cut) == ((ref(1), ref(2), ref(3)), (ref(2), ref(3)), False)


def test_a_walk_takes_no_more_than_it_may_and_says_so() -> None:
    graph = walk([ref(0)], Store({0: range(1, 100), 1: [200]}).parents_of, 5, most=10)
    assert len(graph.nodes) == 10
    assert graph.nodes == tuple(ref(number) for number in range(10))
    assert graph.cut
    assert walk([ref(1), ref(2), ref(3)], Store({}).parents_of, 5, most=2).cut


@given(edges_of, edges_of)
def test_joining_keeps_everything_in_one_order(first: dict[int, list[int]], second: dict[int, list[int]]) -> None:
    one = walk([ref(0)], Store(first).parents_of, 9)
    two = walk([ref(0)], Store(second).parents_of, 9)
    joined = one.joined(two)
    assert joined == two.joined(one)
    assert joined.nodes == tuple(sorted({*one.nodes, *two.nodes}, key=lambda node: node.name))
    assert set(joined.edges) == {*one.edges, *two.edges}
    assert Graph((), ()).joined(one) == one
