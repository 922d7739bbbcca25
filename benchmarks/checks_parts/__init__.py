"""The parts of `benchmarks/checks.py`."""
