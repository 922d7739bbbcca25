"""What is claimed about evaluation: intervals and gates, the embedded graders, the harness.

    python benchmarks/evaluation.py --set llmbar|financebench|… --data-root ../shared/data --split dev [--json]

llmbar: which of two outputs follows the instruction (Zeng et al. 2024), each pair asked in both orders; `accuracy` is
over both. financebench: is a model's answer right, given the question and the reference (Islam et al. 2023; human
labels correct, incorrect, refusal). `auroc` and `balanced_accuracy` tell correct from incorrect where nobody refused,
`with_refusals` correct from all others; intervals are 95 % by the bootstrap over companies (pairs, for llmbar). The
graders are rules with weights set by hand: nothing is fitted, on any split. Beside them, in the same run, stands the
floor: does a number of the reference stand in the answer.

Sets without rows need no data: they simulate, or measure the harness itself. A set is a line in
`evaluation_parts/__init__.py`.
"""

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    runpy.run_module("benchmarks.evaluation_parts", run_name="__main__")
