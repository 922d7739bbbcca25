"""The file of the log holds names and reasons: nobody else on the machine can read it by itself."""

import os
import stat
from pathlib import Path

from plimsoll.flows.audit._export import _write_tar


def test_only_its_owner_can_read_the_file_of_the_log(tmp_path: Path) -> None:
    path = tmp_path / "audit.tar"
    before = os.umask(0)
    try:
        _write_tar(path, {"README.txt": lambda: iter([b"read me"])})
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
