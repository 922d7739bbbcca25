"""How the weights of the reader are fitted: pure functions from questions with known answers to a network.

Here: examples out of questions, paragraphs and answers (`_spans`, `_refusal`, `_summaries`, `_verdicts`), and the
fitting itself (`_network`, `_linear`). Nothing here runs when the reader answers. Not here: reading data sets and
writing the file of weights (`tools/train_reader.py`), and the features, which are the reader's own.
"""

from ._network import NetworkPlan, fit_network
from ._spans import SpanExample, span_example

__all__ = [
    "NetworkPlan",
    "SpanExample",
    "fit_logistic",
    "fit_network",
    "fit_ridge",
    "fit_softmax",
    "refusal_rows",
    "span_example",
    "utterance_gains",
]
