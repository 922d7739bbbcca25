"""What may stand in `plimsoll.yaml`: the application, its budgets, and what its environments and records ask for."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from plimsoll.kernel.digest import Json

from ._errors import did_you_mean, shown
from ._fields import NAME_RULE, Day, Finite, Label, Name, Names, Text, Zone, check_unique, refuse
from .schemas import Definition, Section

if TYPE_CHECKING:
    from plimsoll.access.limits import Budget
    from plimsoll.releases import EnvironmentPolicy

DAY_S = 86_400.0
POLICY_FORMAT = 1

_CLOCK = re.compile("(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_DAY_BEGINS, _DAY_ENDS = "00:00", "24:00"
_MOMENT = "2026-12-20T00:00:00Z"


class FreezeSection(Section):
    """When nothing may be shipped: from one moment to another, or with `days` every week."""

    days: Annotated[tuple[Day, ...], AfterValidator(check_unique)] | None = Field(
        None,
        min_length=1,
        description="a list of at least one day of the week, from mon to sun",
        examples=["days: [sat, sun]"],
    )
    begin: str | None = Field(
        None,
        alias="from",
        validate_default=True,
        description="a moment, or with `days` a time of day in quotes",
        examples=[f"from: {_MOMENT}"],
    )
    until: str | None = Field(
        None,
        validate_default=True,
        description="a moment, or with `days` a time of day in quotes",
        examples=["until: 2027-01-05T00:00:00Z"],
    )
    zone: Zone | None = Field(None, description="the name of a time zone", examples=["zone: Europe/Berlin"])
    why: Text = Field(description="text that is not empty", examples=["why: year end"])

    @field_validator("begin")
    @classmethod
    def _check_begin(cls, begin: str | None, info: ValidationInfo) -> str | None:
        if _is_weekly(info):
            if begin is not None and not _CLOCK.fullmatch(begin):
                refuse(f"`from` is {shown(begin)}, and no time of day", 'write a time from "00:00" to "23:59"')
        elif _is_span(info):
            _check_moment("from", begin)
        return begin

    @field_validator("until")
    @classmethod
    def _check_until(cls, until: str | None, info: ValidationInfo) -> str | None:
        if _is_weekly(info):
            if until is not None and until != _DAY_ENDS and not _CLOCK.fullmatch(until):
                refuse(f"`until` is {shown(until)}, and no time of day", 'write a time from "00:00" to "24:00"')
            if "begin" in info.data:
                _check_window(info.data["begin"] or _DAY_BEGINS, until or _DAY_ENDS)
        elif _is_span(info):
            end, begin = _check_moment("until", until), info.data.get("begin")
            if begin is not None and end <= _check_moment("from", begin):
                refuse(f"the freeze ends at {shown(until)}, before it begins", "write the later moment in `until`")
        return until

    @field_validator("zone")
    @classmethod
    def _check_zone_needed(cls, zone: str | None, info: ValidationInfo) -> str | None:
        if zone is not None and _is_span(info):
            refuse("a freeze without `days` needs no `zone`", "write the zone into its moments: 2026-12-20T00:00+01:00")
        return zone

    def content(self) -> dict[str, Json]:
        """What `EnvironmentPolicy.from_json` reads."""
        if self.days is None:
            return {"from": self.begin, "until": self.until, "why": self.why}
        begin, until = self.begin or _DAY_BEGINS, _midnight(self.until or _DAY_ENDS)
        return {"days": list(self.days), "from": begin, "until": until, "zone": self.zone or "UTC", "why": self.why}


class PromotionSection(Section):
    """What an environment asks before a release may run in it."""

    approvals: int = Field(0, ge=0, le=100, description="a whole number from 0 to 100", examples=["approvals: 2"])
    approvers: Annotated[tuple[Text, ...], AfterValidator(check_unique)] = Field(
        (), description="a list of names of actors", examples=["approvers: [anna, ben]"]
    )
    approval_days: Finite | None = Field(
        None, gt=0, le=3650, description="a number of days above 0 and at most 3650", examples=["approval_days: 14"]
    )
    protected: bool = Field(default=False, description="true or false", examples=["protected: true"])
    reason_required: bool = Field(default=False, description="true or false", examples=["reason_required: true"])
    freeze: tuple[FreezeSection, ...] = Field(
        (), description="a list of freezes", examples=["freeze: [{days: [sat, sun], why: weekend}]"]
    )

    @field_validator("approvers")
    @classmethod
    def _check_enough(cls, approvers: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        approvals = info.data.get("approvals", 0)
        if approvers and approvals > len(approvers):
            refuse(
                f"{approvals} approvals are needed, and there are only {len(approvers)} approvers",
                "name more approvers, need fewer approvals, or leave `approvers` out so that everybody with the right "
                "may approve",
            )
        return approvers


class LabelsSection(Section):
    """Which labels of artifacts are moved only with approval."""

    protected: Annotated[tuple[Label, ...], AfterValidator(check_unique)] = Field(
        (),
        description="a list of labels of lower-case letters, digits, `-`, `_` and `.` that begin with a letter",
        examples=["protected: [production]"],
    )
    approvals: int = Field(1, ge=1, le=100, description="a whole number from 1 to 100", examples=["approvals: 1"])


class RetentionSection(Section):
    """How long is kept what nothing refers to any more; without a number that is for the store to say."""

    versions_days: Finite | None = Field(
        None, ge=0, le=36500, description="a number of days from 0 to 36500", examples=["versions_days: 90"]
    )
    keep_releases: int | None = Field(
        None, ge=1, le=1_000_000, description="a whole number from 1 to 1000000", examples=["keep_releases: 10"]
    )
    traces_days: Finite | None = Field(
        None, gt=0, le=36500, description="a number of days above 0 and at most 36500", examples=["traces_days: 90"]
    )


class BudgetSection(Section):
    """How much somebody may use in a window of time."""

    whom: str = Field(
        alias="for",
        description="`everyone`, `each user`, or somebody such as `team:legal`",
        examples=["for: each user"],
    )
    usd: Finite | None = Field(None, ge=0, description="a number of dollars of at least 0", examples=["usd: 20"])
    tokens: int | None = Field(None, ge=0, description="a whole number of at least 0", examples=["tokens: 200000"])
    requests: int | None = Field(None, ge=0, description="a whole number of at least 0", examples=["requests: 30"])
    per: Literal["request", "minute", "hour", "day", "month", "total"] = Field(
        description="one of request, minute, hour, day, month, total", examples=["per: day"]
    )
    alert_at: Finite = Field(0.8, gt=0, le=1, description="a share above 0 and at most 1", examples=["alert_at: 0.8"])
    unknown_price: Literal["refuse", "allow"] = Field(
        "refuse", description="`refuse` or `allow`", examples=["unknown_price: allow"]
    )
    on_crash: Literal["release", "charge"] = Field(
        "release", description="`release` or `charge`", examples=["on_crash: charge"]
    )

    @model_validator(mode="after")
    def _check_whole(self) -> "BudgetSection":
        from plimsoll.kernel.errors import InvalidError

        try:
            self.budget()
        except InvalidError as error:
            refuse(error.message, error.hint)
        return self

    def budget(self) -> "Budget":
        """The budget that it says. Raises InvalidError."""
        # Imported here because few commands ask for budgets, and the room brings the ledger with it.
        from plimsoll.access.limits import make_budget

        return make_budget(
            self.whom,
            {"usd": self.usd, "tokens": self.tokens, "requests": self.requests},
            self.per,
            alert_at=self.alert_at,
            unknown_price=self.unknown_price,
            on_crash=self.on_crash,
        )


class TracesSection(Section):
    """How much of what people and models say is kept, and of which share of the requests."""

    content: Literal["full", "redacted", "sealed", "off"] = Field(
        "full", description="full, redacted, sealed or off", examples=["content: redacted"]
    )
    shares: Mapping[str, Annotated[Finite, Field(ge=0, le=1)]] = Field(
        {}, description="environments with a number from 0 to 1", examples=["shares: {production: 0.1}"]
    )


def _check_declared(name: str, info: ValidationInfo) -> str:
    known = info.data.get("environments")
    if known is not None and name not in known:
        refuse(f"there is no environment {shown(name)}", did_you_mean(name, known, all_of_them="environments"))
    return name


class AppDefinition(Definition):
    """`plimsoll.yaml`: what the application is called, whose it is, where it runs, and what that asks for."""

    name: Name = Field(description=NAME_RULE, examples=["name: contracts"])
    owner: str = Field("", description="text", examples=["owner: legal-tech@example.org"])
    purpose: str = Field("", description="text", examples=["purpose: Answers questions about our contracts."])
    environments: Names = Field(
        ("staging", "production"),
        min_length=1,
        description=f"a list of at least one environment, each {NAME_RULE}",
        examples=["environments: [staging, production]"],
    )
    promotion: Mapping[Annotated[str, AfterValidator(_check_declared)], PromotionSection] = Field(
        {}, description="environments with what they ask", examples=["promotion: {production: {approvals: 1}}"]
    )
    labels: LabelsSection = LabelsSection()
    retention: RetentionSection = RetentionSection()
    traces: TracesSection = TracesSection()
    budgets: tuple[BudgetSection, ...] = Field(
        (), description="a list of budgets", examples=["budgets: [{for: each user, requests: 30, per: minute}]"]
    )

    def budget_values(self) -> "tuple[Budget, ...]":
        """The budgets that stand in the file; those that were set by command hold beside them."""
        return tuple(section.budget() for section in self.budgets)

    def policy(self, environment: str, resolve: Callable[[str], str]) -> "EnvironmentPolicy":
        """What an environment asks before a release may run in it; nothing, where `promotion` does not name it.

        `resolve` turns the name of an approver into the actor's pseudonym; what it raises is passed on.
        """
        # Imported here because few commands ask for a policy, and the room brings the ledger with it.
        from plimsoll.releases import EnvironmentPolicy

        section = self.promotion.get(environment, PromotionSection())
        content: dict[str, Json] = {
            "format": POLICY_FORMAT,
            "approvals": section.approvals,
            "approvers": [resolve(name) for name in section.approvers],
            "approval_valid_s": None if section.approval_days is None else section.approval_days * DAY_S,
            "reason_required": section.reason_required,
            "protected": section.protected,
            "freezes": [freeze.content() for freeze in section.freeze],
        }
        return EnvironmentPolicy.from_json(content)


def _is_weekly(info: ValidationInfo) -> bool:
    return bool(info.data.get("days"))


def _is_span(info: ValidationInfo) -> bool:
    """Whether there are no days; where there are wrong ones nobody knows what the rest means."""
    return "days" in info.data and info.data["days"] is None


def _check_moment(key: str, text: str | None) -> datetime:
    if text is None:
        refuse(
            f"`{key}` is missing; a freeze without `days` needs it", f"add `{key}: {_MOMENT}`, or `days: [sat, sun]`"
        )
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        refuse(f"`{key}` is {shown(text)}, and no moment with a time zone", f"write a moment such as {_MOMENT}")
    return moment


def _check_window(begin: str, until: str) -> None:
    if begin == _midnight(until):
        refuse(f"the freeze ends at {shown(until)}, when it begins", "leave both out to freeze the whole day")


def _midnight(until: str) -> str:
    """The end of a window, which at midnight is that of the day on which it began."""
    return _DAY_ENDS if until == _DAY_BEGINS else until
