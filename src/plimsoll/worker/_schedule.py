"""When the next refresh is due: rules without a clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from plimsoll.project import Project


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a knowledge base is refreshed without being asked.

    - With `every_s` the next is due that long after the last was asked for, whoever asked; the first is due at once.
    - With `cron` it is due at the first moment that the text names after the last was asked for, in the clock time of
      `zone`. Of moments that nobody was there for, one is made up for and the others are not.
    - Where clocks go forward over the moment, it is due when they have; where they go back, a moment that comes twice
      is due twice.
    """

    every_s: int | None = None
    cron: str | None = None
    zone: str = "UTC"
    on_change_s: int | None = None

    def due_at(self, last: datetime | None, started: datetime) -> datetime | None:
        """When the next refresh is due, given when the last was asked for and when this worker started."""
        if self.every_s is not None:
            return started if last is None else last + timedelta(seconds=self.every_s)
        if self.cron is not None:
            return _after(self.cron, self.zone, started if last is None else last)
        return None


def schedules_of(project: Project) -> Mapping[str, Schedule]:
    """The schedules of the knowledge bases that have one."""
    return {
        name: Schedule(wanted.every_s, wanted.cron, wanted.zone, wanted.on_change_s)
        for name, wanted in ((name, knowledge.refresh) for name, knowledge in project.knowledge.items())
        if wanted.is_scheduled
    }


def _after(cron: str, zone: str, moment: datetime) -> datetime:
    from croniter import croniter  # type: ignore[import-untyped]  # it has no types

    found: datetime = croniter(cron, moment.astimezone(ZoneInfo(zone))).get_next(datetime)
    return found.astimezone(UTC)
