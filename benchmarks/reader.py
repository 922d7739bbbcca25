"""What the README claims about `builtin/reader`, and what the weights beside it are worth.

    python benchmarks/reader.py --set xquad|qmsum|pubmedqa --data-root ../shared/data --split dev [--json]

xquad: given the paragraph that answers, the span by SQuAD's rules (exact match and token F1, Rajpurkar et al. 2016;
one gold answer a question); `f1` is that of a reader that must answer, `f1_where_it_may_refuse` counts a refusal as 0.
Given a paragraph of another article, and the most similar wrong one of the same article, it must say that the
documents do not say. qmsum: ROUGE of summaries for a query (see `reader_parts/rouge.py`). pubmedqa: yes, no or maybe.

The weights were fitted on the dev rows. So with `--split dev` they are fitted anew for each part of a cross-validation
(by article, by meeting, by question), and the result says `"cross_validated": true`.
"""

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    runpy.run_module("benchmarks.reader_parts", run_name="__main__")
