"""What people said of an answer, as what is expected of the next one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from plimsoll.tracing import Trace
from plimsoll.tracing.feedback import Judgement

Said = Literal["none", "good", "bad", "corrected", "disputed"]

CORRECTION: Final = "correction"
"""The label of feedback whose comment is the right answer."""
UNANSWERABLE: Final = "unanswerable"
"""The label of feedback that says that refusing is right."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What is known of the right answer."""

    feedback: Said
    answers: tuple[str, ...] = ()
    answerable: bool = True
    """False when refusing is right; True also where nobody knows."""
    documents: tuple[str, ...] = ()
    """That an answer which was found right cites."""


def expected_of(trace: Trace, judgements: Sequence[Judgement]) -> Expected:
    """What people said, by what weighs most.

    - A correction (label `correction`, the answer as the comment) is the expected answer; the latest first.
    - The label `unanswerable` says that refusing is right.
    - Good and bad together say nothing.
    - An answer that was only found good is the expected one; where it was a refusal, refusing is right.
    - Of an answer that was found bad, or that nobody judged, nobody knows what is right: a model's own answer is never
      taken for it.
    """
    said = [judgement.said for judgement in judgements]
    corrections = [one.comment.strip() for one in reversed(said) if one.label == CORRECTION and one.comment.strip()]
    if corrections:
        return Expected("corrected", tuple(dict.fromkeys(corrections)))
    if any(one.label == UNANSWERABLE for one in said):
        return Expected("corrected", answerable=False)
    good = any(one.score is not None and one.score > 0 for one in said)
    bad = any(one.score is not None and one.score < 0 for one in said)
    if good and bad:
        return Expected("disputed")
    if bad or not good or not trace.answer.strip():
        return Expected("bad" if bad else "none")
    if trace.answered is False:
        return Expected("good", answerable=False)
    cited = dict.fromkeys(str(citation["document"]) for citation in trace.citations if citation.get("document"))
    return Expected("good", (trace.answer.strip(),), documents=tuple(cited))
