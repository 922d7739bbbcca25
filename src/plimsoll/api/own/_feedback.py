"""`POST /v1/feedback`: what a person thinks of an answer."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from .._errors import FieldError
from ..wire import as_type, json_bytes, read_object

_ANSWER_IDS: Final = ("chatcmpl-", "resp_", "msg_")
_LONGEST_COMMENT: Final = 10_000
_TRACE_LENGTH: Final = 32
_HEX: Final = frozenset("0123456789abcdef")


class FeedbackIn(Struct, forbid_unknown_fields=True):
    """A judgement of one answer; at least one of `score`, `label` and `comment` says something."""

    trace: Annotated[str, Meta(max_length=100)] = ""
    """The trace, as in `x-plimsoll-trace`; or the answer's `id`, such as `chatcmpl-…`, `resp_…` or `msg_…`."""
    score: Annotated[float, Meta(ge=-1, le=1)] | bool | None = None
    """From -1 (bad) to 1 (good); true is 1, and false is -1."""
    label: Annotated[str, Meta(max_length=100)] = ""
    """A word of the caller's own, such as `wrong-citation`."""
    comment: Annotated[str, Meta(max_length=_LONGEST_COMMENT)] = ""
    user: Annotated[str, Meta(max_length=256)] = ""
    """Who judges: a pseudonym."""


class FeedbackOut(Struct):
    """That the judgement is kept."""

    trace: str
    object: str = "feedback"
    accepted: bool = True


def read_feedback(body: bytes) -> FeedbackIn:
    """The judgement in `body`, with the bare trace id and a score that is a number. Raises FieldError."""
    given = as_type(read_object(body), FeedbackIn)
    trace = given.trace
    for start in _ANSWER_IDS:
        trace = trace.removeprefix(start)
    if len(trace) != _TRACE_LENGTH or not _HEX.issuperset(trace):
        raise FieldError("trace", "this is neither a trace nor the id of an answer", hint="send the answer's `id`")
    if given.score is None and not given.label and not given.comment:
        raise FieldError("score", "nothing is said about the answer", hint="send `score`, `label` or `comment`")
    given.trace = trace
    if isinstance(given.score, bool):
        given.score = 1.0 if given.score else -1.0
    return given


def write_feedback(given: FeedbackIn) -> bytes:
    """That `given` is kept."""
    return json_bytes(FeedbackOut(given.trace))
