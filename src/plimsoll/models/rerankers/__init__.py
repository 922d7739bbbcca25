"""What reads a question and a passage together, and says how well they fit: slower than a search, and better.

Here: the port `Reranker`, cross-encoders in folders, late interaction over the vectors of tokens, and servers with a
`/rerank`. Not here: making one by its name (`plimsoll.models.catalogue`), and which passages are read again
(`plimsoll.retrieval`).
"""

from ._errors import ScoresWrongError
from ._types import Reranker, RerankerSettings

__all__ = ["Reranker", "RerankerSettings", "ScoresWrongError"]
