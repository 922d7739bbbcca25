"""Reading rows from JSONL: one JSON object a line, every mistake named with its line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ._lines import Lines, is_storable, is_text, shown
from ._types import SPLITS, Row, Split

_KEYS = ("id", "question", "answers", "documents", "answerable", "tags", "group", "split", "fields", "source")
EXAMPLE = '{"question": "…", "answers": ["…"]}'
"""A short row."""


def read_rows(path: Path) -> tuple[Row, ...]:
    """The rows of a JSONL file, in its order; blank lines are skipped.

    Raises DatasetInvalidError with all mistakes at once, and DatasetMissingError if the file cannot be read.
    """
    reader = RowCollector(Lines(path, EXAMPLE))
    reader.lines.read(reader.take)
    reader.lines.check(has_rows=bool(reader.rows))
    return tuple(reader.rows)


class RowCollector:
    """Collects rows, line by line."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.rows: list[Row] = []
        self._line_of_id: dict[str, int] = {}

    def take(self, number: int, value: Mapping[str, object]) -> None:
        """Make a row of an object, or note what is wrong with it."""
        lines = self.lines
        before = len(lines.mistakes)
        row = _Fields(number, value, lines).row()
        first = self._line_of_id.setdefault(row.id, number)
        if first != number:
            lines.add(number, f"the id {shown(row.id)} was given to the row in line {first} already", "ids are unique")
        if len(lines.mistakes) == before:
            self.rows.append(row)


class _Fields:
    """Takes the fields of one row out of a JSON object, and notes each mistake."""

    def __init__(self, line: int, value: Mapping[str, object], lines: Lines) -> None:
        self._line = line
        self._value = value
        self._lines = lines

    def row(self) -> Row:
        """The row, with stand-ins for whatever was wrong."""
        for key in self._value:
            if key not in _KEYS:
                self._lines.unknown(self._line, key, _KEYS)
        answers = self._texts("answers")
        return Row(
            id=self._text("id", f"row-{self._line}"),
            question=self._text("question", None),
            answers=answers,
            documents=self._texts("documents"),
            answerable=self._answerable(given=bool(self._value.get("answers") or self._value.get("fields"))),
            tags=self._texts("tags"),
            group=self._text("group", ""),
            split=self._split(),
            fields=self._named_values(),
            source=self._text("source", ""),
        )

    def _add(self, what: str, instead: str) -> None:
        self._lines.add(self._line, what, instead)

    def _text(self, key: str, default: str | None) -> str:
        value = self._value.get(key, default)
        if value is None and key not in self._value:
            self._add(f'"{key}" is missing', f'add "{key}": "…"')
        elif not is_text(value) and not (default == "" and key not in self._value):
            self._add(f'"{key}" must be text that is not empty', f'write "{key}": "…"')
        return value if isinstance(value, str) else ""

    def _texts(self, key: str) -> tuple[str, ...]:
        value = self._value.get(key, [])
        if not isinstance(value, list) or not all(is_text(item) for item in value):
            self._add(f'"{key}" must be a list of texts that are not empty', f'write "{key}": ["…"]')
            return ()
        return tuple(value)

    def _split(self) -> Split:
        value = self._value.get("split", "")
        for split in SPLITS:
            if value == split:
                return split
        if "split" in self._value:
            self._add('"split" must be train, dev or test', 'write "split": "test", or leave it out')
        return ""

    def _named_values(self) -> Mapping[str, Any]:
        value = self._value.get("fields", {})
        if not isinstance(value, dict) or not all(is_text(name) for name in value):
            self._add('"fields" must be an object of names and values', 'write "fields": {"total": 80.9}')
            return {}
        if not is_storable(value):
            what = '"fields" holds text that is no UTF-8, or is nested deeper than 50'
            self._add(what, "take half characters such as \\ud800 out, and make it flatter")
            return {}
        return value

    def _answerable(self, *, given: bool) -> bool:
        value = self._value.get("answerable", given)
        if not isinstance(value, bool):
            self._add('"answerable" must be true or false', 'write "answerable": false, or leave it out')
        elif given and not value:
            self._add('"answerable" is false, but there are answers', 'take "answers" or "answerable" away')
        elif not given and "answerable" not in self._value:
            self._add("the row has no answers", 'add "answers": ["…"], or say "answerable": false')
        return value is True
