"""Figures of a whole run: what is not a mean of what a scorer says of each row.

Here: what a figure is, and those that come with Plimsoll. One figure, or one family of figures, a file.
"""

from ._catalogue import FIGURES
from ._types import Asked, Figure, Found

__all__ = ["FIGURES", "Asked", "Figure", "Found"]
