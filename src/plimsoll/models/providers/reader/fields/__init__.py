"""Fields of a document: dates, amounts, parties and others, found by typed validators and learned anchors.

A validator says which stretches of a text can be a value of a type at all; anchors are the words around a value, known
from the field's name or learned from labelled documents. Every value has its exact place, or there is none.

    extractor = learn([Field("total", "amount")], [Labelled(text, {"total": ["80.90"]}), ...])
    extractor.extract(text)["total"]   # (Found("80.90", start, end, confidence), ...)

Not here: reading documents (`plimsoll.documents`), and asking a model for fields.
"""

from ._errors import FieldsInvalidError
from ._extractor import MOST_CANDIDATES, Extractor, learn
from ._learned import Learned
from ._types import Field, FieldType, Found, Labelled
from ._validators import candidates, key, normal

__all__ = [
    "MOST_CANDIDATES",
    "Extractor",
    "Field",
    "FieldType",
    "FieldsInvalidError",
    "Found",
    "Labelled",
    "Learned",
    "candidates",
    "key",
    "learn",
    "normal",
]
