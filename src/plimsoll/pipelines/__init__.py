"""Running stages: a cache by content, so that only what changed is done again, and executors for heavy work.

What a stage does is known by the room that it comes from; this room knows keys, bytes and processes.
"""

from ._cache import CachedStage, StageCount
from ._errors import StageCrashedError, StageOutputLostError, StageTimeoutError
from ._store import StageCache
from .executors import Done, Failed, Outcome, map_isolated

__all__ = [
    "CachedStage",
    "Done",
    "Failed",
    "Outcome",
    "StageCache",
    "StageCount",
    "StageCrashedError",
    "StageOutputLostError",
    "StageTimeoutError",
    "map_isolated",
]
