"""Figures of a whole run: what is not a mean of what a scorer says of each row.

Here: what a figure is, those that every run has (`FIGURES`), those that a suite chooses (`CHOSEN`), and making one by
its name. One figure, or one family of figures, a file.
"""

from ._catalogue import CHOSEN, FIGURES, make_figure
from ._types import Asked, Bound, Figure, FigureEntry, Found

__all__ = ["CHOSEN", "FIGURES", "Asked", "Bound", "Figure", "FigureEntry", "Found", "make_figure"]
