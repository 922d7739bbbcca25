"""What answers searches over a snapshot. Each engine is a projection of the same segments, pinned to one snapshot."""
