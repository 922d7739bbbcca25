"""What may stand in `models/*.yaml`."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from plimsoll.kernel.digest import Json

from .._errors import shown
from .._fields import EmbedderName, Finite, Text, check_unique, refuse
from ._section import Definition, Section

FIELDS = "fields"
"""The kind that finds the values of fields, and may learn from a dataset of labelled texts."""

_LABEL_LENGTH = 200
_NEEDED: Mapping[str, tuple[str, ...]] = {"few_shot": ("labels",), FIELDS: ("fields",)}
_ALLOWED: Mapping[str, tuple[str, ...]] = {"few_shot": ("embedder", "at_least"), FIELDS: ("examples",)}
_WHERE_MISSING: Mapping[str, str] = {
    "labels": 'write `labels: {invoice: ["Invoice number 4711"], contract: ["This agreement begins on …"]}`',
    "fields": "write `fields: {total: {type: amount}}`",
}


def _check_label(label: str) -> str:
    if not label.strip() or not label.isprintable() or len(label) > _LABEL_LENGTH:
        refuse(f"{shown(label)} cannot be a label", f"write at most {_LABEL_LENGTH} characters on one line")
    return label


def _check_examples(examples: object) -> object:
    if not isinstance(examples, tuple) or not examples:
        refuse("this label has no list of examples", 'write at least one text behind it: ["Invoice number 4711"]')
    return examples


def _check_example(example: object) -> object:
    if not isinstance(example, str) or not example.strip():
        refuse(f"an example is {shown(example)}, and no text", "write a text, in quotes where it looks like a number")
    return example


def _check_field(name: str) -> str:
    if not name.isascii() or not name.replace("_", "").replace("-", "").isalnum() or len(name) > _LABEL_LENGTH:
        refuse(f"{shown(name)} cannot be the name of a field", "choose letters, digits, `_` and `-`")
    return name


Example = Annotated[str, BeforeValidator(_check_example)]
Examples = Annotated[tuple[Example, ...], AfterValidator(check_unique), BeforeValidator(_check_examples)]
FieldType = Literal[
    "date", "amount", "percentage", "duration", "party", "place", "identifier", "number", "line", "lines"
]


class FieldSection(Section):
    """Something that a text says once, or several times."""

    type: FieldType = Field(
        description="date, amount, percentage, duration, party, place, identifier, number, line or lines",
        examples=["type: amount"],
    )
    description: str = Field(
        "", description="words that stand near the value", examples=["description: sum due, total to pay"]
    )
    many: bool = Field(default=False, description="true or false", examples=["many: true"])


class ModelDefinition(Definition):
    """`models/*.yaml`: a classical model.

    One of kind `few_shot` learns each label from a few examples of it; one of kind `fields` finds the values of fields,
    and learns where they stand from a dataset of labelled texts.
    """

    kind: Literal["few_shot", "fields"] = Field(description="few_shot or fields", examples=["kind: few_shot"])
    embedder: EmbedderName = Field("builtin/static", description="text", examples=["embedder: builtin/static"])
    feature: Text = Field("text", description="text that is not empty", examples=["feature: text"])
    labels: Mapping[Annotated[str, AfterValidator(_check_label)], Examples] | None = Field(
        None,
        min_length=2,
        validate_default=True,
        description="a group of at least two labels, each with a list of examples",
        examples=['labels: {invoice: ["Invoice number 4711"], contract: ["This agreement begins on …"]}'],
    )
    at_least: Finite = Field(0, ge=-1, le=1, description="a number from -1 to 1", examples=["at_least: 0.35"])
    fields: Mapping[Annotated[str, AfterValidator(_check_field)], FieldSection] | None = Field(
        None,
        min_length=1,
        validate_default=True,
        description="a group of fields, each with its type",
        examples=["fields: {total: {type: amount}}"],
    )
    examples: str | None = Field(
        None, description="the name of a dataset of labelled texts", examples=["examples: invoice-labels"]
    )

    @field_validator("embedder", "labels", "at_least", "fields", "examples")
    @classmethod
    def _check_kind(cls, value: object, info: ValidationInfo) -> object:
        kind, key = info.data.get("kind"), info.field_name or ""
        if kind is None:  # it is wrong itself, and nobody knows what it asks for
            return value
        if value is None and key in _NEEDED[kind]:
            refuse(f"`{key}` is missing; a model of kind {kind} needs it", _WHERE_MISSING[key])
        if value is not None and key not in (*_NEEDED[kind], *_ALLOWED[kind]):
            refuse(f"a model of kind {kind} uses no `{key}`", "take it away")
        return value

    def content(self) -> dict[str, Json]:
        """The canonical content, which names only what a model of this kind can have."""
        content: dict[str, Json] = self.model_dump(mode="json")
        return {key: content[key] for key in ("kind", "feature", *_NEEDED[self.kind], *_ALLOWED[self.kind])}
