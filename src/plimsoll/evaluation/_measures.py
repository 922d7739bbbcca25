"""The figures of a run: of all its rows, and of each slice."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from plimsoll.kernel.statistics import Interval, mean_interval, number_interval

from ._types import Measure, ScoredRow
from .figures import FIGURES, Asked, Figure, Found
from .scorers import Scorer

_MOST_SLICES: Final = 100
"""Of more tags, those with the fewest rows have no figures, unless a threshold names them."""


def measure_rows(
    scorers: Sequence[Scorer],
    rows: Sequence[ScoredRow],
    *,
    figures: Sequence[Figure] = (),
    slices: Iterable[str] = (),
) -> tuple[Measure, ...]:
    """A mean for each scorer and every figure of a whole run, over all rows and over each slice; `slices` are a must.

    `figures` come beside those of every run. Rows that were asked several times count once in a mean, with that of
    their scores.
    """
    asked = (*FIGURES.values(), *figures)
    found = [*_of_slice(scorers, asked, rows, "")]
    for name in _slices(rows, slices):
        found += _of_slice(scorers, asked, [row for row in rows if name in row.row.tags], name)
    return tuple(found)


def _slices(rows: Sequence[ScoredRow], named: Iterable[str]) -> tuple[str, ...]:
    counted = Counter(tag for row in rows if not row.repeat for tag in row.row.tags)
    most = [tag for tag, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:_MOST_SLICES]]
    return tuple(sorted({*most, *(name for name in named if name)}))


def _of_slice(
    scorers: Sequence[Scorer], figures: Sequence[Figure], rows: Sequence[ScoredRow], name: str
) -> Iterator[Measure]:
    for scorer in scorers:
        yield _of_scorer(scorer, rows, name)
    for figure in figures:
        yield _of_figure(figure, rows, name)


def _of_scorer(scorer: Scorer, rows: Sequence[ScoredRow], slice_: str) -> Measure:
    by_row: dict[str, list[float]] = defaultdict(list)
    groups: dict[str, str] = {}
    missed: dict[str, str] = {}
    for row in rows:
        told = row.told.get(scorer.name)
        if row.observation.error:
            if scorer.applies(row.row):
                missed.setdefault(row.row.id, row.observation.error)
        elif told is not None and told.value is None:
            missed.setdefault(row.row.id, told.why)
        elif told is not None and told.value is not None:
            by_row[row.row.id].append(told.value)
            groups[row.row.id] = row.row.group or row.row.id
    why = "" if not missed else f"row {next(iter(missed))}: {next(iter(missed.values()))}"
    kinds = {"slice": slice_, "version": scorer.version, "unit": scorer.unit, "better": scorer.better, "why": why}
    values = tuple(math.fsum(scores) / len(scores) for scores in by_row.values())
    if not values:
        return Measure(scorer.name, None, 0, len(missed), **kinds)  # type: ignore[arg-type]  # each has its type
    together = tuple(groups.values()) if len(set(groups.values())) < len(groups) else None
    interval = mean_interval(values, groups=together) if scorer.unit == "share" else number_interval(values)
    return Measure(
        name=scorer.name,
        value=math.fsum(values) / len(values),
        count=len(values),
        missing=len(missed),
        low=_end(interval.low),
        high=_end(interval.high),
        slice=slice_,
        version=scorer.version,
        unit=scorer.unit,
        better=scorer.better,
        spread=_spread(values),
        noise=_noise(by_row),
        why=why,
        values=values,
        groups=together,
    )


def _of_figure(figure: Figure, rows: Sequence[ScoredRow], slice_: str) -> Measure:
    asked = [Asked(row.row, row.observation, row.scores, _missed(row)) for row in rows if not row.observation.error]
    failed = [row for row in rows if row.observation.error]
    missing = len({row.row.id for row in failed})
    count = len({one.row.id for one in asked})
    why = f"row {failed[0].row.id}: {failed[0].observation.error}" if failed else ""
    found = _found(figure, asked) if asked else None
    if found is None or found.value is None:
        why = why or (found.why if found is not None else "there are no rows")
        return Measure(
            figure.name, None, 0, missing, None, None, slice_, figure.version, figure.unit, figure.better, why=why
        )
    interval = found.interval or Interval(-math.inf, math.inf)
    return Measure(
        name=figure.name,
        value=found.value,
        count=count,
        missing=missing,
        low=_end(interval.low),
        high=_end(interval.high),
        slice=slice_,
        version=figure.version,
        unit=figure.unit,
        better=figure.better,
        why=why,
        values=found.values,
        bound=found.bound or (partial(figure.bound, found.values) if figure.bound else None),
    )


def _missed(row: ScoredRow) -> tuple[str, ...]:
    """The scorers that apply to a row and could not be measured."""
    return tuple(name for name, score in row.told.items() if score.value is None)


def _found(figure: Figure, asked: Sequence[Asked]) -> Found:
    try:
        return figure.of(asked)
    except Exception as error:  # noqa: BLE001  # a figure may be a plug-in: whatever it raises is one not measured
        return Found(None, why=f"{figure.name} failed: {type(error).__name__}: {error}")


def _end(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _spread(values: Sequence[float]) -> float | None:
    """The standard deviation of rows."""
    if len(values) < 2:  # noqa: PLR2004  # one row has no spread
        return None
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def _noise(by_row: Mapping[str, Sequence[float]]) -> float | None:
    """The standard deviation of the same row asked again, pooled over rows."""
    again = [scores for scores in by_row.values() if len(scores) > 1]
    if not again:
        return None
    squares = math.fsum((score - sum(scores) / len(scores)) ** 2 for scores in again for score in scores)
    return math.sqrt(squares / sum(len(scores) - 1 for scores in again))
