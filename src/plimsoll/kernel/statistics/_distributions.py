"""The few distribution functions that intervals need, without a library of 170 MB."""

import math
from collections.abc import Callable
from functools import cache
from statistics import NormalDist
from typing import Final

_NORMAL: Final = NormalDist()
_TINY: Final = 1e-300
_ENOUGH: Final = 1e-15
_MOST_STEPS: Final = 200
_NEAR: Final = 1e-14
_HALVED_EVERY: Final = 4
_MOST_TERMS: Final = 100_000


def normal_cdf(value: float) -> float:
    """The share of a standard normal distribution that lies below a value."""
    return _NORMAL.cdf(value)


def normal_quantile(share: float) -> float:
    """The value below which a share (between 0 and 1) of a standard normal distribution lies."""
    return _NORMAL.inv_cdf(share)


def beta_cdf(value: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_value(a, b), a and b positive.

    By its continued fraction (DLMF 8.17.22) with Lentz's method, on the side where it converges fast.
    """
    if value <= 0:
        return 0.0
    if value >= 1:
        return 1.0
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(value) + b * math.log1p(-value)
    if value < (a + 1) / (a + b + 2):
        return math.exp(log_front) * _fraction(value, a, b) / a
    return 1.0 - math.exp(log_front) * _fraction(1.0 - value, b, a) / b


def _fraction(value: float, a: float, b: float) -> float:
    c, d = 1.0, 1.0 / _not_zero(1.0 - (a + b) * value / (a + 1))
    found = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * value / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1.0 / _not_zero(1.0 + even * d), _not_zero(1.0 + even / c)
        found *= d * c
        odd = -(a + m) * (a + b + m) * value / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1.0 / _not_zero(1.0 + odd * d), _not_zero(1.0 + odd / c)
        step = d * c
        found *= step
        if abs(step - 1.0) < _ENOUGH:
            break
    return found


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def beta_quantile(share: float, a: float, b: float) -> float:
    """The value at which `beta_cdf` is a share from 0 to 1."""
    return rising_root(lambda value: beta_cdf(value, a, b) - share)


@cache
def student_quantile(share: float, degrees: float) -> float:
    """The value below which a share (between 0 and 1) of Student's t distribution lies."""
    if share < 0.5:  # noqa: PLR2004  # the distribution is the same on both sides of its middle
        return -student_quantile(1.0 - share, degrees)
    part = beta_quantile(2.0 * (1.0 - share), degrees / 2.0, 0.5)
    return math.sqrt(degrees * (1.0 - part) / part) if part > 0 else math.inf


def binomial_at_least(successes: int, count: int, share: float) -> float:
    """The chance of at least so many successes in `count` trials that succeed with a chance of `share`."""
    if successes <= 0:
        return 1.0
    return beta_cdf(share, successes, count - successes + 1) if successes <= count else 0.0


def rising_root(rule: Callable[[float], float]) -> float:
    """Where a rising function of the numbers from 0 to 1 becomes 0: by false position (Illinois), mixed with halving.

    A function that is below 0 everywhere has its root at 1, and one that is above 0 at 0.
    """
    low, high = 0.0, 1.0
    at_low, at_high = rule(low), rule(high)
    if at_low >= 0 or at_high <= 0:
        return low if at_low >= 0 else high
    middle, was_below = low, None
    for step in range(_MOST_STEPS):
        before, middle = middle, (low + high) / 2
        if step % _HALVED_EVERY:
            middle = low + (high - low) * at_low / (at_low - at_high)
        at_middle = rule(middle)
        is_below = at_middle < 0
        if is_below:
            low, at_low = middle, at_middle
        else:
            high, at_high = middle, at_middle
        if at_middle == 0 or abs(middle - before) < _NEAR:
            break
        if is_below == was_below:  # the other end is stuck, so it is believed less
            at_low, at_high = (at_low, at_high / 2) if is_below else (at_low / 2, at_high)
        was_below = is_below
    return middle
