"""What may stand in `models/*.yaml`."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from .._fields import EmbedderName, Finite, Text, check_unique, refuse
from .._mistakes import shown
from ._section import Definition

_LABEL_LENGTH = 200


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


Example = Annotated[str, BeforeValidator(_check_example)]
Examples = Annotated[tuple[Example, ...], AfterValidator(check_unique), BeforeValidator(_check_examples)]


class ModelDefinition(Definition):
    """`models/*.yaml`: a classical model. One of kind `few_shot` learns each label from a few examples of it."""

    kind: Literal["few_shot"] = Field(description="few_shot", examples=["kind: few_shot"])
    embedder: EmbedderName = Field("builtin/static", description="text", examples=["embedder: builtin/static"])
    feature: Text = Field("text", description="text that is not empty", examples=["feature: text"])
    labels: Mapping[Annotated[str, AfterValidator(_check_label)], Examples] = Field(
        min_length=2,
        description="a group of at least two labels, each with a list of examples",
        examples=['labels: {invoice: ["Invoice number 4711"], contract: ["This agreement begins on …"]}'],
    )
    at_least: Finite = Field(0, ge=-1, le=1, description="a number from -1 to 1", examples=["at_least: 0.35"])
