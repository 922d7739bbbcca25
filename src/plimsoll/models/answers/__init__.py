"""Answers that are given again to the same call, or to one that means the same.

Here: under which key an answer is kept, for how long, in memory and in a database of its own, how it is purged, and
when two questions may be taken for the same. Not here: which routes keep answers (`plimsoll.project`), and the
`Cache-Control` of a request (`plimsoll.api`).
"""

from ._cache import AnswerCache
from ._meaning import difference
from ._pieces import pieces
from ._similar import Similar
from ._store import AnswerStore
from ._types import Cached, Lifetimes, Scope

__all__ = ["AnswerCache", "AnswerStore", "Cached", "Lifetimes", "Scope", "Similar", "difference", "pieces"]
