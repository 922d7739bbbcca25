"""What a build needs, and what it tells."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from plimsoll.access import Acting
from plimsoll.kernel.digest import Digest, Json
from plimsoll.models import ChatModel, Embedder
from plimsoll.pipelines import StageCache, StageCount
from plimsoll.project import Project
from plimsoll.registry import Registry, Version
from plimsoll.releases import Manifest, Releases
from plimsoll.retrieval import IndexedDocument, SegmentRef, Snapshot

from .canary import Canaries

Fate = Literal["indexed", "duplicate", "near_duplicate", "skipped", "failed"]

OnProgress = Callable[[str, int, int], None]
"""Called with the name of a stage, how much of it is done, and how much there is."""


def no_progress(_stage: str, _done: int, _total: int) -> None:
    """Tell nobody."""


def no_one(_project: Project) -> None:
    """Nobody can be asked: such a check gives no answer."""


@dataclass(frozen=True, slots=True)
class BuildParts:
    """Everything that a build needs from outside."""

    registry: Registry
    releases: Releases
    cache: StageCache
    write_segment: Callable[[Sequence[IndexedDocument], NDArray[np.float32]], SegmentRef]
    has_segment: Callable[[Digest], bool]
    make_embedder: Callable[[Mapping[str, Any] | str], Embedder]
    """An embedder by its name, or from the `embed` group of a knowledge base."""
    open_route: Callable[[str, Json], AbstractAsyncContextManager[ChatModel]]
    """The model of a route, from its name and the content of its version; it is closed at the end."""
    require_engine: Callable[[str | None], None]
    """Raises what is right where the engine that a knowledge base names, or else the installation, cannot be used."""
    prepare_index: Callable[[Json, Json], None]
    """Makes an index ready to be searched, given the contents of its version and of its knowledge version."""
    prune_indexes: Callable[[Collection[Digest]], None]
    """Forgets what was prepared for any other index versions than these."""
    canaries: Canaries
    """The probe vectors by which a silent change of an embedder is noticed."""
    resolve: Callable[[str], str]
    """Puts secrets in the place of `${env:NAME}`. Raises what is right where one is not set."""
    workers: int
    acting: Acting
    """Who builds; needs the right `publish`."""
    source_commit: str
    ready: Callable[[], Iterable[Manifest]]
    """The manifests whose indexes stay ready to be searched."""
    claim: Callable[[str], None]
    """Raises ConflictError when another project has the application's name in the same place."""
    outside: Callable[[Project], object] = no_one
    """What checks of guardrails need that ask somebody else, for the tests that stand in their files."""
    on_progress: OnProgress = no_progress


def of_knowledge(parts: BuildParts, app: str, name: str) -> BuildParts:
    """The parts for one knowledge base."""
    return replace(parts, canaries=parts.canaries.of(app, name))


@dataclass(frozen=True, slots=True)
class DocumentOutcome:
    """What became of one file of a source."""

    path: str
    fate: Fate
    reason: str = ""
    """Why it is not indexed, in one sentence; empty for indexed ones."""
    hint: str = ""
    notes: tuple[str, ...] = ()
    digest: Digest = ""


@dataclass(frozen=True, slots=True)
class KnowledgeBuilt:
    """What became of one knowledge base."""

    name: str
    snapshot: Snapshot
    outcomes: tuple[DocumentOutcome, ...]
    """Every file of its sources, by path."""

    @property
    def indexed(self) -> int:
        """How many documents can be found."""
        return sum(outcome.fate == "indexed" for outcome in self.outcomes)


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did."""

    draft: Manifest
    versions: tuple[Version, ...]
    knowledge: tuple[KnowledgeBuilt, ...]
    stages: Mapping[str, StageCount] = field(default_factory=dict)
    same_draft: bool = False
    """Whether the build before made the very same draft."""
    notes: tuple[str, ...] = ()
    """What somebody should look at: exceptions from guardrails that have ended."""

    @property
    def work_done(self) -> int:
        """How many pieces of stage work were not known before; 0 when nothing had changed."""
        return sum(count.done for count in self.stages.values())
