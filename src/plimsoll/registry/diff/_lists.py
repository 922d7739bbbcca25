"""Which element of one list is which element of another: by name where elements have names, else by content."""

from bisect import bisect_left
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from plimsoll.kernel.digest import Json, canonical_json

from ._types import Named, Step

NAMES = ("id", "name", "check", "path")
"""What elements of lists are told apart by: the first of these that every element has, and no two share."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An element that stands in both lists, by its places from 0."""

    step: Step
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two lists, element by element."""

    kept: tuple[Kept, ...]
    """In the order of the new list."""
    removed: tuple[tuple[Step, int], ...]
    added: tuple[tuple[Step, int], ...]

    def moved(self) -> tuple[Kept, ...]:
        """The fewest kept elements whose moving explains the new order.

        They are those outside a longest increasing subsequence of the old places (Fredman 1975), so that nothing moves
        because something before it came or went.
        """
        still = _longest_rise([kept.old for kept in self.kept])
        return tuple(kept for place, kept in enumerate(self.kept) if place not in still)


def pair(old: Sequence[Json], new: Sequence[Json], names: Sequence[str] = NAMES) -> Pairing:
    """Find each element again."""
    key = next((name for name in names if _tells_apart(name, old) and _tells_apart(name, new)), None)
    return _by_content(old, new) if key is None else _by_name(key, old, new)


def same(before: Json, after: Json) -> bool:
    """Whether two values are the same content: 1 and 1.0 are, 1 and true are not."""
    return before is after or canonical_json(before) == canonical_json(after)


def is_mapping(value: Json) -> TypeGuard[Mapping[str, Json]]:
    """Whether a value is a JSON object."""
    return isinstance(value, Mapping)


def is_list(value: Json) -> TypeGuard[Sequence[Json]]:
    """Whether a value is a JSON array."""
    return isinstance(value, Sequence) and not isinstance(value, str)


def _tells_apart(key: str, elements: Sequence[Json]) -> bool:
    found = [element.get(key) if is_mapping(element) else None for element in elements]
    texts = {name for name in found if isinstance(name, str)}
    return len(texts) == len(elements)


def _by_name(key: str, old: Sequence[Json], new: Sequence[Json]) -> Pairing:
    before, after = _places(key, old), _places(key, new)
    return Pairing(
        kept=tuple(Kept(step, before[step], place) for step, place in after.items() if step in before),
        removed=tuple((step, place) for step, place in before.items() if step not in after),
        added=tuple((step, place) for step, place in after.items() if step not in before),
    )


def _places(key: str, elements: Sequence[Json]) -> dict[Named, int]:
    return {Named(key, str(element[key])): place for place, element in enumerate(elements) if is_mapping(element)}


def _by_content(old: Sequence[Json], new: Sequence[Json]) -> Pairing:
    """Equal elements first; of the others, those with something inside are compared where their places are the same."""
    waiting: dict[bytes, deque[int]] = {}
    for place, element in enumerate(old):
        waiting.setdefault(canonical_json(element), deque()).append(place)
    partner: dict[int, int] = {}
    for place, element in enumerate(new):
        if equals := waiting.get(canonical_json(element)):
            partner[place] = equals.popleft()
    left = {place for places in waiting.values() for place in places}
    for place in sorted(left):
        if place < len(new) and place not in partner and _comparable(old[place], new[place]):
            partner[place] = place
            left.discard(place)
    return Pairing(
        kept=tuple(Kept(partner[place], partner[place], place) for place in sorted(partner)),
        removed=tuple((place, place) for place in sorted(left)),
        added=tuple((place, place) for place in range(len(new)) if place not in partner),
    )


def _comparable(before: Json, after: Json) -> bool:
    if isinstance(before, str) and isinstance(after, str):
        return "\n" in before or "\n" in after
    return (is_mapping(before) and is_mapping(after)) or (is_list(before) and is_list(after))


def _longest_rise(values: Sequence[int]) -> set[int]:
    """The places of a longest increasing subsequence."""
    ends: list[int] = []
    places: list[int] = []
    previous: list[int | None] = []
    for place, value in enumerate(values):
        length = bisect_left(ends, value)
        previous.append(places[length - 1] if length else None)
        if length == len(ends):
            ends.append(value)
            places.append(place)
        else:
            ends[length], places[length] = value, place
    chosen: set[int] = set()
    at = places[-1] if places else None
    while at is not None:
        chosen.add(at)
        at = previous[at]
    return chosen
