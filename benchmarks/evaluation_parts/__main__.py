"""Measures evaluation; see `benchmarks/evaluation.py`."""

import argparse
import importlib
import json
import time
from pathlib import Path

from . import PARTS, Given, Measure, Measured


def main() -> None:
    """Find the part, measure, print."""
    parser = argparse.ArgumentParser(prog="benchmarks/evaluation.py")
    parser.add_argument("--set", default="financebench", choices=sorted(PARTS))
    parser.add_argument("--data-root", default="../shared/data", type=Path)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--repetitions", type=int, help="of a simulation; as many as the claim says without it")
    parser.add_argument("--json", action="store_true", help="print nothing but the result")
    given = parser.parse_args()
    module, function = PARTS[given.set]
    measure: Measure = getattr(importlib.import_module(f"{__package__}.{module}"), function)
    started = time.perf_counter()
    found: Measured = measure(Given(given.set, given.data_root, given.split, given.repetitions))
    seconds = round(time.perf_counter() - started, 1)
    if not given.json:
        for name, value in found.metrics.items():
            print(f"{name:34} {value:.3f}" if isinstance(value, float) else f"{name:34} {value}")
    result = {"set": given.set, "split": given.split, "n": found.n, "embedder": "none", "seconds": seconds}
    print(json.dumps({**result, "metrics": found.metrics}))


if __name__ == "__main__":
    main()
