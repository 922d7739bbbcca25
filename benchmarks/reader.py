"""What the README claims about `builtin/reader`, and what the weights beside it are worth.

    python benchmarks/reader.py --set xquad|qmsum|pubmedqa --data-root ../shared/data --split dev [--json]

xquad: given the paragraph that answers, the span by SQuAD's rules (exact match and token F1, Rajpurkar et al. 2016;
one gold answer a question); `f1` is that of a reader that must answer, `f1_where_it_may_refuse` counts a refusal as 0.
Given a paragraph of another article, and the most similar wrong one of the same article, it must say that the
documents do not say. qmsum: ROUGE of summaries for a query (see `reader_parts/rouge.py`). pubmedqa: yes, no or maybe.

The weights were fitted on the dev rows. So with `--split dev` they are fitted anew for each part of a cross-validation
(by article, by meeting, by question), and the result says `"cross_validated": true`.
"""

import argparse
import gzip
import json
import time
from pathlib import Path

from plimsoll.models.catalogue import make_embedder
from plimsoll.models.providers.reader._weights import load_weights
from reader_parts import meetings, questions, studies

EMBEDDER = "builtin/static"
MEASURES = {"xquad": questions.measure, "qmsum": meetings.measure, "pubmedqa": studies.measure}


def main() -> None:
    """Read the rows, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", default="xquad", choices=sorted(MEASURES))
    parser.add_argument("--data-root", default="../shared/data", type=Path)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--json", action="store_true", help="print nothing but the result")
    given = parser.parse_args()
    with gzip.open(given.data_root / given.set / f"{given.split}.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row.get("lang", "en") == "en"]
    started = time.perf_counter()
    is_dev = given.split == "dev"
    metrics = MEASURES[given.set](rows, make_embedder(EMBEDDER).embed, is_dev=is_dev)
    seconds = round(time.perf_counter() - started, 1)
    if not given.json:
        for name, value in metrics.items():
            print(f"{name:26} {value:.3f}")
    result = {"set": given.set, "split": given.split, "n": len(rows), "embedder": EMBEDDER, "seconds": seconds}
    weights = None if is_dev else load_weights().digest
    print(json.dumps({**result, "cross_validated": is_dev, "weights": weights, "metrics": metrics}))


if __name__ == "__main__":
    main()
