"""Jobs as people see them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from plimsoll.flows.refresh import RefreshState

JobState = Literal["waiting", "running", "done", "fault"]
"""`done` says nothing of how the refresh ended; `fault` is an error that nobody expected, or too many restarts."""

GIVEN_UP: Final = "cancelled"
"""The fault of a job that somebody ended."""

Tell = Callable[[str, int, int], None]
"""Called with the name of a stage, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the step of a job has come."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Job:
    """One refresh of one knowledge base."""

    id: str
    knowledge: str
    asked_by: str
    asked_at: datetime
    state: JobState
    steps: tuple[str, ...] = ()
    """The steps that are finished, in their order."""
    progress: Progress | None = None
    ended_at: datetime | None = None
    result: RefreshState | None = None
    """How it ended; None until then."""
    restarts: int = 0
    """How often it went on after the end of a process."""
    fault: str = ""

    @property
    def is_given_up(self) -> bool:
        """Whether somebody ended it."""
        return self.state == "fault" and self.fault == GIVEN_UP

    @property
    def is_active(self) -> bool:
        """Whether it has not ended."""
        return self.state in {"waiting", "running"}
