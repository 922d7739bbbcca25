"""Measures the reader; see `benchmarks/reader.py`."""

import argparse
import gzip
import json
import time
from pathlib import Path

from plimsoll.models.catalogue import make_embedder
from plimsoll.models.providers.reader._weights import load_weights

from . import meetings, questions, studies

EMBEDDER = "builtin/static"
MEASURES = {"xquad": questions.measure, "qmsum": meetings.measure, "pubmedqa": studies.measure}


def main() -> None:
    """Read the rows, measure, print."""
    parser = argparse.ArgumentParser(prog="benchmarks/reader.py", description=__doc__)
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
