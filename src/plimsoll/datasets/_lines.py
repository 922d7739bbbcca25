"""Reading JSONL: one JSON object a line, every mistake named with its line."""

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import NoReturn

from plimsoll.kernel.words import nearest

from ._errors import DatasetInvalidError, DatasetMissingError, RowMistake

MAX_BYTES = 64 * 1024 * 1024
"""Larger files are refused, because all rows are kept in memory at once."""

_DEEPEST = 50

Take = Callable[[int, Mapping[str, object]], None]
"""Called with the number of a line and the object in it."""


class Lines:
    """Reads the lines of a file, and collects what is wrong in them."""

    def __init__(self, path: Path, example: str) -> None:
        """`example` is what a line may look like, for hints."""
        self._path = path
        self._example = example
        self.mistakes: list[RowMistake] = []

    def add(self, line: int, what: str, instead: str = "") -> None:
        """Note a mistake."""
        self.mistakes.append(RowMistake(line, what, instead))

    def unknown(self, line: int, key: str, keys: Collection[str]) -> None:
        """Note a key that rows do not have."""
        near = nearest(key, keys)
        allowed = "keys of a row are " + ", ".join(keys)
        self.add(line, f"{shown(key)} is not a key of a row", f'did you mean "{near}"? {allowed}' if near else allowed)

    def read(self, take: Take) -> None:
        """Give every object to `take`, in order; blank lines are skipped.

        Raises DatasetMissingError, and DatasetInvalidError for a file that is too large.
        """
        data = read_bytes(self._path)
        # Only a line feed ends a line of JSONL; `splitlines` would also cut at U+2028, which JSON allows inside text.
        for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
            self._read_line(number, line, take)

    def check(self, *, has_rows: bool) -> None:
        """Raise DatasetInvalidError with everything that is wrong."""
        if not has_rows and not self.mistakes:
            self.add(1, "the file has no rows", f"write one JSON object a line: {self._example}")
        if self.mistakes:
            raise DatasetInvalidError(self._path, tuple(self.mistakes))

    def _read_line(self, number: int, line: bytes, take: Take) -> None:
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            self.add(number, f"the line is not UTF-8 (byte {error.start + 1} of it)", "save the file as UTF-8")
            return
        if not text.strip():
            return
        write = f"write {self._example}"
        try:
            value = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
        except json.JSONDecodeError as error:
            self.add(number, f"the line is not JSON: {error.msg} at character {error.pos + 1}", write)
        except (ValueError, RecursionError) as error:
            reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
            self.add(number, f"the line cannot be read: {reason}", write)
        else:
            if isinstance(value, dict):
                take(number, value)
            else:
                self.add(number, "the line is not a JSON object", write)


def read_bytes(path: Path) -> bytes:
    """A whole file. Raises DatasetMissingError, and DatasetInvalidError for one that is too large."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DatasetMissingError(path, error.strerror or str(error)) from error
    if len(data) > MAX_BYTES:
        mistake = RowMistake(1, f"the file is larger than {MAX_BYTES // 2**20} MB", "divide it into several datasets")
        raise DatasetInvalidError(path, (mistake,))
    return data


def is_text(value: object) -> bool:
    """Whether `value` is text with something in it that can be stored as UTF-8 (JSON can spell half a character)."""
    if not isinstance(value, str) or not value.strip():
        return False
    return not any("\ud800" <= character <= "\udfff" for character in value)


def is_storable(value: object) -> bool:
    """Whether everything in a value of JSON can be stored as UTF-8, and is nested at most 50 deep."""
    waiting = [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        if isinstance(one, str):
            if any("\ud800" <= character <= "\udfff" for character in one):
                return False
        elif isinstance(one, dict | list):
            if depth == _DEEPEST:
                return False
            inner = [*one, *one.values()] if isinstance(one, dict) else one
            waiting += ((part, depth + 1) for part in inner)
    return True


def shown(text: str) -> str:
    """Text as it may be printed: quoted, at most 60 characters, without control characters."""
    return json.dumps(text[:60], ensure_ascii=not text.isprintable())


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        msg = f"the key {shown(twice)} stands there twice"
        raise ValueError(msg)
    return value


def _no_constant(name: str) -> NoReturn:
    msg = f"{name} is not JSON"
    raise ValueError(msg)
