"""The demo, as a process of its own, on a machine that cannot read scans. `make demo-check` runs it with them."""

import os
import re
import subprocess
import sys
from pathlib import Path


def test_without_tesseract_the_scans_are_left_out_and_the_journey_goes_on(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    command = [sys.executable, "-c", "from plimsoll.cli import main; main(['demo', '--check'])"]
    environment = {**os.environ, "PATH": str(tmp_path / "bin"), "TMPDIR": str(tmp_path)}
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=240
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    said = " ".join(ended.stdout.split())
    assert "tesseract is not installed, so the scanned documents and the questions about them are left out" in said
    assert "failed: contracts/by-product-collection-ardlow.png" in said
    assert "refused: draft" in said
    assert "x-plimsoll-release: sha256:" in said
    assert "every provable part is the same" in said
    assert "Traceback" not in ended.stderr
    assert not re.search(r"\bs-[0-9a-f]{16}\b", said), "people are shown by their names"
    assert list(tmp_path.iterdir()) == [tmp_path / "bin"]
