"""What an answer rests on: its passages, its citations, and the answer that is accepted. All of it runs here."""

from .._entries import ScorerEntry, rule_entry
from ._citation_correct import citation_correct
from ._citations import CITATIONS
from ._factual import FACTUAL
from ._groundedness import GROUNDED_ANSWER, GROUNDEDNESS
from ._trace import TRACE

GROUNDS: tuple[ScorerEntry, ...] = (
    rule_entry(citation_correct),
    GROUNDEDNESS,
    GROUNDED_ANSWER,
    *FACTUAL,
    *TRACE,
    *CITATIONS,
)

__all__ = ["GROUNDS"]
