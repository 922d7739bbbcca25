"""Extractive summaries, for a query or of the whole: the utterances that matter, in their order, without fillers.

Here: cutting turns or paragraphs into utterances (`_utterances`), features of each for a query (`_features`), and
choosing among them (`_choose`). It makes no words of its own. Not here: fitting the weights (`reader.training`).
"""

from ._choose import SummaryPlan, summarise
from ._features import is_general, prepare, utterance_features
from ._types import Meeting, Summary, Turn, Utterance
from ._utterances import utterances

__all__ = [
    "Meeting",
    "Summary",
    "SummaryPlan",
    "Turn",
    "Utterance",
    "is_general",
    "prepare",
    "summarise",
    "utterance_features",
    "utterances",
]
