"""What the README claims about checks: what they find, what they leave alone, and how fast.

    python benchmarks/checks.py --set prompt_injection --data-root ../shared/data --split dev [--json]

What is measured of which set stands in `benchmarks/checks_parts`. `speed` needs no rows: texts of 1 and 10 kB, CPU
time. Nothing is fitted here; what is trained was trained beforehand (`make train-checks`).
"""

import os
import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    # Before anything brings numpy: everything is measured on one thread.
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    runpy.run_module("benchmarks.checks_parts", run_name="__main__")
