"""Where a new dataset goes."""

import re
from pathlib import Path
from typing import Final

from ._errors import DatasetNameError

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def place_of(root: Path, name: str) -> Path:
    """The file of a dataset that is made. Raises DatasetNameError."""
    if not _NAME.fullmatch(name):
        raise DatasetNameError(name)
    return root / "datasets" / f"{name}.jsonl"
