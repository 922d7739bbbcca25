"""Parts of `benchmarks/retrieval.py`."""
