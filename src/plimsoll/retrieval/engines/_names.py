"""Names of the places of grown indexes."""

import re
from hashlib import sha256
from typing import Final

from .._snapshot import Snapshot

_DIGITS: Final = 16
_MOST_PLAIN: Final = 24


def own_name(knowledge: str, snapshot: Snapshot, rows_format: str) -> str:
    """The name of the place for the snapshots of a knowledge base that were made by the embedder of this one.

    Small letters, digits and `_`, at most 41 of them; another one for every knowledge base, embedder, dimension and
    format of rows.
    """
    parts = (rows_format, knowledge, snapshot.embedder, str(snapshot.dimension))
    plain = re.sub(r"[^a-z0-9]+", "_", knowledge.lower()).strip("_")[:_MOST_PLAIN]
    return f"{plain}_{sha256(chr(0).join(parts).encode()).hexdigest()[:_DIGITS]}"
