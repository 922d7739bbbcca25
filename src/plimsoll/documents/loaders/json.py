"""JSON, and JSON Lines (`.jsonl`, `.ndjson`): every value on a line with its path, `parties[0].name: Acme`.

Nothing here recurses: nesting is counted before anything is parsed, and values are walked with a list.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from .._assemble import clean, one_line
from .._encoding import decode
from .._errors import BrokenFileError, DocumentError, UnpackedTooLargeError
from .._types import Extract, LoadSettings, PageText

VERSION = 1

_LINE_SUFFIXES = (".jsonl", ".ndjson")
_MOST_DEPTH = 100
_MOST_PATH = 200
_MOST_CHARACTERS = 100_000_000
# A string, possessive and possibly unclosed, or a bracket.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


def read(data: bytes, name: str, _settings: LoadSettings) -> Extract:
    """A line for each value, a blank line between the records of a list or of JSON Lines.

    Raises NotTextError for binary data, BrokenFileError, and UnpackedTooLargeError for nesting deeper than 100.
    """
    text, note = decode(data, name)
    text = clean(text)
    notes = [note] if note else []
    by_line = name.lower().endswith(_LINE_SUFFIXES)
    value = None if by_line else _parse(text, name)
    blocks = _blocks(_json_lines(text, name, notes) if by_line else _records(value), name)
    title = value.get("title") if isinstance(value, dict) else ""
    return Extract(
        pages=(PageText("\n\n".join(blocks)),),
        title=title if isinstance(title, str) else "",
        notes=tuple(notes),
        metadata={"records": len(blocks)},
    )


def _parse(text: str, name: str) -> Any:
    _check_depth(text, name)
    try:
        # Numbers stay as they are written: a long one is no work, and 1.50 keeps its last digit.
        return json.loads(text, parse_int=str, parse_float=str)
    except ValueError as error:
        raise BrokenFileError(name, kind="JSON", reason=str(error)) from error


def _check_depth(text: str, name: str) -> None:
    depth = 0
    for token in _TOKEN.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth > _MOST_DEPTH:
                raise UnpackedTooLargeError(name, f"its values are nested deeper than {_MOST_DEPTH}")
        elif token[0] in "]}":
            depth -= 1


def _json_lines(text: str, name: str, notes: list[str]) -> Iterator[Any]:
    first_failure: DocumentError | None = None
    failures = 0
    read_any = False
    for line in text.split("\n"):
        if not line.strip():
            continue
        try:
            value = _parse(line, name)
        except DocumentError as error:
            # All of them would be much larger than the file.
            first_failure = first_failure or error
            failures += 1
            continue
        read_any = True
        yield value
    if first_failure and not read_any:
        raise first_failure
    if failures:
        notes.append(f"{failures:,} lines are not JSON and were left out")


def _records(value: Any) -> Iterator[Any]:
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        yield from value
    else:
        yield value


def _blocks(records: Iterator[Any], name: str) -> list[str]:
    blocks: list[str] = []
    length = 0
    for record in records:
        lines: list[str] = []
        for line in _lines(record):
            lines.append(line)
            length += len(line)
            if length > _MOST_CHARACTERS:
                raise UnpackedTooLargeError(name, f"it becomes more than {_MOST_CHARACTERS:,} characters of text")
        if lines:
            blocks.append("\n".join(lines))
    return blocks


def _lines(record: Any) -> Iterator[str]:
    """Every value below `record` that says something, in the order of the file."""
    waiting: list[tuple[str, Any]] = [("", record)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += reversed([(_below(path, key), item) for key, item in value.items()])
        elif isinstance(value, list):
            waiting += reversed([(_item(path, place), item) for place, item in enumerate(value)])
        elif shown := _shown(value):
            yield f"{path}: {shown}" if path else shown


def _below(path: str, key: str) -> str:
    return _shortened(f"{path}.{one_line(key)}" if path else one_line(key))


def _item(path: str, place: int) -> str:
    return _shortened(f"{path}[{place}]")


def _shortened(path: str) -> str:
    """The end of a long path says more than its beginning."""
    return path if len(path) <= _MOST_PATH else "…" + path[1 - _MOST_PATH :]


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    # Surrogates and controls can be written as escapes, behind the back of the first cleaning.
    return clean(str(value)).strip()
