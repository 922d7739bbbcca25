"""What turns texts into vectors for an index.

Here: the embedders (static, all-MiniLM, models in folders, servers), what each of them is held to, and the canary that
notices a silent change. Behind a door of its own: text encoders in onnxruntime (`plimsoll.models.embedders.encoder`).
Not here: making an embedder by its name (`plimsoll.models.catalogue`), keeping vectors (`plimsoll.flows.build`), and
searching them (`plimsoll.retrieval`).
"""

from ._abilities import embed_query, steadiness_of
from ._canary import Canary, CanaryReport, ChangedProbe, canary_key, compare, require_unchanged, take_canary
from ._errors import EmbedderChangedError, VectorsWrongError
from ._guard import GuardedEmbedder, check_vectors
from ._types import EmbedderSettings, RemoteSettings

__all__ = [
    "Canary",
    "CanaryReport",
    "ChangedProbe",
    "EmbedderChangedError",
    "EmbedderSettings",
    "GuardedEmbedder",
    "RemoteSettings",
    "VectorsWrongError",
    "canary_key",
    "check_vectors",
    "compare",
    "embed_query",
    "require_unchanged",
    "steadiness_of",
    "take_canary",
]
