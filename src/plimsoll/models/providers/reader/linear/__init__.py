"""A linear model over scaled features: one row of weights for each outcome."""

from ._linear import Linear

__all__ = ["Linear"]
