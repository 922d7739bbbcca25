"""Parts of the rows for a cross-validation, so that rows of one group never stand on both sides."""

from collections.abc import Iterator, Sequence


def folds(groups: Sequence[object], count: int) -> Iterator[tuple[list[int], list[int]]]:
    """For each of `count` parts: the places of the rows to fit on, and of the rows to measure.

    Groups are dealt out in the order of their names. There are never more parts than groups.
    """
    names = sorted({str(group) for group in groups})
    count = min(count, len(names))
    for part in range(count):
        chosen = set(names[part::count])
        inside = [str(group) in chosen for group in groups]
        yield (
            [place for place, own in enumerate(inside) if not own],
            [place for place, own in enumerate(inside) if own],
        )
