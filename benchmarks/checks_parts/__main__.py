"""Measures checks; see `benchmarks/checks.py`."""

import argparse
import gzip
import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from . import speed

PARTS = ("pii", "attacks", "harm", "grounding", "plain")


def _sets() -> dict[str, Any]:
    """What measures each set."""
    found: dict[str, Any] = {}
    for name in PARTS:
        found |= importlib.import_module(f"benchmarks.checks_parts.{name}").SETS
    return found


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return round(value, 4) if isinstance(value, float) else value


def main() -> None:
    """Read the rows, measure, print one JSON object as the last line."""
    sets = _sets()
    parser = argparse.ArgumentParser(prog="benchmarks/checks.py")
    parser.add_argument("--set", default="presidio_synth_v2", choices=[*sets, "speed"])
    parser.add_argument("--data-root", default="../shared/data", type=Path)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--json", action="store_true", help="print nothing but the result")
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    if given.set != "speed":
        with gzip.open(given.data_root / given.set / f"{given.split}.jsonl.gz", "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
    print(f"{given.set}: {len(rows)} rows", file=sys.stderr)
    started = time.perf_counter()
    measured = speed.measure_speed() if given.set == "speed" else sets[given.set](rows, given.data_root / given.set)
    metrics = _rounded(measured)
    seconds = round(time.perf_counter() - started, 1)
    if not given.json:
        for name, value in metrics.items():
            print(f"{name:28} {value}")
    result = {"set": given.set, "split": given.split, "n": len(rows), "embedder": "", "seconds": seconds}
    print(json.dumps({**result, "metrics": metrics}))


if __name__ == "__main__":
    main()
