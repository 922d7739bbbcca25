"""Parts of `benchmarks/reader.py`: the measures, and one file for each set."""
