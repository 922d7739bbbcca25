"""Questions made from sentences of documents, with the words that answer them. English alone.

Here: sentences that say one thing (`sentences`), questions by the form of a sentence (`proposals`), leaving out what a
corpus answers in two ways (`unambiguous`), and questions that it cannot answer (`swapped`). Pure functions over texts.
Not here: where the documents are, and whether a reader finds the answer (`plimsoll.flows.dataset`).
"""

from ._corpus import Corpus
from ._forms import Proposal, proposals
from ._sentences import Sentence, sentences
from ._swap import swapped

__all__ = ["Corpus", "Proposal", "Sentence", "proposals", "sentences", "swapped"]
