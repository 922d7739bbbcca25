#!/usr/bin/env python3
"""Fits the weights of `builtin/reader` on the development rows of XQuAD (en), QMSum and PubMedQA, and writes them.

    python tools/train_reader.py --data-root ../shared/data

The same rows, machine and numpy give the same file. `weights/CARD.md` says what the weights are good for.
"""

import argparse
import gzip
import json
import sys
import time
from pathlib import Path
from typing import Any

from plimsoll.models.catalogue import make_embedder
from plimsoll.models.providers.reader._weights import FILE, Weights, to_bytes
from plimsoll.models.providers.reader.training import (
    asked_rows,
    fit_refusal,
    fit_spans,
    fit_summaries,
    fit_verdicts,
    meeting_queries,
)

EMBEDDER = "builtin/static"


def rows_of(root: Path, name: str, limit: int | None) -> list[dict[str, Any]]:
    """The development rows of a set; of XQuAD only the English ones."""
    with gzip.open(root / name / "dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row.get("lang", "en") == "en"]
    return rows if limit is None else rows[:limit]


def fit(root: Path, limit: int | None = None) -> Weights:
    """All parts; `limit` takes only the first rows of each set."""
    embed = make_embedder(EMBEDDER).embed
    began = time.perf_counter()
    asked = asked_rows(rows_of(root, "xquad", limit), embed)
    parts: dict[str, Any] = {}
    for name, make in (
        ("refusal", lambda: fit_refusal(asked, embed)),
        ("spans", lambda: fit_spans(asked, embed)),
        ("summaries", lambda: fit_summaries(meeting_queries(rows_of(root, "qmsum", limit), embed), embed)),
        ("verdicts", lambda: fit_verdicts(rows_of(root, "pubmedqa", limit), embed)),
    ):
        parts[name] = make()
        print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
    return Weights(**parts)


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-root", default="../shared/data", type=Path)
    parser.add_argument("--out", default=FILE, type=Path, help="where the weights are written")
    parser.add_argument("--limit", type=int, help="only so many rows of each set, to try the command")
    given = parser.parse_args()
    data = to_bytes(fit(given.data_root, given.limit))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_bytes(data)
    print(f"{given.out}: {len(data)} bytes")


if __name__ == "__main__":
    main()
