"""Which stretch of a quotation answers: a small network, trained by `reader.training`, over features of each stretch.

Here: the words of a unit as arrays (`_reading`, `_classes`), features of its candidates (`_shape`, `_borders`,
`_nearness`, `_meaning`, put together in `_features`), and the network that weighs them (`_network`).
Not here: which stretches are candidates at all (`reader._spans`), and where weights come from (`reader._weights`).
"""

from ._features import COUNT, span_features
from ._network import Network, scaled

__all__ = ["COUNT", "Network", "scaled", "span_features"]
