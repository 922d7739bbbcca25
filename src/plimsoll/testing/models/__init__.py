"""The conformance suite for language models, for authors of providers. It needs pytest, and no network but loopback.

Here: `ProviderConformance`, what a provider must make of a server's answers and faults; `ChatModelContract`, what every
chat model keeps to; the scripted server (`scripted`) and its scripts; `wires`, the forms of known providers from the
server's side. Not here: the models (`plimsoll.models`).
"""

from . import _rewrite  # noqa: F401 before the suites: then pytest shows what an assertion compared
from ._asking import KEY, Provider, tell
from ._conformance import ProviderConformance
from ._contract import ChatModelContract
from ._script import (
    Received,
    ScriptedAnswer,
    ScriptedCall,
    ScriptedRefusal,
    ScriptedUsage,
    Shape,
    Wire,
    Wired,
)
from ._server import Raw, scripted

__all__ = [
    "KEY",
    "ChatModelContract",
    "Provider",
    "ProviderConformance",
    "Raw",
    "Received",
    "ScriptedAnswer",
    "ScriptedCall",
    "ScriptedRefusal",
    "ScriptedUsage",
    "Shape",
    "Wire",
    "Wired",
    "scripted",
    "tell",
]
