"""What classical models are asked: rows of features."""

from collections.abc import Mapping
from typing import Any

from ._errors import FeatureMissingError


def text_of(row: Mapping[str, Any], number: int, feature: str) -> str:
    """The text in a feature of row number `number`. Raises FeatureMissingError."""
    text = row.get(feature)
    if not isinstance(text, str) or not text.strip():
        raise FeatureMissingError(number, feature)
    return text
