"""The structural diff: what differs between two values, and where."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from plimsoll.kernel.digest import Json

from ._collections import Collection
from ._lists import NAMES, Kept, is_list, is_mapping, pair, same
from ._types import Step, What

_DEEPEST = 40
"""Below this depth a value is told as a whole."""

Path = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A change without its words."""

    path: Path
    what: What
    before: Json
    after: Json
    element: Json = None
    """What moved."""


def differences(old: Json, new: Json, collection: Collection | None) -> Iterator[Difference]:
    """Everything that differs, in the order of the content's keys; elements of the collection as wholes."""
    yield from _values(old, new, (), collection)


def _values(old: Json, new: Json, path: Path, collection: Collection | None) -> Iterator[Difference]:
    if same(old, new):
        return
    if len(path) < _DEEPEST and is_mapping(old) and is_mapping(new):
        yield from _mappings(old, new, path, collection)
    elif len(path) < _DEEPEST and is_list(old) and is_list(new):
        yield from _lists(old, new, path, collection)
    else:
        yield Difference(path, "changed", old, new)


def _mappings(
    old: Mapping[str, Json], new: Mapping[str, Json], path: Path, collection: Collection | None
) -> Iterator[Difference]:
    for key in sorted(old.keys() | new.keys()):
        if key not in new:
            yield Difference((*path, key), "removed", old[key], None)
        elif key not in old:
            yield Difference((*path, key), "added", None, new[key])
        else:
            yield from _values(old[key], new[key], (*path, key), collection)


def _lists(old: Sequence[Json], new: Sequence[Json], path: Path, collection: Collection | None) -> Iterator[Difference]:
    whole = collection is not None and path == (collection.field,)
    pairing = pair(old, new, collection.names if collection is not None and whole else NAMES)
    moved: set[Kept] = set(pairing.moved())
    for step, place in pairing.removed:
        yield Difference((*path, step), "removed", old[place], None)
    for kept in pairing.kept:
        before, after = old[kept.old], new[kept.new]
        if kept in moved:
            yield Difference((*path, kept.step), "moved", kept.old + 1, kept.new + 1, element=after)
        if not whole:
            yield from _values(before, after, (*path, kept.step), collection)
        elif not same(before, after):
            yield Difference((*path, kept.step), "changed", before, after)
    for step, place in pairing.added:
        yield Difference((*path, step), "added", None, new[place])
