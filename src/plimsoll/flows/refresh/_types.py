"""The state of one refresh, which says everything that the next step needs, and what a refresh needs from outside."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from plimsoll.kernel.digest import Digest
from plimsoll.pipelines import StageCache
from plimsoll.registry import Registry
from plimsoll.releases import Evidence, Releases
from plimsoll.releases.environments import Environments

from ..build import BuildParts
from ..promote import PromoteParts
from ..ship import EvaluateParts, FreezeParts

AskedBy = Literal["command", "schedule", "change"]

Outcome = Literal["unchanged", "built", "not measured", "refused", "candidate", "live", "failed"]
"""How a refresh ended.

- `unchanged`: the sources hold what the live index was made of; nothing was done.
- `built`: the index is published, and there is no live release that could be given it.
- `not measured`: a gate has no figure, or there is no gate.
- `refused`: a gate said no, or the live release is better.
- `candidate`: a release was made that a person may ship.
- `live`: it answers now.
- `failed`: an error ended it. What is live stays as it was, here as in all others but `live`.
"""


@dataclass(frozen=True, slots=True)
class Change:
    """How many documents are other ones than those of the live index."""

    added: int
    changed: int
    removed: int

    @property
    def total(self) -> int:
        """How many documents differ."""
        return self.added + self.changed + self.removed


@dataclass(frozen=True, slots=True)
class GateFinding:
    """What one suite said of the new index, and of the live release on the same rows."""

    suite: str
    verdict: str
    why: str
    measures: Mapping[str, float | None]
    live: Mapping[str, float | None]
    worse_rows: tuple[str, ...] = ()
    """Rows on which the live release does better, at most ten of them."""


@dataclass(frozen=True, slots=True)
class RefreshState:
    """How far a refresh has come. `outcome` is empty until it has ended."""

    knowledge: str
    asked_by: AskedBy = "command"
    step: str = ""
    """The last step that was done."""
    environment: str = ""
    live: Digest = ""
    """The release that was live there when it began; empty for none."""
    unchecked: str = ""
    """Why the embedder could not be asked whether it is what it was; empty where it was asked, and is."""
    seen: Digest = ""
    """What the sources hold; see `plimsoll.flows.build.Sighting`."""
    files: Digest = ""
    """Of the files that were seen and their digests."""
    change: Change | None = None
    artifacts: Mapping[str, Digest] = field(default_factory=dict)
    """The versions of source, settings and index that were built."""
    indexed: int = 0
    """Documents that can be found in the new index."""
    failed: int = 0
    """Documents that could not be read, and are not in it."""
    gates: tuple[GateFinding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    release: Digest = ""
    outcome: Outcome | Literal[""] = ""
    why: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class RefreshParts:
    """Everything that a refresh needs from outside."""

    build: BuildParts
    registry: Registry
    releases: Releases
    environments: Environments
    cache: StageCache
    declared: tuple[str, ...]
    """The environments of plimsoll.yaml, in their order."""
    evaluate: Callable[[], EvaluateParts]
    """Makes what running suites needs, for one event loop."""
    freeze: FreezeParts
    promote: PromoteParts
    last: RefreshState | None = None
    """How the refresh before ended, of the same knowledge base."""
