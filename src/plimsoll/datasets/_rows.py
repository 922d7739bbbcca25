"""Reading rows from JSONL: one JSON object a line, every mistake named with its line."""

from collections.abc import Mapping
from pathlib import Path

from ._lines import Lines, is_text, shown
from ._types import Row

_KEYS = ("id", "question", "answers", "documents", "answerable", "tags", "group")
_EXAMPLE = '{"question": "…", "answers": ["…"]}'


def read_rows(path: Path) -> tuple[Row, ...]:
    """The rows of a JSONL file, in its order; blank lines are skipped.

    Raises DatasetInvalidError with all mistakes at once, and DatasetMissingError if the file cannot be read.
    """
    reader = _Reader(Lines(path, _EXAMPLE))
    reader.lines.read(reader.take)
    reader.lines.check(has_rows=bool(reader.rows))
    return tuple(reader.rows)


class _Reader:
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
            answerable=self._answerable(given=bool(self._value.get("answers"))),
            tags=self._texts("tags"),
            group=self._text("group", ""),
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
