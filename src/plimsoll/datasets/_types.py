"""What a row of a dataset is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from plimsoll.kernel.digest import Json

from ._errors import RowInvalidError

Split = Literal["", "train", "dev", "test"]
"""What a row is for: to learn from, to choose with, or to judge with; empty where nobody said."""

SPLITS: tuple[Split, ...] = ("train", "dev", "test")
"""The splits that have a name."""


@dataclass(frozen=True, slots=True)
class Row:
    """One question, and what is known about its answer."""

    id: str
    """Unique in its dataset; a row without one is called after its line, `row-7`."""
    question: str
    answers: tuple[str, ...]
    """Texts of which each would be right; empty where the question is not answerable, where `fields` say it all, and
    where nobody wrote the answer down."""
    documents: tuple[str, ...]
    """Paths of the documents in which the answer stands, as they are called inside their source."""
    answerable: bool
    """False when the right answer is that the documents do not say."""
    tags: tuple[str, ...]
    """Names of the slices to which the row belongs."""
    group: str = ""
    """What the row shares with others, such as a conversation or a document: rows of one group are not independent."""
    split: Split = ""
    """What the row is for; a suite of a dataset asks all of its rows, whatever they are for."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Values that an answer in JSON should have, by the names of its fields."""
    source: str = ""
    """Where the row comes from, such as `trace:0192…`, `document:handbook.md#page=3` or `file:faq.csv#row=7`."""

    @property
    def labelled(self) -> bool:
        """Whether it says what is right: an answer, values, or that there is none."""
        return bool(self.answers or self.fields) or not self.answerable

    def asked(self) -> Json:
        """What an endpoint is given: all that an answer may depend on."""
        return self.question

    def to_json(self) -> Json:
        """Every field, also those that were not written down; the last four only where something is known."""
        return {
            "id": self.id,
            "question": self.question,
            "answers": list(self.answers),
            "documents": list(self.documents),
            "answerable": self.answerable,
            "tags": list(self.tags),
            **({"group": self.group} if self.group else {}),
            **({"split": self.split} if self.split else {}),
            **({"fields": dict(self.fields)} if self.fields else {}),
            **({"source": self.source} if self.source else {}),
        }

    @classmethod
    def from_json(cls, value: Json) -> "Row":
        """The row that `to_json` wrote. Raises RowInvalidError for anything else."""
        try:
            return msgspec.convert(value, cls)
        except msgspec.ValidationError as error:
            raise RowInvalidError(str(error)) from error
