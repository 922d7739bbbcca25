"""How the weights of the reader are fitted: pure functions from the rows of data sets to models.

Here: examples out of rows (`_questions`, `_meetings`, `_studies`), what each of them is made of (`_spans`, `_refusal`,
`_summaries`), the fitting itself (`_network`, `_linear`), and the folds of a cross-validation (`_folds`). Nothing here
runs when the reader answers. Not here: reading files and writing weights (`tools/train_reader.py`), and the features,
which are the reader's own.
"""

from ._folds import folds
from ._meetings import MeetingQuery, fit_summaries, meeting_queries
from ._network import NetworkPlan
from ._questions import Asked, asked_rows, fit_refusal, fit_spans
from ._studies import fit_verdicts

__all__ = [
    "Asked",
    "MeetingQuery",
    "NetworkPlan",
    "asked_rows",
    "fit_refusal",
    "fit_spans",
    "fit_summaries",
    "fit_verdicts",
    "folds",
    "meeting_queries",
]
