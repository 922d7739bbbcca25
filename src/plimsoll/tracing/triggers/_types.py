"""What is known of a trigger."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

NO_ANSWER = "check_failed"
"""The kind of a note that says that a check gave no answer: that is no trigger, and no pass either."""

Dimension = Literal["check", "version", "kind", "stage", "action", "endpoint"]
"""By what triggers can be counted."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """What a check found at one stage of one request: never the text."""

    trace: str
    at: datetime
    """When the request began."""
    environment: str
    endpoint: str
    release: str
    """Full digest of the release (or draft) that answered."""
    stage: str
    check: str
    kind: str
    action: str
    count: int
    """How many times it was found there."""
    score: float
    """The highest of them."""
    version: str
    """Of the check; empty where nobody wrote it down."""

    @property
    def answered(self) -> bool:
        """False where this says that the check gave no answer."""
        return self.kind != NO_ANSWER


@dataclass(frozen=True, slots=True)
class TriggerFilter:
    """Which triggers are wanted; what is None does not matter."""

    check: str | None = None
    version: str | None = None
    stage: str | None = None
    action: str | None = None
    endpoint: str | None = None
    environment: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Before this moment."""
    tests_too: bool = False
    """Also the questions of suites, and replays."""


@dataclass(frozen=True, slots=True)
class TriggerPage:
    """Some triggers, those of the newest requests first, and where to go on."""

    triggers: tuple[Trigger, ...]
    next: str
    """What to pass as `after` for the next page; empty when there is none."""


@dataclass(frozen=True, slots=True)
class TriggerCount:
    """How often something triggered."""

    by: Mapping[Dimension, str]
    requests: int
    """Requests in which it triggered at least once."""
    found: int
    """Everything that was found in them."""
    failed: int
    """Requests in which the check gave no answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How many requests one release answered at one endpoint."""

    release: str
    endpoint: str
    requests: int
