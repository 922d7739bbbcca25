"""Amounts of US dollars as whole numbers, so that sums are exact.

The unit is the picodollar (10⁻¹² USD): the cheapest published price, a cached token at 0.0025 USD a million, is 2,500
of them, and a 64-bit number holds nine million dollars.
"""

from typing import Final

PICO_PER_USD: Final = 10**12


def to_pico(usd: float) -> int:
    """The nearest whole number of picodollars. Exact for every cost that `to_usd` made."""
    return round(usd * PICO_PER_USD)


def to_usd(pico: int) -> float:
    """The amount in dollars."""
    return pico / PICO_PER_USD
