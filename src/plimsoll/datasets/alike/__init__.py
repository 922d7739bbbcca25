"""Questions that are the same, nearly the same, or stand in a larger text.

Here: the normal form of a text, pairs of near-duplicates, what stands word by word in something else, and leaving
duplicates out. Not here: near-duplicates among documents (`plimsoll.documents.similar`).
"""

from ._inside import Inside
from ._near import NEAR, Pair, near_pairs
from ._normal import normal_text, numbers_of
from ._unique import Unique, without_duplicates

__all__ = [
    "NEAR",
    "Inside",
    "Pair",
    "Unique",
    "near_pairs",
    "normal_text",
    "numbers_of",
    "without_duplicates",
]
