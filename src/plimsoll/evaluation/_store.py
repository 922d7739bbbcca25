"""Runs, kept as evidence under their digests."""

from typing import Any

from msgspec import json

from plimsoll.kernel.digest import Digest, canonical_json
from plimsoll.storage import Blobs

from ._types import Run


class Runs:
    """Every run that was kept."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    def keep(self, run: Run) -> Digest:
        """Keep a run with every row, and return its address."""
        return self._blobs.put(canonical_json(run.to_json()))

    def get(self, digest: Digest) -> dict[str, Any]:
        """The content of a run that was kept. Raises NotFoundError and IntegrityError."""
        content: dict[str, Any] = json.decode(self._blobs.get(digest))
        return content
