"""When a knowledge base is made anew, and what lets the new one go live."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from ..._errors import shown
from ..._fields import Finite, Name, Names, Zone, refuse
from .._section import Section

_SPAN = re.compile(r"([1-9][0-9]{0,3})(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_CRON_FIELDS = 5
_CRON_FIELD = re.compile(r"[0-9A-Za-z*,/-]{1,60}")
_LEAST_S = 10
_MOST_S = 366 * 86_400


def _seconds(text: str) -> int:
    match = _SPAN.fullmatch(text)
    return int(match[1]) * _SECONDS[match[2]] if match else 0


def _check_span(text: str) -> str:
    if not _LEAST_S <= _seconds(text) <= _MOST_S:
        refuse(f"{shown(text)} is no span of time from 10 seconds to 366 days", "write one such as 30m, 6h or 7d")
    return text


def _check_cron(text: str) -> str:
    fields = text.split()
    if len(fields) != _CRON_FIELDS or not all(map(_CRON_FIELD.fullmatch, fields)) or not _ever_comes(text):
        refuse(
            f"{shown(text)} is no cron text of five fields (minute, hour, day, month, day of the week)",
            'write one such as cron: "0 3 * * mon-fri"',
        )
    return text


def _ever_comes(text: str) -> bool:
    from croniter import CroniterError, croniter  # type: ignore[import-untyped]  # it has no types

    try:
        croniter(text).get_next()
    except CroniterError:  # no such form, or a day such as 31 February
        return False
    return True


Span = Annotated[str, AfterValidator(_check_span)]
Cron = Annotated[str, AfterValidator(_check_cron)]


class RefreshSection(Section):
    """When the documents are looked at again, and how a new index goes live. It shapes no answer, so no version."""

    every: Span | None = Field(None, description="a span of time such as 6h", examples=["every: 6h"])
    cron: Cron | None = Field(None, description="a cron text of five fields", examples=['cron: "0 3 * * *"'])
    zone: Zone = Field("UTC", description="the name of a time zone", examples=["zone: Europe/Berlin"])
    """In whose clock `cron` is read."""
    on_change: Span | None = Field(None, description="a span of time such as 5m", examples=["on_change: 5m"])
    """How often the sources are looked at; a refresh begins when they changed."""
    gate: Names = Field((), description="a list of names of suites", examples=["gate: [retrieval]"])
    """The suites in evals/ that a new index must pass. Without any, nothing is measured and so nothing passes."""
    may_lose: Finite = Field(0.02, ge=0, le=1, description="a number from 0 to 1", examples=["may_lose: 0.02"])
    """How far a measure with an `at_least` may be below that of the live release."""
    environment: Name | None = Field(
        None, description="the name of an environment", examples=["environment: production"]
    )
    """Whose live release gets the new index; otherwise the last of plimsoll.yaml where anything is live."""
    promote: Literal["ask", "live"] = Field("ask", description="ask or live", examples=["promote: ask"])
    """`live` ships what passed, under the policy of the environment; `ask` leaves that to a person."""

    @field_validator("cron")
    @classmethod
    def _one_clock(cls, cron: str | None, info: ValidationInfo) -> str | None:
        if cron is not None and info.data.get("every") is not None:
            refuse("`refresh` cannot have both `every` and `cron`", "keep one of the two")
        return cron

    @property
    def every_s(self) -> int | None:
        """Seconds from the begin of one refresh to the next."""
        return None if self.every is None else _seconds(self.every)

    @property
    def on_change_s(self) -> int | None:
        """Seconds from one look at the sources to the next."""
        return None if self.on_change is None else _seconds(self.on_change)

    @property
    def is_scheduled(self) -> bool:
        """Whether anything begins a refresh but a person."""
        return any(value is not None for value in (self.every, self.cron, self.on_change))
