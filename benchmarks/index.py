"""What the README claims about the index: how fast documents come in and are found, and what a change costs.

    python benchmarks/index.py [--chunks 1000000] [--embedder hash|builtin/static] [--only ingest|large] [--json]

`ingest`: 20,000 and 200,000 chunks of real texts with the trivial embedder of the comparison in `../shared/bench`
(words in 256 buckets), everything on one core: segments written and flushed, everything derived from them, then hybrid
search with a filter, and the memory for that. `large`: a million chunks and their size, recall of the vector search
against the exact one, a whole search with the ranker, opening an older snapshot, and a change of 1 % of the documents;
a search may use two cores then, since words and vectors are searched at the same time.
Opening and searching is done by a process of its own, as a server does with what a build has made.
Needs no data but the files of this Python.
"""

import os
import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    # Before anything brings numpy: no product of matrices uses more than one thread.
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    runpy.run_module("benchmarks.index_parts", run_name="__main__")
