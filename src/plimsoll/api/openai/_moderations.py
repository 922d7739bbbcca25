"""`POST /v1/moderations`: texts in, what they hold out."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from .._errors import UnsupportedFieldError
from ..wire import as_type, json_bytes, read_object

CATEGORIES: Final = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
"""OpenAI's; each stands in every answer."""

_MOST_INPUTS: Final = 256


class ModerationPartIn(Struct):
    """One part of an input."""

    type: str
    text: str = ""


class ModerationsIn(Struct):
    """The body of a request."""

    input: str | Annotated[list[str | ModerationPartIn], Meta(min_length=1, max_length=_MOST_INPUTS)]
    model: str | None = None


class ModerationOut(Struct):
    """What one text holds."""

    flagged: bool
    categories: dict[str, bool]
    category_scores: dict[str, float]
    category_applied_input_types: dict[str, list[Literal["text", "image"]]]
    """Empty for a category that this server does not look for: its score of 0 means nothing."""


class ModerationsOut(Struct):
    """What each text holds, in their order."""

    id: str
    model: str
    results: list[ModerationOut]


def read_moderations(body: bytes) -> list[str]:
    """The texts in `body`. Parts of one input (a list of objects) are looked at one by one.

    Raises MalformedBodyError, FieldError, and UnsupportedFieldError for pictures.
    """
    asked = as_type(read_object(body), ModerationsIn)
    if isinstance(asked.input, str):
        return [asked.input]
    texts = []
    for number, given in enumerate(asked.input):
        if isinstance(given, ModerationPartIn) and given.type != "text":
            raise UnsupportedFieldError(f"input[{number}].type", "only text is looked at", hint="send texts")
        texts.append(given if isinstance(given, str) else given.text)
    return texts


def write_moderations(
    found: Sequence[Mapping[str, float]], *, model: str, trace_id: str, flag_from: float = 0.5
) -> bytes:
    """The answer: `found` are the scores of each text, by category, for those that were looked for.

    A category is true from a score of `flag_from` on.
    """
    results = [_result(scores, flag_from) for scores in found]
    return json_bytes(ModerationsOut(f"modr-{trace_id}", model, results))


def _result(scores: Mapping[str, float], flag_from: float) -> ModerationOut:
    flags = {name: scores.get(name, 0.0) >= flag_from for name in CATEGORIES}
    return ModerationOut(
        flagged=any(flags.values()),
        categories=flags,
        category_scores={name: float(scores.get(name, 0.0)) for name in CATEGORIES},
        category_applied_input_types={name: ["text"] if name in scores else [] for name in CATEGORIES},
    )
