"""What may stand in `datasets/*.yaml`."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from plimsoll.datasets.files import Description, column_mistake

from .._fields import Text, refuse
from ._section import Definition


def _check_columns(columns: Mapping[str, str | tuple[str, ...]]) -> Mapping[str, str | tuple[str, ...]]:
    for key in columns:
        if instead := column_mistake(key):
            refuse(f"`{key}` is not a key of a row", instead)
    return columns


Columns = Annotated[Mapping[str, Text | tuple[Text, ...]], AfterValidator(_check_columns)]


class DatasetDefinition(Definition):
    """`datasets/*.yaml`: what is said about a file of rows."""

    file: Text | None = Field(None, description="a path from the project's folder on", examples=["file: data/faq.csv"])
    columns: Columns = Field(
        {}, description="keys of rows with their columns", examples=["columns: {question: prompt, answers: gold}"]
    )
    separator: Text | None = Field(None, description="text that is not empty", examples=['separator: "|"'])
    split: Literal["train", "dev", "test"] | None = Field(
        None, description="train, dev or test", examples=["split: test"]
    )
    licence: Text | None = Field(None, description="text that is not empty", examples=["licence: CC-BY-4.0"])
    origin: Text | None = Field(None, description="text that is not empty", examples=["origin: our support desk, 2025"])
    description: Text | None = Field(
        None, description="text that is not empty", examples=["description: questions of new customers"]
    )

    def described(self) -> Description:
        """The same for whoever reads the file."""
        return Description(
            file=self.file or "",
            columns=self.columns,
            separator=self.separator or "",
            split=self.split or "",
            licence=self.licence or "",
            origin=self.origin or "",
            description=self.description or "",
        )
