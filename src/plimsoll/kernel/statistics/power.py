"""How small a difference can be seen with so many rows, and how many rows a difference needs."""

import math
from collections.abc import Sequence
from typing import Final

from ._distributions import beta_quantile, normal_quantile, rising_root, student_quantile
from ._means import Groups
from ._paired import Changes, paired_changes
from ._shares import exact_lower_bound

_MOST_ROWS: Final = 1_000_000


def detectable_difference(spread: float, count: int, level: float = 0.95, power: float = 0.8) -> float:
    """The smallest true mean difference whose lower bound lies above 0 with a chance of `power`.

    `spread` is the standard deviation of the differences. `(t_level + t_power) * spread / sqrt(count)`, after Cohen
    1988, 2.4; with few rows a little more than the usual formula with the normal distribution says.
    Raises ValueError for fewer than 2 rows.
    """
    if count < 2:  # noqa: PLR2004  # one row has no spread
        msg = "one row shows no difference"
        raise ValueError(msg)
    sides = student_quantile(level, count - 1) + student_quantile(power, count - 1)
    return sides * spread / math.sqrt(count)


def rows_for_difference(spread: float, difference: float, level: float = 0.95, power: float = 0.8) -> int:
    """How many rows a mean difference needs so that it is seen with a chance of `power`; see `detectable_difference`.

    At most 1,000,000, which stands for "more than there are". Raises ValueError when `difference` is not positive.
    """
    _check_positive(difference)
    steps = (normal_quantile(level) + normal_quantile(power)) * spread / difference
    count = max(2, math.ceil(min(math.sqrt(_MOST_ROWS), steps) ** 2))
    while count < _MOST_ROWS and detectable_difference(spread, count, level, power) > difference:
        count += 1
    return count


def detectable_loss(
    differences: Sequence[float], groups: Groups | None = None, level: float = 0.95, power: float = 0.8
) -> float:
    """The smallest true mean loss that `paired_test` sees with a chance of `power`, with rows that vary like these.

    `level` is that of its interval, of which half lies on either side. Where nothing is lost rows vary by the share
    that changes, and by that less the squared loss where it is lost; at least as many rows change as are lost (Connor
    1987). Raises ValueError for fewer than 2 rows.
    """
    if len(differences) < 2:  # noqa: PLR2004  # one row has no spread
        msg = "one row shows no difference"
        raise ValueError(msg)
    found = paired_changes(differences, groups)
    rows = found.rows * len(differences)
    return found.largest * rising_root(lambda loss: loss - _steps(found, loss, level, power) / math.sqrt(rows))


def rows_for_loss(
    differences: Sequence[float], loss: float, groups: Groups | None = None, level: float = 0.95, power: float = 0.8
) -> int:
    """How many rows that vary like these show a mean loss with a chance of `power`; see `detectable_loss`.

    At most 1,000,000, which stands for "more than there are". Raises ValueError when `loss` is not positive.
    """
    _check_positive(loss)
    found = paired_changes(differences, groups)
    part = loss / found.largest
    return _rows(_steps(found, part, level, power) / part, found)


def rows_for_margin(
    differences: Sequence[float], room: float, groups: Groups | None = None, level: float = 0.95, power: float = 0.8
) -> int:
    """How many rows that vary like these put their mean's lower bound no more than `room` below the true mean.

    With a chance of `power`; see `rows_for_loss`. Raises ValueError when `room` is not positive.
    """
    _check_positive(room)
    found = paired_changes(differences, groups)
    spread = math.sqrt(max(0.0, found.share - found.mean * found.mean))
    sides = normal_quantile(level) + normal_quantile(power)
    return _rows(sides * spread * found.largest / room, found)


def _steps(found: Changes, loss: float, level: float, power: float) -> float:
    """How many standard errors of one row a loss must be: those of the test, and those of its power."""
    share = max(found.share, loss)
    missed = normal_quantile(power) * math.sqrt(max(0.0, share - loss * loss))
    return normal_quantile((1 + level) / 2) * math.sqrt(share) + missed


def _rows(steps: float, found: Changes) -> int:
    return math.ceil(min(_MOST_ROWS, max(2.0, min(math.sqrt(_MOST_ROWS), steps) ** 2 / found.rows)))


def _check_positive(difference: float) -> None:
    if difference <= 0:
        msg = "no number of rows shows that there is no difference"
        raise ValueError(msg)


def detectable_share(limit: float, count: int, level: float = 0.95, power: float = 0.8) -> float | None:
    """The true share whose exact lower bound reaches a limit with a chance of `power`; None when none does.

    With the fewest successes that pass, the share p at which P(successes or more | p) is `power`, exactly.
    """
    fewest = fewest_successes(limit, count, level)
    return None if fewest is None else beta_quantile(power, fewest, count - fewest + 1) if fewest else 0.0


def fewest_successes(limit: float, count: int, level: float = 0.95) -> int | None:
    """The fewest successes of `count` whose exact lower bound reaches a limit; None when not even all of them do."""
    low, high = 0, count + 1
    while low < high:
        middle = (low + high) // 2
        if middle <= count and exact_lower_bound(middle, count, level) < limit:
            low = middle + 1
        else:
            high = middle
    return low if low <= count else None


def rows_for_share(limit: float, share: float, level: float = 0.95, power: float = 0.8) -> int | None:
    """How many rows show with a chance of `power` that a true share lies above a limit; None when it does not.

    At most 1,000,000, which stands for "more than there are".
    """
    if share <= limit:
        return None

    def shows(count: int) -> bool:
        needed = detectable_share(limit, count, level, power)
        return needed is not None and needed <= share

    high = 1
    while high < _MOST_ROWS and not shows(high):
        high = min(_MOST_ROWS, high * 2)
    low = high // 2 + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if shows(middle) else (middle + 1, high)
    return low
