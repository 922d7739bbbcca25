"""What there is too little of to say anything."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from .._types import SPLITS, Row
from ..alike import normal_text
from ._types import Around, Finding

_FEW: Final = 20
"""Of fewer rows a share is known to no better than 20 points."""
_RARE: Final = 5
_LEAST: Final = 20
_MOST_CLASSES: Final = 0.1
"""Answers of which there are fewer than this share of the rows are classes, and not texts."""


def balance(rows: Sequence[Row], around: Around) -> Iterator[Finding]:
    """Slices without rows, classes and slices that are too small, splits and labels that are missing."""
    if len(rows) == 1:
        yield Finding("one_row", "wrong", "there is one row, of which nothing can be concluded", (rows[0].id,))
    tags = Counter(tag for row in rows for tag in dict.fromkeys(row.tags))
    if empty := sorted(around.slices - set(tags)):
        what = f"slices with limits of their own that no row belongs to: {', '.join(empty)}"
        yield Finding("empty_slice", "wrong", what, (), "add rows with these tags, or take the limits away")
    if small := sorted(tag for tag, count in tags.items() if count < _FEW):
        what = f"slices with fewer than {_FEW} rows: {', '.join(f'{tag} ({tags[tag]})' for tag in small[:10])}"
        yield Finding("small_slice", "note", what, (), "their figures say little; see what intervals they get")
    yield from _classes(rows)
    yield from _labels(rows)
    yield from _splits(rows)


def _classes(rows: Sequence[Row]) -> Iterator[Finding]:
    """Of rows whose answers are few and come again and again, those that hardly ever do."""
    named = [(normal_text(row.answers[0]), row.id) for row in rows if row.answers]
    counts = Counter(name for name, _ in named)
    if len(named) < _LEAST or not 1 < len(counts) <= max(2, _MOST_CLASSES * len(named)):
        return
    rare = {name for name, count in counts.items() if count < _RARE}
    if rare:
        ids = tuple(id_ for name, id_ in named if name in rare)
        what = f"classes with fewer than {_RARE} rows: {', '.join(sorted(rare)[:10])}"
        yield Finding("rare_class", "wrong", what, ids, "add rows of them: no figure of theirs says anything")
    most, count = counts.most_common(1)[0]
    if count > 0.9 * len(named):  # nine in ten
        what = f"of {len(named)} rows {count} have the answer {most!r}: saying it always would score as much"
        yield Finding("one_class", "wrong", what, (), "add rows with other answers, or look at balanced accuracy")


def _labels(rows: Sequence[Row]) -> Iterator[Finding]:
    if without := tuple(row.id for row in rows if not row.labelled):
        what = "rows whose answer nobody wrote down: only measures that need none apply to them"
        yield Finding("unlabelled", "note", what, without, "add answers, or say that there is none")
    if all(row.answerable for row in rows):
        what = "no row asks what cannot be answered: refusing is not measured"
        yield Finding("no_unanswerable", "note", what, (), 'add rows with "answerable": false')


def _splits(rows: Sequence[Row]) -> Iterator[Finding]:
    counts = Counter(row.split for row in rows)
    if counts[""] and len(counts) > 1:
        ids = tuple(row.id for row in rows if not row.split)
        yield Finding("without_split", "wrong", "rows without a split, where others have one", ids, "divide them too")
    named = [split for split in SPLITS if counts[split]]
    if len(named) < 2:  # noqa: PLR2004  # nothing to compare
        return
    for split in named:
        sides = {row.answerable for row in rows if row.split == split}
        if len(sides) == 1 and len({row.answerable for row in rows}) > 1:
            which = "answerable" if True in sides else "unanswerable"
            yield Finding("one_sided_split", "wrong", f"all rows of {split} are {which}, and those of others are not")
