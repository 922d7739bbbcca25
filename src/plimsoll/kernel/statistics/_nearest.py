"""Intervals of a share of few rows whose coverage is as near to nominal as that of any interval can be.

An interval that is the same for as many right rows accepts, of each true share, some whole numbers; without gaps they
are `a` to `b`. Here those are chosen along a grid of true shares so that together they come nearest to the nominal
coverage, and neither end ever falls while the share rises (a shortest path; in the sense of Schilling and Doi 2014).
"""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Final

from ._shares import Interval, mid_p_interval

FEWEST: Final = 10
"""Of fewer rows hardly any share can come near; mid-P errs on the side of too much."""
MOST: Final = 200
"""From more rows on the mid-P interval is within 1.5 points of nominal by itself."""
_STEPS: Final = 200
_HALF: Final = 0.25 / _STEPS
"""Half a step: every share lies in the range of the nearest step."""
_NEAR: Final = 0.015
_FAR: Final = 10.0
"""What a share costs whose coverage is farther off than 1.5 points, beside how far off it is."""
_UNEVEN: Final = 0.05
"""What it costs that more lies on one side than on the other: of equally near ranges the even one is chosen."""
_WIDENING: Final = (0.02, 0.05, 0.1, 0.2, 1.0)
"""Ranges whose coverage is farther off are not looked at, unless none is nearer."""

_Range = tuple[int, int]
_Way = tuple[float, _Range]
"""What a way costs until here, and the range before this one."""
_Reached = dict[_Range, _Way]
_NO_WAY: Final[_Way] = (math.inf, (0, 0))


def nearest_interval(successes: int, count: int, level: float) -> Interval:
    """The interval for so many successes of 10 to 200 rows; its ends lie on a grid of 1/400.

    That of mid-P where no path of ranges leads from one end to the other, as for levels that nobody asks for.
    """
    ends = _ends(count, level)
    return Interval(*ends[successes]) if ends else mid_p_interval(successes, count, level)


@lru_cache(1024)
def _ends(count: int, level: float) -> Sequence[tuple[float, float]]:
    """From where to where each number of successes is accepted; nothing where that cannot be said."""
    ranges = _path(count, level)
    if not ranges:
        return ()
    shares = [step / _STEPS / 2 for step in range(1, _STEPS + 1)]
    both = [*zip(shares, ranges, strict=True)]
    both += [(1.0 - share, (count - high, count - low)) for share, (low, high) in reversed(both)]
    ends = [[1.0, 0.0] for _ in range(count + 1)]
    for share, (first, last) in both:
        for right in range(first, last + 1):
            ends[right] = [min(ends[right][0], share - _HALF), max(ends[right][1], share + _HALF)]
    ends[0][0], ends[count][1] = 0.0, 1.0
    return [(min(low, at / count), max(high, at / count)) for at, (low, high) in enumerate(ends)]


def _path(count: int, level: float) -> list[_Range]:
    """The range of each share up to one half: that above it is its mirror."""
    steps: list[_Reached] = []
    before: _Reached = {(0, 0): (0.0, (0, 0))}
    for step in range(1, _STEPS + 1):
        found = _reached([*_ranges(step / _STEPS / 2, count, level)], before, count)
        if not found:
            return []
        steps.append(found)
        before = found
    # One half is its own mirror, so its range should be so too.
    at = min(before, key=lambda one: (sum(one) != count, before[one][0]))
    path = [at]
    for found in reversed(steps[1:]):
        at = found[at][1]
        path.append(at)
    return path[::-1]


def _reached(wanted: Sequence[tuple[float, int, int]], before: _Reached, count: int) -> _Reached:
    """The wanted ranges, which come in the order of their first numbers, each with the cheapest way to it."""
    found: _Reached = {}
    origins = sorted(before)
    # The cheapest origin by its last number, of those whose first number is small enough; and of all up to a last one.
    by_last: list[_Way] = [_NO_WAY] * (count + 1)
    up_to_last: list[_Way] = []
    used, at = 0, -1
    for cost, first, last in wanted:
        if first != at:
            at = first
            while used < len(origins) and origins[used][0] <= first:
                origin = origins[used]
                by_last[origin[1]] = min(by_last[origin[1]], (before[origin][0], origin))
                used += 1
            up_to_last = [*accumulate(by_last, min)]
        so_far, origin = up_to_last[last]
        if so_far < math.inf:
            found[first, last] = (so_far + cost, origin)
    return found


def _ranges(share: float, count: int, level: float) -> Iterator[tuple[float, int, int]]:
    """The ranges of a share that may be accepted, each with what it costs."""
    up_to = _cumulative(share, count)
    wide = next(some for far in _WIDENING if (some := [*_within(up_to, count, level, far)]))
    for first, last, covers in wide:
        off = abs(covers - level)
        uneven = abs(up_to[first] - (1.0 - up_to[last + 1]))
        yield off + _UNEVEN * uneven + _FAR * (off > _NEAR), first, last


def _within(up_to: Sequence[float], count: int, level: float, farthest: float) -> Iterator[tuple[int, int, float]]:
    for first in range(count + 1):
        if up_to[first] > 1.0 - level + farthest:
            return
        for last in range(first, count - first + 1):
            covers = up_to[last + 1] - up_to[first]
            if covers > level + farthest:
                break
            if covers >= level - farthest:
                yield first, last, covers


def _cumulative(share: float, count: int) -> Sequence[float]:
    found = [0.0]
    chance = math.exp(count * math.log1p(-share))
    for right in range(count + 1):
        found.append(found[-1] + chance)
        chance *= (count - right) / (right + 1) * share / (1.0 - share)
    return found
