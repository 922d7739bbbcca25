"""What the flows about guardrails are given."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from plimsoll.guardrails import Policy
from plimsoll.kernel.digest import Json
from plimsoll.ledger import By
from plimsoll.registry import Registry
from plimsoll.releases import Releases
from plimsoll.releases.environments import Environments
from plimsoll.reviews.marks import Marks
from plimsoll.tracing import Traces
from plimsoll.tracing.triggers import TriggerFilter, Triggers

NOBODY = By("")
"""Where nobody was asked who they are."""


@dataclass(frozen=True)
class GuardParts:
    """The records that say what guardrails did."""

    app: str
    traces: Traces
    marks: Marks
    registry: Registry
    releases: Releases
    environments: Environments
    flush: Callable[[], None]
    """Makes what was just recorded readable."""
    make_policy: Callable[[str, Json], Policy] = Policy.load
    """Compiles a policy of a release; one that cannot be compiled blocks everything, and says why."""
    name_of: Callable[[str], str] = str
    """The name of an actor by their pseudonym; the pseudonym where nobody knows it."""

    @cached_property
    def triggers(self) -> Triggers:
        """What guardrails found."""
        return Triggers(self.traces)


@dataclass(frozen=True, slots=True)
class MarkWish:
    """What somebody says of the triggers of one request."""

    trace: str
    """The id of the request, the first digits of it, or the id of its answer."""
    check: str
    said: str
    """`right`, `wrong`, `missed` or `withdrawn`."""
    stage: str | None = None
    """All stages without it; must be said for what was missed."""
    kind: str | None = None
    """All kinds without it."""
    note: str = ""
    by: By = NOBODY


@dataclass(frozen=True, slots=True)
class Window:
    """The requests that are looked at: those that began from one moment to before another."""

    since: datetime
    until: datetime
    endpoint: str | None = None

    @property
    def filter(self) -> TriggerFilter:
        """The same for the store."""
        return TriggerFilter(since=self.since, until=self.until, endpoint=self.endpoint)
