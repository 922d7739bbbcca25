"""The list of models, in Anthropic's shape: for callers who send `anthropic-version`."""

from collections.abc import Sequence
from typing import Any

from plimsoll.kernel.clock import to_text

from .._service import ServedModel
from ..wire import json_bytes


def model_of(model: ServedModel) -> dict[str, Any]:
    """One model."""
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.id,
        "created_at": to_text(model.created),
        "lifecycle": "active",
        "plimsoll": {"environment": model.environment, "release_name": model.release_name},
    }


def model_list(models: Sequence[ServedModel]) -> bytes:
    """All of them, on one page."""
    data = [model_of(model) for model in models]
    ids = [model.id for model in models]
    first, last = (ids[0], ids[-1]) if ids else (None, None)
    return json_bytes({"data": data, "has_more": False, "first_id": first, "last_id": last})
