"""What the documentation says of the semantic cache is what its benchmark prints."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "benchmarks" / "semantic_cache.py"


@pytest.mark.parametrize("split", ["dev", "decide"])
def test_no_pair_of_another_meaning_is_a_hit(split: str) -> None:
    command = [sys.executable, str(SCRIPT), "--set", "polarity", "--split", split, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    metrics = result["metrics"]
    assert metrics["false_pairs"] >= 150
    assert metrics["false_hit_rate_guarded_0.7"] == 0
    assert metrics["false_hit_rate_vectors_alone_0.97"] > metrics["hit_rate_guarded_0.99"]
    assert metrics["hit_rate_guarded_0.85"] > 0.5
