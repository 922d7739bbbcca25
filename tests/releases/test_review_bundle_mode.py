"""The file of a release holds names and reasons: nobody else on the machine can read it by itself."""

import os
import stat
from pathlib import Path

from plimsoll.releases.bundle import write_bundle


def test_only_its_owner_can_read_the_file_of_a_release(tmp_path: Path) -> None:
    path = tmp_path / "app.plimsoll"
    before = os.umask(0)
    try:
        write_bundle(path, [("bundle.json", b"{}")])
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
