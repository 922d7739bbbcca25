"""What a route may say about time, failures and repetition: sections of `routes/*.yaml`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from .._fields import Finite, check_unique
from ._section import Section

Strategy = Literal["ordered", "weighted", "least_latency", "cheapest"]
Check = Literal["json_invalid", "empty", "refused", "not_answered"]

_SECONDS = "a number of seconds above 0 and at most 3600"
_MONTH_S = 30 * 86_400


class TimeoutsSection(Section):
    """How long each phase of a call may take, in seconds; `total_s` is for all tries together."""

    connect_s: Finite = Field(5.0, gt=0, le=3600, description=_SECONDS, examples=["connect_s: 5"])
    first_token_s: Finite = Field(30.0, gt=0, le=3600, description=_SECONDS, examples=["first_token_s: 30"])
    between_tokens_s: Finite = Field(30.0, gt=0, le=3600, description=_SECONDS, examples=["between_tokens_s: 30"])
    total_s: Finite = Field(120.0, gt=0, le=3600, description=_SECONDS, examples=["total_s: 120"])


class RetriesSection(Section):
    """How often the same target is asked again after a failure that may pass."""

    attempts: int = Field(2, ge=0, le=10, description="a whole number from 0 to 10", examples=["attempts: 2"])
    budget_percent: Finite = Field(
        20.0, ge=0, le=100, description="a number from 0 to 100", examples=["budget_percent: 20"]
    )
    base_s: Finite = Field(0.5, gt=0, le=3600, description=_SECONDS, examples=["base_s: 0.5"])
    longest_s: Finite = Field(8.0, gt=0, le=3600, description=_SECONDS, examples=["longest_s: 8"])


class BreakerSection(Section):
    """When a target that keeps failing is left alone, and for how long."""

    failures: int = Field(5, ge=1, le=1000, description="a whole number from 1 to 1000", examples=["failures: 5"])
    window_s: Finite = Field(30.0, gt=0, le=3600, description=_SECONDS, examples=["window_s: 30"])
    open_s: Finite = Field(15.0, gt=0, le=3600, description=_SECONDS, examples=["open_s: 15"])


class HedgeSection(Section):
    """When the next target is asked as well, because the first one has not spoken."""

    after_s: Finite = Field(gt=0, le=3600, description=_SECONDS, examples=["after_s: 2"])


class EscalateSection(Section):
    """What is wrong with an answer for which the next target is asked instead."""

    when: Annotated[tuple[Check, ...], AfterValidator(check_unique)] = Field(
        ("json_invalid", "empty", "refused", "not_answered"),
        min_length=1,
        description="a list of json_invalid, empty, refused and not_answered",
        examples=["when: [json_invalid, empty]"],
    )


class ExactSection(Section):
    """How long an answer is given again to exactly the same call."""

    ttl_s: Finite = Field(
        3600.0, gt=0, le=_MONTH_S, description=f"a number of seconds above 0 and at most {_MONTH_S}",
        examples=["ttl_s: 3600"],
    )  # fmt: skip


class SemanticSection(ExactSection):
    """How long, and to how similar questions, an answer is given again."""

    at_least: Finite = Field(0.85, ge=0.5, le=1, description="a number from 0.5 to 1", examples=["at_least: 0.85"])


class CacheSection(Section):
    """Which answers are kept; none by default."""

    exact: ExactSection | None = None
    semantic: SemanticSection | None = None
