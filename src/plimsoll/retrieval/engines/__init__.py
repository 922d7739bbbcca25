"""What answers searches over a snapshot. Each engine is a projection of the same segments, pinned to one snapshot.

Here: what an engine is asked and what it answers. Behind doors of their own: the engines.
"""

from .._types import Candidates, Query
from ._errors import EngineMissingError

__all__ = ["Candidates", "EngineMissingError", "Query"]
