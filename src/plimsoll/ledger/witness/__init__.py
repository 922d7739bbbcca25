"""What the log says of rows in the moment in which something depends on them.

Verification reads the whole log and finds everything, but later; this asks for some entries alone, before an act.
"""

from ._store import Subtrees, Witness

__all__ = ["Subtrees", "Witness"]
