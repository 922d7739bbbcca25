"""Learn what stands around the values of fields, and find the values in other documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .._terms import words
from ._anchors import WIDTH, Document, rows
from ._errors import FieldsInvalidError
from ._types import Field, Found, Labelled
from ._validators import Place, candidates, key, normal

_STEPS: Final = 150
_RATE: Final = 0.03
_PENALTY: Final = 2e-4
_AT_LEAST: Final = 0.2
_MANY_AT_LEAST: Final = 0.4
_MOST_CANDIDATES: Final = 400
_REACH_CHARS: Final = 60
_FEWEST_LABELLED: Final = 3
"""With fewer documents that have a value, only the field's own words count."""


@dataclass(frozen=True, slots=True)
class _Learned:
    weights: NDArray[np.float32]
    bias: float
    is_trained: bool


@dataclass(frozen=True, slots=True)
class Extractor:
    """Fields, and what was learned about each; safe for several threads."""

    fields: tuple[Field, ...]
    learned: Mapping[str, _Learned]

    def extract(self, text: str) -> dict[str, tuple[Found, ...]]:
        """The values of each field, best first; none where nothing is likely enough. Never fails for want of values."""
        document = Document.of(text)
        return {field.name: self._of(field, document) for field in self.fields}

    def _of(self, field: Field, document: Document) -> tuple[Found, ...]:
        places = candidates(field.type, document.text)[:_MOST_CANDIDATES]
        if not places:
            return ()
        model = self.learned[field.name]
        chances = _chances(field, document, places, model)
        best: dict[str, Found] = {}
        for at in np.argsort(-chances, kind="stable"):
            start, end = places[at]
            same = key(field.type, document.text[start:end])
            if same not in best and not any(one.start < end and start < one.end for one in best.values()):
                value = normal(field.type, document.text[start:end])
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
    documents = [Document.of(one.text) for one in labelled]
    return Extractor(tuple(fields), {field.name: _learned(field, labelled, documents) for field in fields})


def _learned(field: Field, labelled: Sequence[Labelled], documents: Sequence[Document]) -> _Learned:
    tables, truths = [], []
    for one, document in zip(labelled, documents, strict=True):
        places = candidates(field.type, document.text)[:_MOST_CANDIDATES]
        wanted = {key(field.type, value) for value in one.values.get(field.name, ())} - {""}
        if places:
            tables.append(rows(field, document, places))
            values = (key(field.type, document.text[start:end]) for start, end in places)
            truths.append(np.array([value in wanted for value in values], dtype=np.float32))
    if sum(bool(truth.any()) for truth in truths) < _FEWEST_LABELLED:
        return _Learned(np.zeros(WIDTH, dtype=np.float32), 0.0, is_trained=False)
    return _fitted(np.concatenate(tables), np.concatenate(truths))


def _fitted(table: NDArray[np.float32], truth: NDArray[np.float32]) -> _Learned:
    """Logistic regression with a quadratic penalty, by Adam (Kingma and Ba, 2015)."""
    weights, bias = np.zeros(WIDTH, dtype=np.float32), float(np.log(truth.mean() / (1 - min(truth.mean(), 0.99))))
    first, second = np.zeros(WIDTH, dtype=np.float32), np.zeros(WIDTH, dtype=np.float32)
    for step in range(1, _STEPS + 1):
        wrong = 1 / (1 + np.exp(-np.clip(table @ weights + bias, -30, 30))) - truth
        slope = table.T @ wrong / len(truth) + _PENALTY * weights
        first += 0.1 * (slope - first)
        second += 0.01 * (slope * slope - second)
        weights -= _RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
        bias -= _RATE * 10 * float(wrong.mean())
    return _Learned(weights, bias, is_trained=True)


def _chances(field: Field, document: Document, places: Sequence[Place], model: _Learned) -> NDArray[np.floating]:
    if model.is_trained:
        scores = rows(field, document, list(places)) @ model.weights + model.bias
        chances: NDArray[np.floating] = 1 / (1 + np.exp(-np.clip(scores, -30, 30)))
        return chances
    asked = {word.stem for word in words(f"{field.name.replace('_', ' ')} {field.description}") if not word.is_stop}
    return np.array([_named(document.text, place, asked) for place in places])


def _named(text: str, place: Place, asked: set[str]) -> float:
    """How many of the field's own words stand shortly before a candidate, nearer ones more; 0 to 1."""
    before = [word.stem for word in words(text[max(0, place[0] - _REACH_CHARS) : place[0]])][::-1]
    near = sum(1 / (1 + at / 4) for at, stem in enumerate(before) if stem in asked)
    return min(1.0, near / max(1, min(2, len(asked))))
