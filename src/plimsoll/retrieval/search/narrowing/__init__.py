"""From chunks to those of their sentences that are worth giving.

Here: what is known of each sentence of the best chunks (`_facts`), a small network that says which share of it answers
(`_network`, trained by `tools/train_narrower.py`), and which sentences are given (`Narrowing`).
Not here: how chunks are found and ordered (the room above).
"""

from ._facts import CHUNK_FACTS, FACTS, chunk_facts
from ._narrow import Narrowed, Narrowing, Told
from ._network import NarrowerFormatError, Network, builtin_narrower, read_narrower

__all__ = [
    "CHUNK_FACTS",
    "FACTS",
    "Narrowed",
    "NarrowerFormatError",
    "Narrowing",
    "Network",
    "Told",
    "builtin_narrower",
    "chunk_facts",
    "read_narrower",
]
