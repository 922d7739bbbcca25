"""Reading labelled texts from JSONL: what fields a text has, to learn from."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from plimsoll.kernel.digest import Json
from plimsoll.kernel.words import nearest

from ._lines import Lines, is_text, shown

_KEYS = ("text", "values")
_EXAMPLE = '{"text": "…", "values": {"total": ["80.90"]}}'


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text, and the values of its fields as they stand in it; a field that it does not have is left out."""

    line: int
    """Of the file, from 1."""
    text: str
    values: Mapping[str, tuple[str, ...]]

    def to_json(self) -> Json:
        """What is known, without the place in the file."""
        return {"text": self.text, "values": {name: list(values) for name, values in self.values.items()}}


def read_labelled(path: Path, fields: Collection[str]) -> tuple[LabelledText, ...]:
    """The texts of a JSONL file, in its order, with values of `fields` alone; blank lines are skipped.

    Raises DatasetInvalidError with all mistakes at once, and DatasetMissingError if the file cannot be read.
    """
    lines = Lines(path, _EXAMPLE)
    found: list[LabelledText] = []

    def take(number: int, row: Mapping[str, object]) -> None:
        for key in row:
            if key not in _KEYS:
                lines.unknown(number, key, _KEYS)
        text = row.get("text")
        if not is_text(text):
            lines.add(number, '"text" must be text that is not empty', 'write "text": "…"')
        values = dict(_values(number, row.get("values"), fields, lines))
        found.append(LabelledText(number, str(text), values))

    lines.read(take)
    lines.check(has_rows=bool(found))
    return tuple(found)


def _values(
    number: int, values: object, fields: Collection[str], lines: Lines
) -> Iterator[tuple[str, tuple[str, ...]]]:
    if not isinstance(values, dict):
        lines.add(number, '"values" must be an object of fields', f"write {_EXAMPLE}")
        return
    for name, given in values.items():
        if name not in fields:
            near = nearest(name, fields)
            known = "fields are " + ", ".join(sorted(fields))
            lines.add(number, f"there is no field {shown(name)}", f'did you mean "{near}"? {known}' if near else known)
        elif not isinstance(given, list) or not given or not all(is_text(one) for one in given):
            what = f"{shown(name)} must be a list of texts that are not empty"
            lines.add(number, what, f'write "{name}": ["…"], or leave it out where the text does not say it')
        else:
            yield name, tuple(given)
