"""Two contents of one kind become a diff."""

from collections.abc import Sequence

from plimsoll.kernel.digest import Json

from ._collections import Collection, collection_of, only_renumbered
from ._lists import is_list, is_mapping
from ._rules import loosens
from ._text import is_prose, text_diff
from ._tree import Difference, differences
from ._types import Change, Count, VersionDiff
from ._words import sentence


def diff_versions(kind: str, old: Json, new: Json) -> VersionDiff:
    """What changed from one content to another of the same kind of artifact.

    Empty exactly when both are the same content. Of the rows of a dataset and the segments of an index only the first
    few of each sort of change are told, and `counts` says how many there are.
    """
    collection = collection_of(kind, old, new)
    found = list(differences(old, new, collection))
    counts: tuple[Count, ...] = ()
    if collection is not None:
        found, counts = _settle(found, collection, old, new)
    return VersionDiff(
        kind=kind,
        changes=tuple(_change(difference, collection) for difference in found),
        counts=counts,
        texts=tuple(
            text_diff(difference.path, difference.before, difference.after)
            for difference in found
            if _is_text(difference, collection)
        ),
    )


def _change(difference: Difference, collection: Collection | None) -> Change:
    return Change(
        path=difference.path,
        what=difference.what,
        before=difference.before,
        after=difference.after,
        sentence=sentence(difference, collection),
        loosens=loosens(difference),
    )


def _is_text(difference: Difference, collection: Collection | None) -> bool:
    if difference.what == "moved" or (collection is not None and difference.path[:1] == (collection.field,)):
        return False
    return is_prose(difference.path, difference.before, difference.after)


def _settle(
    found: Sequence[Difference], collection: Collection, old: Json, new: Json
) -> tuple[list[Difference], tuple[Count, ...]]:
    """Count the changes of the collection, and keep as many of each sort as are to be told."""
    if not is_list(_elements(old, collection)) or not is_list(_elements(new, collection)):
        return list(found), ()
    mine = [difference for difference in found if _is_inside(difference, collection)]
    others = [difference for difference in found if not _is_inside(difference, collection)]
    mine = _with_renames(mine) if collection.noun == "document" else _without_renumbering(mine)
    told = _first_of_each(mine, collection.listed)
    return [*others, *told], (_count(mine, collection, new, len(mine) - len(told)),)


def _elements(content: Json, collection: Collection) -> Json:
    return content.get(collection.field) if is_mapping(content) else None


def _is_inside(difference: Difference, collection: Collection) -> bool:
    return difference.path[:1] == (collection.field,) and len(difference.path) > 1


def _without_renumbering(found: list[Difference]) -> list[Difference]:
    """Rows that only got another number are told when nothing else is to be told of rows."""
    real = [item for item in found if item.what != "changed" or not only_renumbered(item.before, item.after)]
    return real or found


def _with_renames(found: list[Difference]) -> list[Difference]:
    """A document that went while one with the same bytes came was renamed."""
    went = _by_bytes([item for item in found if item.what == "removed"])
    came = _by_bytes([item for item in found if item.what == "added"])
    renamed = {id(went[digest]): came[digest] for digest in went if digest in came}
    goals = {id(goal) for goal in renamed.values()}
    return [
        _renamed(item, renamed[id(item)]) if id(item) in renamed else item for item in found if id(item) not in goals
    ]


def _by_bytes(found: Sequence[Difference]) -> dict[str, Difference]:
    """Documents by everything but their path, where that is one document's alone."""
    groups: dict[str, list[Difference]] = {}
    for item in found:
        value = item.before if item.what == "removed" else item.after
        if is_mapping(value) and isinstance(digest := value.get("digest"), str) and digest:
            rest = {key: inner for key, inner in value.items() if key != "path"}
            groups.setdefault(f"{digest} {rest}", []).append(item)
    return {key: group[0] for key, group in groups.items() if len(group) == 1}


def _renamed(went: Difference, came: Difference) -> Difference:
    before, after = (value.get("path") if is_mapping(value) else None for value in (went.before, came.after))
    return Difference(went.path, "moved", before, after, element=came.after)


def _first_of_each(found: Sequence[Difference], listed: int | None) -> list[Difference]:
    if listed is None:
        return list(found)
    seen: dict[str, int] = {}
    told = []
    for item in found:
        seen[item.what] = seen.get(item.what, 0) + 1
        if seen[item.what] <= listed:
            told.append(item)
    return told


def _count(mine: Sequence[Difference], collection: Collection, new: Json, unlisted: int) -> Count:
    sorts = [item.what for item in mine]
    elements = _elements(new, collection)
    total = len(elements) if is_list(elements) else 0
    # An element can have moved and changed; it is one element that is not the same.
    touched = {item.path for item in mine if item.what in {"changed", "moved"}}
    return Count(
        noun=collection.field,
        added=sorts.count("added"),
        removed=sorts.count("removed"),
        changed=sorts.count("changed"),
        moved=sorts.count("moved"),
        same=total - sorts.count("added") - len(touched),
        unlisted=unlisted,
    )
