"""What the README claims about search: how well an index of a corpus finds what answers a question.

Everything goes the way of a build and of a request: chunk, embed, segments, snapshot, open, retrieve. One ranker and
one list of settings serve every set; what differs is only what a project would say of its own documents: how they are
cut, the embedder, and a thesaurus for filings. `scifact` and `cranfield` have judged documents, code and documentation
judged chunks and sections, `financebench` pages (in all filings, and in the one that is meant), and
`chunking_evaluation` the exact stretches that answer, in characters, over as many hits as the search thinks it needs.

    python benchmarks/retrieval.py --set scifact --data-root ../shared/data --split dev [--json] [--cache DIR]
        [--embedder NAME] [--ranker FILE] [--modes]

`--cache` keeps vectors of corpora in a folder. `--modes` also measures full text alone, vectors alone, and both without
the ranker.
"""

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    runpy.run_module("benchmarks.retrieval_parts", run_name="__main__")
