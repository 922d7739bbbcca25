"""From a version's content to a classical model that can be asked."""

from collections.abc import Callable, Mapping
from typing import Any

from .._types import Embedder
from ._few_shot import make_few_shot
from ._fields import NAME as FIELDS
from ._fields import make_fields
from ._types import Predictor


def make_predictor(content: Mapping[str, Any], make_embedder: Callable[[str], Embedder]) -> Predictor:
    """The model that a version's content describes. Raises FewShotInvalidError and FieldsInvalidError."""
    if content["kind"] == FIELDS:
        return make_fields(content)
    return make_few_shot(content, make_embedder(content["embedder"]))
