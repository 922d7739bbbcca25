"""A knowledge base is made anew: look, build, gate, release, ship; the live release stays until the last of them.

Each step takes the state of the refresh and gives the next one, so that whoever runs them can remember every state and
go on after the last one: see `plimsoll.worker`. A step that is done twice changes nothing the second time.
"""

from ._errors import KnowledgeUnknownError
from ._refresh import STEPS, Run, refresh, straight
from ._types import Change, GateFinding, Outcome, RefreshParts, RefreshState

__all__ = [
    "STEPS",
    "Change",
    "GateFinding",
    "KnowledgeUnknownError",
    "Outcome",
    "RefreshParts",
    "RefreshState",
    "Run",
    "refresh",
    "straight",
]
