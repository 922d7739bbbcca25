"""Rows that say what a guardrail should find: read from JSONL with every mistake named."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from plimsoll.checks import Context
from plimsoll.datasets import DatasetInvalidError, DatasetMissingError, RowMistake
from plimsoll.guardrails import STAGES, Stage

MOST_BYTES: Final = 256 << 20
"""Larger files are refused: all rows are kept in memory at once."""
_MOST_MISTAKES: Final = 100
_KEYS: Final = frozenset({"text", "label", "spans", "stage", "slice", "question", "instructions", "passages"})
_EXAMPLE: Final = '{"text": "…", "label": true, "slice": "mail"}'


@dataclass(frozen=True, slots=True)
class Due:
    """A stretch of a row's text that should be found."""

    start: int
    end: int
    kind: str = ""
    """Empty for any."""


@dataclass(frozen=True, slots=True)
class GuardRow:
    """A text, and what should be found in it."""

    line: int
    text: str
    stage: Stage
    slice: str
    label: bool | frozenset[str]
    """Whether something should be found; or the names of the checks, or `check.kind`, that should find something."""
    spans: tuple[Due, ...] | None
    """None where nobody says where it is."""
    context: Context

    def is_due(self, check: str, kinds: Collection[str]) -> bool:
        """Whether a check should find something here."""
        if isinstance(self.label, bool):
            return self.label and (self.spans is None or bool(self.spans_for(kinds)))
        return any(name == check or name.removeprefix(f"{check}.") in kinds for name in self.label)

    @property
    def is_due_at_all(self) -> bool:
        """Whether anything should be found here."""
        return bool(self.label)

    def spans_for(self, kinds: Collection[str]) -> tuple[Due, ...]:
        """The stretches that a check of these kinds should find."""
        return tuple(one for one in self.spans or () if not one.kind or one.kind in kinds)


def read_guard_rows(path: Path) -> tuple[GuardRow, ...]:
    """The rows of a file, in its order; blank lines are skipped.

    Raises DatasetMissingError, and DatasetInvalidError with the first hundred mistakes.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise DatasetMissingError(path, error.strerror or str(error)) from error
    if len(data) > MOST_BYTES:
        what = f"the file is larger than {MOST_BYTES >> 20} MiB"
        raise DatasetInvalidError(path, (RowMistake(1, what, "divide it, and measure each part"),))
    rows, mistakes = list[GuardRow](), list[RowMistake]()
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        try:
            rows += [_row(number, line)] if line.strip() else []
        except _UnfitError as error:
            mistakes.append(RowMistake(number, str(error), f"write {_EXAMPLE}"))
    if not rows and not mistakes:
        mistakes.append(RowMistake(1, "the file has no rows", f"write one JSON object a line: {_EXAMPLE}"))
    if mistakes:
        raise DatasetInvalidError(path, tuple(mistakes[:_MOST_MISTAKES]))
    return tuple(rows)


class _UnfitError(Exception):
    """What is wrong with a row, as a sentence without a full stop."""


def _row(number: int, line: bytes) -> GuardRow:
    given = _object(line)
    text = given.get("text")
    if not isinstance(text, str):
        raise _UnfitError('"text" must be text')
    stage = given.get("stage", "input")
    if stage not in STAGES:
        raise _UnfitError(f'"stage" must be one of {", ".join(STAGES)}')
    spans = tuple(_spans(given["spans"], len(text))) if given.get("spans") is not None else None
    return GuardRow(
        number,
        text,
        cast("Stage", stage),
        _text(given, "slice"),
        _label(given, spans),
        spans,
        Context(stage, _text(given, "question"), _text(given, "instructions"), _passages(given)),
    )


def _object(line: bytes) -> Mapping[str, Any]:
    try:
        given = json.loads(line)
    except UnicodeDecodeError:
        raise _UnfitError("the line is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise _UnfitError(f"the line is not JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise _UnfitError("the line is nested too deeply") from None
    if not isinstance(given, dict):
        raise _UnfitError("the line is not a JSON object")
    unknown = sorted(set(given) - _KEYS)
    if unknown:
        raise _UnfitError(f"{json.dumps(unknown[0][:60])} is not a key of a row; keys are {', '.join(sorted(_KEYS))}")
    return given


def _label(given: Mapping[str, Any], spans: tuple[Due, ...] | None) -> bool | frozenset[str]:
    label = given.get("label")
    if label is None and spans is not None:
        return bool(spans)
    if isinstance(label, bool):
        if spans is not None and label != bool(spans):
            raise _UnfitError('"label" and "spans" do not say the same')
        return label
    if label in (0, 1) and isinstance(label, int):
        return bool(label)
    if isinstance(label, str):
        label = [label]
    if not isinstance(label, list) or not all(isinstance(one, str) and one for one in label):
        raise _UnfitError(
            '"label" must be true, false, or the names of checks that should find something; or give spans'
        )
    return frozenset(label)


def _spans(given: Any, length: int) -> Iterator[Due]:
    wrong = f'"spans" must be a list of {{"start", "end", "kind"}} within the {length} characters of the text'
    if not isinstance(given, list):
        raise _UnfitError(wrong)
    for one in given:
        if not isinstance(one, dict):
            raise _UnfitError(wrong)
        start, end, kind = one.get("start"), one.get("end"), one.get("kind", "")
        if not isinstance(start, int) or not isinstance(end, int) or not isinstance(kind, str):
            raise _UnfitError(wrong)
        if not 0 <= start < end <= length:
            raise _UnfitError(wrong)
        yield Due(start, end, kind)


def _passages(given: Mapping[str, Any]) -> tuple[str, ...]:
    passages = given.get("passages", [])
    if not isinstance(passages, list) or not all(isinstance(one, str) for one in passages):
        raise _UnfitError('"passages" must be a list of texts')
    return tuple(passages)


def _text(given: Mapping[str, Any], key: str) -> str:
    value = given.get(key, "")
    if not isinstance(value, str):
        raise _UnfitError(f'"{key}" must be text')
    return value
