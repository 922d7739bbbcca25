"""What is looked for in a document, and what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

FieldType = Literal[
    "date", "amount", "percentage", "duration", "party", "place", "identifier", "number", "line", "lines"
]
"""`line` is a whole line of the text; `lines` is one to four lines that follow each other, such as an address."""


@dataclass(frozen=True, slots=True)
class Field:
    """Something that a document says once, or several times."""

    name: str
    type: FieldType
    description: str = ""
    """Words that stand near the value, such as `sum due, total to pay`."""
    many: bool = False
    """Whether there can be several values, as of parties."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A document whose fields are known, to learn from; what a document does not say is left out."""

    text: str
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """A value: `document[start:end]` is where it stands, and `value` is it in the normal form of its type."""

    value: str
    start: int
    end: int
    confidence: float
    """From 0 to 1; a probability where labelled documents were given, else only an order."""
