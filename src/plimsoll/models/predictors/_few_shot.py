"""Classification from a few examples of each label, on their embeddings.

A label's place is the mean of the unit vectors of its examples, scaled to length 1 (a nearest-centroid, or Rocchio,
classifier: Manning, Raghavan, Schütze, Introduction to Information Retrieval, 2008, section 14.2). A text's score for a
label is the cosine between the two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .._types import Embedder
from ._errors import FeatureMissingError, FewShotInvalidError
from ._types import Prediction

NAME: Final = "few_shot"
_FEWEST_LABELS: Final = 2


@dataclass(frozen=True, slots=True)
class FewShot:
    """A few-shot classifier; safe for several threads."""

    labels: tuple[str, ...]
    centroids: NDArray[np.float32]
    """Unit vectors, shape (labels, dimension)."""
    embedder: Embedder
    feature: str
    at_least: float
    """The cosine below which no label is given."""
    name: str = NAME

    def predict(self, rows: Sequence[Mapping[str, Any]]) -> tuple[Prediction, ...]:
        """One prediction for each row. Raises FeatureMissingError."""
        texts = [self._text(number, row) for number, row in enumerate(rows)]
        if not texts:
            return ()
        cosines = self.embedder.embed(texts) @ self.centroids.T
        return tuple(self._prediction(row) for row in cosines)

    def _text(self, number: int, row: Mapping[str, Any]) -> str:
        text = row.get(self.feature)
        if not isinstance(text, str) or not text.strip():
            raise FeatureMissingError(number, self.feature)
        return text

    def _prediction(self, cosines: NDArray[np.float32]) -> Prediction:
        best = int(np.argmax(cosines))
        score = float(cosines[best])
        scores = {label: round(float(cosine), 6) for label, cosine in zip(self.labels, cosines, strict=True)}
        return Prediction(self.labels[best] if score >= self.at_least else None, round(score, 6), scores)


def make_few_shot(content: Mapping[str, Any], embedder: Embedder) -> FewShot:
    """The classifier that a version's content describes: `labels`, `feature`, `at_least`.

    Raises FewShotInvalidError when there are fewer than two labels, or one has no example that can be embedded.
    """
    labels: Mapping[str, Sequence[str]] = content["labels"]
    if len(labels) < _FEWEST_LABELS:
        raise FewShotInvalidError(f"it has {len(labels)} labels")
    centroids = [_centroid(label, examples, embedder) for label, examples in labels.items()]
    return FewShot(tuple(labels), np.stack(centroids), embedder, content["feature"], content["at_least"])


def _centroid(label: str, examples: Sequence[str], embedder: Embedder) -> NDArray[np.float32]:
    total = embedder.embed(list(examples)).sum(axis=0) if examples else np.zeros(embedder.dimension, np.float32)
    length = float(np.linalg.norm(total))
    if not length:
        raise FewShotInvalidError(f"no example of the label `{label}` has a known word")
    mean: NDArray[np.float32] = (total / length).astype(np.float32)
    return mean
