"""Learn what stands around the values of fields, and find the values in other documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .._terms import words
from ._anchors import Table, table_of
from ._errors import FieldsInvalidError
from ._learned import Learned, fitted
from ._types import Field, Found, Labelled
from ._validators import Place, candidates, key, normal

MOST_CANDIDATES: Final = 400
"""Of each field; what comes later in a document is not looked at."""
_AT_LEAST: Final = 0.2
_MANY_AT_LEAST: Final = 0.4
_REACH_CHARS: Final = 60
_FEWEST_LABELLED: Final = 3
"""With fewer documents that have a value, only the field's own words count."""


@dataclass(frozen=True, slots=True)
class Extractor:
    """Fields, and what was learned about each; safe for several threads."""

    fields: tuple[Field, ...]
    learned: Mapping[str, Learned | None]
    """None where a field goes by its own words."""

    def extract(self, text: str) -> dict[str, tuple[Found, ...]]:
        """The values of each field, best first; none where nothing is likely enough. Never fails for want of values."""
        return {field.name: self._of(field, text) for field in self.fields}

    def _of(self, field: Field, text: str) -> tuple[Found, ...]:
        places = candidates(field.type, text)[:MOST_CANDIDATES]
        if not places:
            return ()
        chances = _chances(field, text, places, self.learned[field.name])
        best: dict[str, Found] = {}
        for at in np.argsort(-chances, kind="stable"):
            start, end = places[at]
            same = key(field.type, text[start:end])
            if same not in best and not any(one.start < end and start < one.end for one in best.values()):
                value = normal(field.type, text[start:end])
                best[same] = Found(value, start, end, round(float(chances[at]), 4))
        kept = [one for one in best.values() if one.confidence >= (_MANY_AT_LEAST if field.many else _AT_LEAST)]
        return tuple(kept if field.many else kept[:1])


def learn(fields: Sequence[Field], labelled: Sequence[Labelled] = ()) -> Extractor:
    """An extractor for `fields`, from documents whose values are known; without any it goes by the fields' own words.

    Raises FieldsInvalidError when there are no fields, or two have one name.
    """
    names = [field.name for field in fields]
    if not names or len(set(names)) < len(names):
        raise FieldsInvalidError("there are none" if not names else "two have the same name")
    return Extractor(tuple(fields), {field.name: _learned(field, labelled) for field in fields})


def _learned(field: Field, labelled: Sequence[Labelled]) -> Learned | None:
    tables, truths = [], []
    for one in labelled:
        places = candidates(field.type, one.text)[:MOST_CANDIDATES]
        wanted = {key(field.type, value) for value in one.values.get(field.name, ())} - {""}
        if places:
            tables.append(table_of(field, one.text, places))
            values = (key(field.type, one.text[start:end]) for start, end in places)
            truths.append(np.array([value in wanted for value in values], dtype=np.float64))
    if sum(bool(truth.any()) for truth in truths) < _FEWEST_LABELLED:
        return None
    return fitted(Table.joined(tables), np.concatenate(truths))


def _chances(field: Field, text: str, places: Sequence[Place], model: Learned | None) -> NDArray[np.float64]:
    if model is not None:
        return model.chances(table_of(field, text, places))
    asked = {word.stem for word in words(f"{field.name.replace('_', ' ')} {field.description}") if not word.is_stop}
    return np.array([_named(text, place, asked) for place in places])


def _named(text: str, place: Place, asked: set[str]) -> float:
    """How many of the field's own words stand shortly before a candidate, nearer ones more; 0 to 1."""
    before = [word.stem for word in words(text[max(0, place[0] - _REACH_CHARS) : place[0]])][::-1]
    near = sum(1 / (1 + at / 4) for at, stem in enumerate(before) if stem in asked)
    return min(1.0, near / max(1, min(2, len(asked))))
