"""What serving is made of: the concrete parts that the composition root hands in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from plimsoll.kernel.digest import Json
from plimsoll.models import ChatModel
from plimsoll.registry import Registry
from plimsoll.releases import Releases
from plimsoll.releases.environments import Environments
from plimsoll.retrieval import Hit, SearchSettings
from plimsoll.tracing import Recorder


class Searcher(Protocol):
    """An open index."""

    def search(self, query: str, settings: SearchSettings) -> tuple[Hit, ...]:
        """The best passages for a question, best first."""

    def close(self) -> None:
        """Give back files and memory."""


@dataclass(frozen=True, slots=True)
class ServeParts:
    """Everything that the serving flow needs from outside."""

    registry: Registry
    releases: Releases
    environments: Environments
    recorder: Recorder
    open_index: Callable[[Json, str], Searcher]
    """Opens the index whose version has this content, with the embedder of this name."""
    make_model: Callable[[str, Json], ChatModel]
    """The chat model of a route, from its name and the content of its version."""
