"""Views over the records for people who must account for them: lineage now.

Nothing is recorded here; this room reads what `tracing`, `releases` and `registry` keep.
"""

from ._lineage import ArtifactUsed, Lineage, PassageUsed, trace_lineage

__all__ = ["ArtifactUsed", "Lineage", "PassageUsed", "trace_lineage"]
