"""What a row of a dataset is."""

from dataclasses import dataclass

import msgspec

from plimsoll.kernel.digest import Json

from ._errors import RowInvalidError


@dataclass(frozen=True, slots=True)
class Row:
    """One question, and what is known about its answer."""

    id: str
    """Unique in its dataset; a row without one is called after its line, `row-7`."""
    question: str
    answers: tuple[str, ...]
    """Texts of which each would be right; empty exactly when the question is not answerable."""
    documents: tuple[str, ...]
    """Paths of the documents in which the answer stands, as they are called inside their source."""
    answerable: bool
    """False when the right answer is that the documents do not say."""
    tags: tuple[str, ...]
    """Names of the slices to which the row belongs."""
    group: str = ""
    """What the row shares with others, such as a conversation or a document: rows of one group are not independent."""

    def asked(self) -> Json:
        """What an endpoint is given: all that an answer may depend on."""
        return self.question

    def to_json(self) -> Json:
        """Every field, also those that were not written down."""
        return {
            "id": self.id,
            "question": self.question,
            "answers": list(self.answers),
            "documents": list(self.documents),
            "answerable": self.answerable,
            "tags": list(self.tags),
            **({"group": self.group} if self.group else {}),
        }

    @classmethod
    def from_json(cls, value: Json) -> "Row":
        """The row that `to_json` wrote. Raises RowInvalidError for anything else."""
        try:
            return msgspec.convert(value, cls)
        except msgspec.ValidationError as error:
            raise RowInvalidError(str(error)) from error
