"""Rows as a file of the project."""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from plimsoll.kernel.errors import ConflictError

from .._types import Row


class DatasetThereError(ConflictError):
    """There is a file already."""

    code = "dataset_there"

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is there already", hint="choose another name, or say --replace to write it anew")


def rows_as_jsonl(rows: Sequence[Row]) -> bytes:
    """One JSON object a line, each without what says nothing; the same rows give the same bytes."""
    return b"".join(msgspec.json.encode(_short(row)) + b"\n" for row in rows)


def write_rows(path: Path, rows: Sequence[Row], *, replace: bool = False) -> None:
    """Write a file that `read_rows` reads, whole or not at all. Raises DatasetThereError."""
    if path.exists() and not replace:
        raise DatasetThereError(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(rows_as_jsonl(rows))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _short(row: Row) -> dict[str, object]:
    said = row.to_json()
    assert isinstance(said, dict)  # noqa: S101  # it is what `to_json` makes
    left_out = {name for name in ("answers", "documents", "tags") if not said[name]}
    if row.answers or row.fields:
        left_out.add("answerable")
    return {name: value for name, value in said.items() if name not in left_out}
