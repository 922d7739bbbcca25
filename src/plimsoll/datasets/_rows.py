"""Reading rows from JSONL: one JSON object a line, every mistake named with its line."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from plimsoll.kernel.words import nearest

from ._errors import DatasetInvalidError, DatasetMissingError, RowMistake
from ._types import Row

MAX_BYTES = 64 * 1024 * 1024
"""Larger files of questions are refused, because all rows are kept in memory at once."""

_KEYS = ("id", "question", "answers", "documents", "answerable", "tags")
_EXAMPLE = '{"question": "…", "answers": ["…"]}'


def read_rows(path: Path) -> tuple[Row, ...]:
    """The rows of a JSONL file, in its order; blank lines are skipped.

    Raises DatasetInvalidError with all mistakes at once, and DatasetMissingError if the file cannot be read.
    """
    data = _read(path)
    if len(data) > MAX_BYTES:
        mistake = RowMistake(1, f"the file is larger than {MAX_BYTES // 2**20} MB", "divide it into several datasets")
        raise DatasetInvalidError(path, (mistake,))
    reader = _Reader()
    # Only a line feed ends a line of JSONL; `splitlines` would also cut at U+2028, which JSON allows inside text.
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        reader.add_line(number, line)
    if not reader.rows and not reader.mistakes:
        reader.add(1, "the file has no rows", f"write one JSON object a line: {_EXAMPLE}")
    if reader.mistakes:
        raise DatasetInvalidError(path, tuple(reader.mistakes))
    return tuple(reader.rows)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DatasetMissingError(path, error.strerror or str(error)) from error


class _Reader:
    """Collects rows and mistakes, line by line."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.mistakes: list[RowMistake] = []
        self._line_of_id: dict[str, int] = {}

    def add(self, line: int, what: str, instead: str = "") -> None:
        self.mistakes.append(RowMistake(line, what, instead))

    def add_line(self, number: int, line: bytes) -> None:
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            self.add(number, f"the line is not UTF-8 (byte {error.start + 1} of it)", "save the file as UTF-8")
            return
        if not text.strip():
            return
        try:
            value = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
        except json.JSONDecodeError as error:
            self.add(number, f"the line is not JSON: {error.msg} at character {error.pos + 1}", f"write {_EXAMPLE}")
        except (ValueError, RecursionError) as error:
            reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
            self.add(number, f"the line cannot be read: {reason}", f"write {_EXAMPLE}")
        else:
            self._add_value(number, value)

    def _add_value(self, number: int, value: object) -> None:
        if not isinstance(value, dict):
            self.add(number, "the line is not a JSON object", f"write {_EXAMPLE}")
            return
        before = len(self.mistakes)
        fields = _Fields(number, value, self)
        row = fields.row()
        first = self._line_of_id.setdefault(row.id, number)
        if first != number:
            self.add(number, f"the id {_shown(row.id)} was given to the row in line {first} already", "ids are unique")
        if len(self.mistakes) == before:
            self.rows.append(row)


class _Fields:
    """Takes the fields of one row out of a JSON object, and tells its reader about each mistake."""

    def __init__(self, line: int, value: Mapping[str, object], reader: _Reader) -> None:
        self._line = line
        self._value = value
        self._reader = reader

    def row(self) -> Row:
        """The row, with stand-ins for whatever was wrong."""
        for key in self._value:
            if key not in _KEYS:
                self._add(f"{_shown(key)} is not a key of a row", _did_you_mean(key))
        answers = self._texts("answers")
        return Row(
            id=self._text("id", f"row-{self._line}"),
            question=self._text("question", None),
            answers=answers,
            documents=self._texts("documents"),
            answerable=self._answerable(given=bool(self._value.get("answers"))),
            tags=self._texts("tags"),
        )

    def _add(self, what: str, instead: str) -> None:
        self._reader.add(self._line, what, instead)

    def _text(self, key: str, default: str | None) -> str:
        value = self._value.get(key, default)
        if value is None and key not in self._value:
            self._add(f'"{key}" is missing', f'add "{key}": "…"')
        elif not _is_text(value):
            self._add(f'"{key}" must be text that is not empty', f'write "{key}": "…"')
        return value if isinstance(value, str) else ""

    def _texts(self, key: str) -> tuple[str, ...]:
        value = self._value.get(key, [])
        if not isinstance(value, list) or not all(_is_text(item) for item in value):
            self._add(f'"{key}" must be a list of texts that are not empty', f'write "{key}": ["…"]')
            return ()
        return tuple(value)

    def _answerable(self, *, given: bool) -> bool:
        value = self._value.get("answerable", given)
        if not isinstance(value, bool):
            self._add('"answerable" must be true or false', 'write "answerable": false, or leave it out')
        elif value and not given:
            self._add('"answerable" is true, but there are no answers', 'add "answers": ["…"]')
        elif given and not value:
            self._add('"answerable" is false, but there are answers', 'take "answers" or "answerable" away')
        elif not given and "answerable" not in self._value:
            self._add("the row has no answers", 'add "answers": ["…"], or say "answerable": false')
        return value is True


def _is_text(value: object) -> bool:
    """Whether `value` is text with something in it that can be stored as UTF-8 (JSON can spell half a character)."""
    if not isinstance(value, str) or not value.strip():
        return False
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        msg = f"the key {_shown(twice)} stands there twice"
        raise ValueError(msg)
    return value


def _no_constant(name: str) -> NoReturn:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


def _shown(text: str) -> str:
    """Text as it may be printed: quoted, at most 60 characters, without control characters."""
    return json.dumps(text[:60], ensure_ascii=not text.isprintable())


def _did_you_mean(key: str) -> str:
    near = nearest(key, _KEYS)
    allowed = "keys of a row are " + ", ".join(_KEYS)
    return f'did you mean "{near}"? {allowed}' if near else allowed
