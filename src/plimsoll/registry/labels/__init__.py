"""Labels: movable names for versions, with the whole history of their moves. What they name never changes."""

from ._path import follow_labels, labels_passed
from ._store import Labels
from ._types import Label, LabelMove

__all__ = ["Label", "LabelMove", "Labels", "follow_labels", "labels_passed"]
