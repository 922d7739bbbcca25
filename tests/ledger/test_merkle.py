from collections.abc import Callable, Sequence
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.ledger._errors import HeadInvalidError
from plimsoll.ledger._merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    perfect_root,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

# The published example tree of the certificate-transparency project.
EXAMPLE_LEAVES = [
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
EXAMPLE_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [b"leaf %d" % number for number in range(40)]


def _reference_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 §2.1, as written."""
    if len(leaves) <= 1:
        return sha256(b"\0" + leaves[0]).digest() if leaves else sha256(b"").digest()
    split = _reference_split(len(leaves))
    return sha256(b"\1" + _reference_root(leaves[:split]) + _reference_root(leaves[split:])).digest()


def _reference_split(count: int) -> int:
    split = 1
    while split * 2 < count:
        split *= 2
    return split


def _reference_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """RFC 6962 §2.1.1, as written."""
    if len(leaves) <= 1:
        return []
    split = _reference_split(len(leaves))
    if index < split:
        return [*_reference_path(index, leaves[:split]), _reference_root(leaves[split:])]
    return [*_reference_path(index - split, leaves[split:]), _reference_root(leaves[:split])]


def _reference_proof(old: int, leaves: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """RFC 6962 §2.1.2, as written."""
    if old == len(leaves):
        return [] if whole else [_reference_root(leaves)]
    split = _reference_split(len(leaves))
    if old <= split:
        return [*_reference_proof(old, leaves[:split], whole=whole), _reference_root(leaves[split:])]
    return [*_reference_proof(old - split, leaves[split:], whole=False), _reference_root(leaves[:split])]


def _subtrees(leaves: Sequence[bytes]) -> Callable[[int, int], bytes]:
    """A source of perfect subtrees that has no others."""

    def subtree(level: int, position: int) -> bytes:
        part = leaves[position << level : (position + 1) << level]
        assert len(part) == 1 << level, "asked for a subtree that is not perfect"
        return perfect_root([leaf_hash(each) for each in part])

    return subtree


ROOTS = [_reference_root(LEAVES[:size]) for size in range(len(LEAVES) + 1)]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_published_example(size: int) -> None:
    assert Frontier.empty().extend(EXAMPLE_LEAVES[:size]).root().hex() == EXAMPLE_ROOTS[size]


def test_leaves_and_nodes_are_hashed_apart() -> None:
    assert leaf_hash(b"\x20\x21").hex() == "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7"
    children = [leaf_hash(each) for each in EXAMPLE_LEAVES[2:4]]
    assert node_hash(*children).hex() == "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
    assert leaf_hash(children[0] + children[1]) != node_hash(*children)


def test_every_tree_up_to_forty_leaves_has_the_root_of_the_reference() -> None:
    frontier = Frontier.empty()
    for size, root in enumerate(ROOTS):
        assert frontier.root() == root == tree_root(size, _subtrees(LEAVES))
        assert frontier.size == size
        if size < len(LEAVES):
            frontier = frontier.append(LEAVES[size])


def test_every_proof_of_inclusion_is_that_of_the_reference_and_holds() -> None:
    subtree = _subtrees(LEAVES)
    for size in range(1, len(LEAVES) + 1):
        for index in range(size):
            proof = inclusion_proof(index, size, subtree)
            assert list(proof) == _reference_path(index, LEAVES[:size])
            assert verify_inclusion(leaf_hash(LEAVES[index]), index, size, proof, ROOTS[size])


def test_every_proof_of_consistency_is_that_of_the_reference_and_holds() -> None:
    subtree = _subtrees(LEAVES)
    for new in range(len(LEAVES) + 1):
        for old in range(new + 1):
            proof = consistency_proof(old, new, subtree)
            assert list(proof) == (_reference_proof(old, LEAVES[:new]) if old else [])
            assert verify_consistency(old, ROOTS[old], new, ROOTS[new], proof)


def test_no_proof_of_inclusion_holds_for_another_leaf_or_size_with_its_own_root() -> None:
    subtree = _subtrees(LEAVES)
    for size in range(1, 18):
        for index in range(size):
            proof = inclusion_proof(index, size, subtree)
            holding = [
                (leaf, place, other)
                for other in range(1, 18)
                for place in range(other)
                for leaf in range(size)
                if verify_inclusion(leaf_hash(LEAVES[leaf]), place, other, proof, ROOTS[other])
            ]
            assert holding == [(index, index, size)]


def test_a_proof_does_not_hold_between_trees_of_which_one_was_rewritten() -> None:
    for rewritten in range(8):
        changed = [*LEAVES]
        changed[rewritten] = b"another"
        for old in range(rewritten + 1, 20):
            for new in range(old, 20):
                proof = consistency_proof(old, new, _subtrees(changed))
                assert not verify_consistency(old, ROOTS[old], new, _reference_root(changed[:new]), proof)


@given(size=st.integers(1, 40), data=st.data())
@settings(max_examples=300)
def test_any_change_breaks_a_proof_of_inclusion(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, _subtrees(LEAVES))
    leaf, root = leaf_hash(LEAVES[index]), ROOTS[size]
    assert not verify_inclusion(_flipped(leaf, data), index, size, proof, root)
    assert not verify_inclusion(leaf, index, size, proof, _flipped(root, data))
    for other in data.draw(st.sets(st.integers(-2, 50))) - {index}:
        assert not verify_inclusion(leaf, other, size, proof, root)
    for changed in _changed(proof, data):
        assert not verify_inclusion(leaf, index, size, changed, root)


@given(new=st.integers(1, 40), data=st.data())
@settings(max_examples=300)
def test_any_change_breaks_a_proof_of_consistency(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    proof = consistency_proof(old, new, _subtrees(LEAVES))
    assert not verify_consistency(old, _flipped(ROOTS[old], data), new, ROOTS[new], proof)
    assert not verify_consistency(old, ROOTS[old], new, _flipped(ROOTS[new], data), proof)
    for other in data.draw(st.sets(st.integers(-2, 40))) - {old}:
        assert not verify_consistency(other, ROOTS[old], new, ROOTS[new], proof)
    for changed in _changed(proof, data):
        assert not verify_consistency(old, ROOTS[old], new, ROOTS[new], changed)


def _flipped(value: bytes, data: st.DataObject) -> bytes:
    place, flip = data.draw(st.integers(0, len(value) - 1)), data.draw(st.integers(1, 255))
    return value[:place] + bytes([value[place] ^ flip]) + value[place + 1 :]


def _changed(proof: Sequence[bytes], data: st.DataObject) -> list[Sequence[bytes]]:
    longer = [[*proof, bytes(32)], [bytes(32), *proof], [*proof, b""]]
    if not proof:
        return [*longer]
    place = data.draw(st.integers(0, len(proof) - 1))
    changed = [*proof[:place], _flipped(proof[place], data), *proof[place + 1 :]]
    cut = [*proof[:place], proof[place][:-1], *proof[place + 1 :]]
    swapped = [[*reversed(proof)]] if len(proof) > 1 else []
    return [*longer, changed, cut, proof[:-1], proof[1:], *swapped]


def test_a_byte_moved_from_one_hash_to_its_neighbour_breaks_a_proof() -> None:
    subtree = _subtrees(LEAVES)
    leaf, (first, *rest) = leaf_hash(LEAVES[0]), inclusion_proof(0, 8, subtree)
    assert verify_inclusion(leaf, 0, 8, [first, *rest], ROOTS[8])
    assert not verify_inclusion(leaf[:-1], 0, 8, [leaf[-1:] + first, *rest], ROOTS[8])
    one, two, *others = consistency_proof(6, 8, subtree)
    assert verify_consistency(6, ROOTS[6], 8, ROOTS[8], [one, two, *others])
    assert not verify_consistency(6, ROOTS[6], 8, ROOTS[8], [one + two[:1], two[1:], *others])
    moved = [ROOTS[4][:-1], ROOTS[4][-1:] + subtree(2, 1)]
    assert not verify_consistency(4, moved[0], 8, ROOTS[8], moved[1:])


def test_an_empty_old_tree_is_the_beginning_of_every_tree_and_needs_no_proof() -> None:
    assert verify_consistency(0, EMPTY_ROOT, 5, ROOTS[5], ())
    assert verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, ())
    assert not verify_consistency(0, ROOTS[1], 5, ROOTS[5], ())
    assert not verify_consistency(0, ROOTS[1], 0, ROOTS[1], ())
    assert not verify_consistency(0, EMPTY_ROOT, 5, ROOTS[5], (ROOTS[1],))


def test_trees_of_one_size_are_consistent_only_when_they_are_the_same() -> None:
    assert verify_consistency(7, ROOTS[7], 7, ROOTS[7], ())
    assert not verify_consistency(7, ROOTS[7], 7, ROOTS[8], ())
    assert not verify_consistency(7, ROOTS[7], 7, ROOTS[7], (ROOTS[7],))


def test_an_older_tree_is_not_consistent_with_a_shorter_one() -> None:
    assert not verify_consistency(8, ROOTS[8], 7, ROOTS[7], consistency_proof(7, 8, _subtrees(LEAVES)))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 3), (3, 3), (0, -1)])
def test_a_proof_for_a_leaf_that_is_not_there_is_a_mistake(index: int, size: int) -> None:
    with pytest.raises(ValueError, match=f"a tree of {size} leaves has no leaf {index}"):
        inclusion_proof(index, size, _subtrees(LEAVES))


@pytest.mark.parametrize(("old", "new"), [(1, 0), (5, 4), (-1, 3), (-2, -1)])
def test_a_proof_from_a_longer_to_a_shorter_tree_is_a_mistake(old: int, new: int) -> None:
    with pytest.raises(ValueError, match=f"a tree of {new} leaves cannot begin with a tree of {old} leaves"):
        consistency_proof(old, new, _subtrees(LEAVES))


def test_a_tree_of_less_than_no_leaves_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="cannot have -1 leaves"):
        tree_root(-1, _subtrees(LEAVES))


@pytest.mark.parametrize("count", [0, 3, 6])
def test_only_a_power_of_two_of_nodes_makes_a_perfect_subtree(count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} nodes do not make"):
        perfect_root([bytes(32)] * count)


@given(parts=st.lists(st.integers(0, 700), max_size=4))
@settings(max_examples=30)
def test_leaves_in_any_portions_make_the_same_tree_and_complete_the_same_subtrees(parts: list[int]) -> None:
    leaves = [b"%d" % number for number in range(sum(parts))]
    whole, piecewise = Frontier.empty(), Frontier.empty()
    tiles: list[tuple[int, int, bytes]] = []
    again: list[tuple[int, int, bytes]] = []
    whole = whole.extend(leaves, lambda *tile: tiles.append(tile))
    start = 0
    for count in parts:
        piecewise = piecewise.extend(iter(leaves[start : start + count]), lambda *tile: again.append(tile))
        start += count
    assert piecewise == whole
    assert again == tiles
    assert [(level, position) for level, position, _ in tiles] == [(8, each) for each in range(len(leaves) // 256)]
    assert all(root == _subtrees(leaves)(level, position) for level, position, root in tiles)


def test_one_leaf_can_complete_subtrees_of_several_levels_lower_first() -> None:
    tiles: list[tuple[int, int, bytes]] = []
    frontier = Frontier.empty().extend([b"x"] * (2**16 - 1), lambda *tile: tiles.append(tile))
    assert [tile[:2] for tile in tiles] == [(8, position) for position in range(255)]
    last: list[tuple[int, int, bytes]] = []
    frontier = frontier.append(b"x", lambda *tile: last.append(tile))
    assert [tile[:2] for tile in last] == [(8, 255), (16, 0)]
    assert last[1][2] == frontier.root() == perfect_root([tile[2] for tile in [*tiles, last[0]]])


@given(st.integers(0, 600))
@settings(max_examples=40)
def test_a_frontier_survives_its_text(size: int) -> None:
    frontier = Frontier.empty().extend([b"x"] * size)
    assert Frontier.from_text(frontier.to_text()) == frontier


def test_the_text_of_a_frontier_is_its_size_and_hashes() -> None:
    assert Frontier.empty().to_text() == "0"
    frontier = Frontier.empty().extend(EXAMPLE_LEAVES[:3])
    assert frontier.to_text() == f"3 {EXAMPLE_ROOTS[2]} {leaf_hash(EXAMPLE_LEAVES[2]).hex()}"


HEX = "ab" * 32


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "00",
        "-1",
        "1",
        f"0 {HEX}",
        f"1 {HEX} {HEX}",
        f"3 {HEX}",
        f"01 {HEX}",
        f"1  {HEX}",
        f"1 {HEX} ",
        f"1 {HEX}\n",
        f"1 {HEX.upper()}",
        f"1 {HEX[:-2]}",
        f"1 {HEX}ab",
        f"٣ {HEX} {HEX}",
    ],
)
def test_a_broken_head_is_refused(text: str) -> None:
    with pytest.raises(HeadInvalidError, match="the stored head of the ledger is broken"):
        Frontier.from_text(text)


def test_a_frontier_is_made_only_of_hashes_that_fit_its_size() -> None:
    with pytest.raises(ValueError, match="does not consist of"):
        Frontier(2, (bytes(32), bytes(32)))
    with pytest.raises(ValueError, match="has 32 bytes"):
        Frontier(2, (bytes(31),))
