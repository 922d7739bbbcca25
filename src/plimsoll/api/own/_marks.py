"""`POST /api/guardrails/marks`: what a person says of what a guardrail found."""

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

from plimsoll.flows.guard import MarkWish
from plimsoll.kernel.clock import to_text
from plimsoll.ledger import By
from plimsoll.reviews.marks import Mark

from ..wire import as_type, json_bytes, read_object

Stage = Literal["input", "retrieved", "tool_call", "tool_result", "output"]


class MarkIn(Struct, forbid_unknown_fields=True):
    """Whether a trigger was right; or, with `missed`, that a check should have triggered and did not."""

    trace: Annotated[str, Meta(min_length=1, max_length=100)]
    """The trace, as in `x-plimsoll-trace`, the first digits of it, or the answer's `id`."""
    check: Annotated[str, Meta(min_length=1, max_length=200)]
    mark: Literal["right", "wrong", "missed", "withdrawn"]
    stage: Stage | None = None
    """All stages without it; needed with `missed`."""
    kind: Annotated[str, Meta(max_length=200)] | None = None
    """All kinds without it."""
    note: Annotated[str, Meta(max_length=2000)] = ""
    """Why, in the person's own words."""


class MarkOut(Struct):
    """A mark as it is kept."""

    entry: int
    """Its place in the ledger."""
    trace: str
    endpoint: str
    stage: str
    check: str
    kind: str
    version: str
    """Of the check."""
    action: str
    score: float
    mark: str
    by: str
    """Pseudonym of who said it."""
    at: str


class MarksOut(Struct):
    """What was marked: everything in the request that fits."""

    marks: list[MarkOut]
    object: str = "marks"


def read_mark(body: bytes, by: By) -> MarkWish:
    """The mark in `body`, said by somebody. Raises MalformedBodyError and FieldError."""
    given = as_type(read_object(body), MarkIn)
    trace = given.trace.removeprefix("resp_").removeprefix("msg_")
    return MarkWish(trace, given.check, given.mark, given.stage, given.kind, given.note, by)


def write_marks(marks: Sequence[Mark]) -> bytes:
    """What was written down."""
    return json_bytes(MarksOut([_out(one) for one in marks]))


def _out(mark: Mark) -> MarkOut:
    about = mark.about
    return MarkOut(
        entry=mark.sequence,
        trace=about.trace,
        endpoint=about.endpoint,
        stage=about.stage,
        check=about.check,
        kind=about.kind,
        version=about.version,
        action=about.action,
        score=about.score,
        mark=mark.said,
        by=mark.actor,
        at=to_text(mark.at),
    )
