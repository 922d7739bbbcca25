"""What can be wrong with a file as a whole."""

from pathlib import Path

from plimsoll.kernel.errors import InvalidError


class FileKindError(InvalidError):
    """A file of rows has an ending that says nothing."""

    code = "dataset_file_kind"

    def __init__(self, path: Path, endings: tuple[str, ...]) -> None:
        super().__init__(
            f"{path} ends with {path.suffix or 'nothing'}, and rows are read from {', '.join(endings)}",
            hint="save it as one of these; a spreadsheet can be saved as CSV (UTF-8)",
        )


class FileOutsideError(InvalidError):
    """A description names a file that does not lie in the project."""

    code = "dataset_file_outside"

    def __init__(self, file: str) -> None:
        super().__init__(
            f"the file {file[:200]!a} does not lie inside the project",
            hint="copy it into datasets/, so that the project has all that it is measured with",
        )


class ParquetMissingError(InvalidError):
    """Parquet needs a package that is not installed."""

    code = "parquet_missing"

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is a Parquet file, and pyarrow is not installed",
            hint="pip install 'plimsoll[lance]', which brings it, or save the file as CSV or JSONL",
        )
