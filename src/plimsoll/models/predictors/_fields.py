"""Fields of a text: what is looked for is written down, and where it stands is learned from labelled texts.

What was learned is part of the version's content: the same fields and texts give the same version, and nothing is
learned when a release is loaded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from plimsoll.datasets import LabelledText
from plimsoll.kernel.digest import Json

from ..providers.reader.fields import (
    MOST_CANDIDATES,
    Extractor,
    Field,
    FieldsInvalidError,
    Labelled,
    Learned,
    candidates,
    key,
    learn,
    normal,
)
from ._errors import LabelledMistake
from ._rows import text_of
from ._types import Extraction, FieldValue, said

NAME: Final = "fields"
LEARNER: Final = "anchors-1"
"""Another way to learn, or to read what was learned, needs another name."""
MOST_TEXTS: Final = 2000
"""From more nothing is learned: what stands around every candidate of all of them is held in memory at once."""
_MOST_VALUE_CHARS: Final = 1000


@dataclass(frozen=True, slots=True)
class FieldsModel:
    """Finds the values of fields; safe for several threads."""

    extractor: Extractor
    feature: str
    name: str = NAME

    def predict(self, rows: Sequence[Mapping[str, Any]]) -> tuple[Extraction, ...]:
        """The values in each row's text. Raises FeatureMissingError."""
        texts = [text_of(row, number, self.feature) for number, row in enumerate(rows)]
        return tuple(map(self._extraction, texts))

    def _extraction(self, text: str) -> Extraction:
        return Extraction(
            {
                name: tuple(
                    FieldValue(one.value, text[one.start : one.end], one.start, one.end, one.confidence)
                    for one in found
                )
                for name, found in self.extractor.extract(text).items()
            }
        )


def labelled_mistakes(content: Mapping[str, Any], rows: Sequence[LabelledText]) -> tuple[LabelledMistake, ...]:
    """The values in labelled texts from which nothing can be learned for the fields of a version's content."""
    types = {name: field["type"] for name, field in content["fields"].items()}
    return tuple(
        LabelledMistake(row.line, name, value, types[name], is_typed=is_typed)
        for row in rows
        for name, values in row.values.items()
        for value, is_typed in _not_found(types[name], row.text, values)
    )


def learn_fields(content: Mapping[str, Any], rows: Sequence[LabelledText]) -> dict[str, Json]:
    """What is learned from labelled texts, to be kept as `learned` in the version's content.

    Raises FieldsInvalidError where there are no fields.
    """
    labelled = [Labelled(row.text, row.values) for row in rows]
    learned = learn(_fields(content), labelled).learned
    return {"by": LEARNER, "fields": {name: None if one is None else one.to_text() for name, one in learned.items()}}


def wanted_values(content: Mapping[str, Any], row: LabelledText) -> dict[str, tuple[str, ...]]:
    """What would be right for each field of a labelled text, in normal form; none where the text does not have it.

    Each of the values is right by itself; of a field with many only all of them, as `Extraction.value` has them.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, field in content["fields"].items():
        values = [normal(field["type"], value) or value for value in row.values.get(name, ())]
        found[name] = (said(values),) if field["many"] and values else tuple(values)
    return found


def make_fields(content: Mapping[str, Any]) -> FieldsModel:
    """The model that a version's content describes: `fields`, `feature`, `learned`. Raises FieldsInvalidError."""
    fields, learned = _fields(content), content["learned"]
    if learned.get("by") != LEARNER:
        raise FieldsInvalidError("they were learned by another version of Plimsoll", hint="build the project again")
    kept = learned["fields"]
    read = {
        field.name: None if kept.get(field.name) is None else Learned.from_text(kept[field.name]) for field in fields
    }
    return FieldsModel(Extractor(fields, read), content["feature"])


def _fields(content: Mapping[str, Any]) -> tuple[Field, ...]:
    wanted = content["fields"].items()
    return tuple(Field(name, one["type"], one["description"], one["many"]) for name, one in sorted(wanted))


def _not_found(kind: Any, text: str, values: Sequence[str]) -> list[tuple[str, bool]]:
    """Those of `values` that are not in the text, each with whether it is of this type at all."""
    typed = {value: len(value) <= _MOST_VALUE_CHARS and bool(normal(kind, value)) for value in values}
    if not values:
        return []
    known = {key(kind, text[start:end]) for start, end in candidates(kind, text)[:MOST_CANDIDATES]}
    return [(value, is_typed) for value, is_typed in typed.items() if not is_typed or key(kind, value) not in known]
