"""Comparing two runs: every measure, over all rows and over each slice."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from plimsoll.kernel.statistics import holm

from .._types import Threshold
from ._figures import figure_difference
from ._pairs import Aligned, Pair, align
from ._scores import score_difference
from ._side import Side
from ._types import CaseChange, Comparison, Difference

_MOST_SLICES: Final = 30
"""Of more tags, those with the fewest rows are not compared, unless a threshold names them."""
_SMALLEST: Final = 1e-12
"""Scores that differ by less are the same number, added up in another order."""


def compare(old: Side, new: Side, *, thresholds: Sequence[Threshold] = (), level: float = 0.95) -> Comparison:
    """Compare a newer run with an older one, row by row.

    What `thresholds` name is primary. All primary differences are corrected for one another (Holm), and all others for
    one another; looking at more slices makes no primary difference less certain.
    """
    aligned = align(old, new)
    primary = {(one.measure, one.slice) for one in thresholds}
    found = [
        replace(one, is_primary=(one.measure, one.slice) in primary)
        for one in _all((old, new), aligned, primary, level)
    ]
    return Comparison(
        old=old.subject,
        new=new.subject,
        level=level,
        rows=len(aligned.pairs),
        differences=tuple(_judged(found, level)),
        cases=_cases(aligned.pairs, new),
        only_old=aligned.only_old,
        only_new=aligned.only_new,
        changed=aligned.changed,
        same_dataset=old.dataset == new.dataset,
        old_run=old.run,
    )


def _all(
    sides: tuple[Side, Side], aligned: Aligned, primary: Collection[tuple[str, str]], level: float
) -> Iterator[Difference]:
    old, new = sides
    named = {slice_ for _, slice_ in primary if slice_}
    for slice_ in ("", *_slices(aligned.pairs, named)):
        pairs = [pair for pair in aligned.pairs if not slice_ or slice_ in pair.row.tags]
        for name in dict.fromkeys((*new.kinds, *old.kinds)):
            # Figures are drawn again thousands of times, so of slices only those that somebody asked for.
            if name not in new.figures or not slice_ or (name, slice_) in primary:
                yield replace(_one(name, sides, pairs, level), slice=slice_)


def _one(name: str, sides: tuple[Side, Side], pairs: Sequence[Pair], level: float) -> Difference:
    before, after = (side.kinds.get(name) for side in sides)
    if before is None or after is None:
        which = "older" if before is None else "newer"
        return Difference(name, why=f"the {which} run has no such measure")
    if before != after:
        why = f"it is version {after.version} now and was version {before.version}: score the older answers again"
        return Difference(name, unit=after.unit, better=after.better, why=why)
    figure = sides[1].figures.get(name)
    if figure is not None:
        return figure_difference(figure, pairs, level)
    return score_difference(name, after, pairs, level)


def _slices(pairs: Sequence[Pair], named: Iterable[str]) -> tuple[str, ...]:
    counted = Counter(tag for pair in pairs for tag in pair.row.tags)
    most = [tag for tag, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:_MOST_SLICES]]
    return tuple(sorted({*most, *named}))


def _judged(found: Sequence[Difference], level: float) -> Iterator[Difference]:
    """With the correction, and what it says then."""
    adjusted: dict[int, float] = {}
    for is_primary in (True, False):
        family = [(at, one.p_value) for at, one in enumerate(found) if one.is_primary == is_primary]
        tested = [(at, chance) for at, chance in family if chance is not None]
        adjusted |= dict(zip((at for at, _ in tested), holm([chance for _, chance in tested]), strict=True))
    for at, one in enumerate(found):
        if at not in adjusted or one.gain is None:
            yield one
        elif adjusted[at] < 1 - level and one.gain != 0:
            yield replace(one, adjusted=adjusted[at], says="better" if one.gain > 0 else "worse")
        else:
            yield replace(one, adjusted=adjusted[at], says="no difference seen")


def _cases(pairs: Sequence[Pair], new: Side) -> tuple[CaseChange, ...]:
    found = [case for pair in pairs if (case := _case(pair, new)) is not None]
    return tuple(sorted(found, key=lambda case: case.gain))


def _case(pair: Pair, new: Side) -> CaseChange | None:
    names = [name for name in new.kinds if name not in new.figures]
    scores = {name: told for name in names if isinstance(told := pair.scores(name), tuple)}
    changed = {name: told for name, told in scores.items() if abs(told[1] - told[0]) > _SMALLEST}
    if not changed:
        return None
    signs = {name: 1.0 if new.kinds[name].better == "more" else -1.0 for name in changed}
    gains = {name: signs[name] * (after - before) for name, (before, after) in changed.items()}
    return CaseChange(
        row=pair.row.id,
        question=pair.row.question,
        old_answer=pair.old[0].observation.answer,
        new_answer=pair.new[0].observation.answer,
        old={name: before for name, (before, _) in changed.items()},
        new={name: after for name, (_, after) in changed.items()},
        better_in=tuple(name for name, gain in gains.items() if gain > 0),
        worse_in=tuple(name for name, gain in gains.items() if gain < 0),
        gain=sum(gain for name, gain in gains.items() if new.kinds[name].unit == "share"),
    )
