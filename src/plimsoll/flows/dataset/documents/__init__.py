"""Questions from the documents of a knowledge base, each with the place of the words that prove its answer.

In this order: texts (`_texts`), questions from the forms of sentences or from a model (`_made`, `_model`), and what a
reader cannot answer from that passage alone is dropped (`_proof`). Not here: the forms of sentences
(`plimsoll.datasets.questions`).
"""

from ._asking import RouteUnservedError, asker, served_name
from ._errors import NoTextsError
from ._from_documents import DocumentParts, DocumentReport, DocumentWish, from_documents
from ._model import Ask
from ._proof import OpenReader
from ._texts import documents_of

__all__ = [
    "Ask",
    "DocumentParts",
    "DocumentReport",
    "DocumentWish",
    "NoTextsError",
    "OpenReader",
    "RouteUnservedError",
    "asker",
    "documents_of",
    "from_documents",
    "served_name",
]
