"""Datasets, printed: what there is, what is in one, what is wrong, what changed, and what rows were made from."""

from ._lists import difference, listed, rows_shown
from ._made import made_from_documents, made_from_traces, written
from ._wrong import checked

__all__ = [
    "checked",
    "difference",
    "listed",
    "made_from_documents",
    "made_from_traces",
    "rows_shown",
    "written",
]
