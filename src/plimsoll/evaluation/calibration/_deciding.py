"""Whether a judge's word may decide a gate."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from plimsoll.kernel.clock import from_text, utc_now

from ..judges import Judge
from ..scorers import Scorer
from ._anchors import Drift
from ._types import Calibration, Quantity


@dataclass(frozen=True, slots=True)
class Floor:
    """What a policy asks of a judge before its word counts."""

    at_least: float = 0.4
    """What the lower end of the 95 % interval must reach: the estimate alone is not enough."""
    quantity: Quantity = "kappa"
    fewest_rows: int = 30
    most_missing: float = 0.05
    """The share of labelled rows that it may fail to judge."""
    anchors_agree: float = 0.9
    """The share of anchors that must get the same verdict again."""
    days: int | None = None
    """How old a calibration may be; None is any age."""


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a judge may decide: with the lower bound that says so, or why not."""

    value: float | None
    why_not: str = ""

    def __bool__(self) -> bool:
        """Whether it may."""
        return not self.why_not


def may_decide(
    version: str,
    calibration: Calibration | None,
    floor: Floor,
    *,
    drifted: Drift | None = None,
    now: datetime | None = None,
) -> Permission:
    """Whether a judge of this version may decide, by these rules, in this order.

    - Without a calibration it may not, nor with one of another version (another prompt, scale, model or parameter).
    - A calibration that is too old, of too few rows, or with too many rows that were not judged is none.
    - The lower end of the 95 % interval must reach the floor; an agreement that is not defined does not.
    - Where its anchors were judged again, enough of them must have been, and enough must have the same verdict.
    """
    if calibration is None:
        return Permission(None, "the judge was never held against what people say: run `plimsoll eval calibrate`")
    value = calibration.values.get(floor.quantity)
    low = None if value is None else value.low
    why = (
        _other_version(version, calibration)
        or _too_old(calibration, floor, now)
        or _too_little(calibration, floor)
        or _too_low(calibration, floor)
        or ("" if drifted is None else _drifted(drifted, floor))
    )
    return Permission(low, why)


def _other_version(version: str, calibration: Calibration) -> str:
    if version == calibration.version:
        return ""
    return (
        f"the judge is version {version}, and version {calibration.version} was calibrated: its prompt, scale, model "
        "or parameters changed since"
    )


def _too_old(calibration: Calibration, floor: Floor, now: datetime | None) -> str:
    if floor.days is None:
        return ""
    age = (now or utc_now()) - from_text(calibration.made_at)
    return (
        "" if age <= timedelta(days=floor.days) else f"it was calibrated {age.days} days ago; {floor.days} are allowed"
    )


def _too_little(calibration: Calibration, floor: Floor) -> str:
    if calibration.rows < floor.fewest_rows:
        return f"it was calibrated on {calibration.rows} rows, and {floor.fewest_rows} are asked for"
    asked = calibration.rows + calibration.missing
    if calibration.missing > floor.most_missing * asked:
        return f"it could not judge {calibration.missing} of {asked} labelled rows"
    return ""


def _too_low(calibration: Calibration, floor: Floor) -> str:
    value = calibration.values.get(floor.quantity)
    if value is None or value.value is None or value.low is None:
        return f"its {floor.quantity} is not defined on these labels: people or the judge always said the same"
    if value.low >= floor.at_least:
        return ""
    return (
        f"its {floor.quantity} with people is {value.value:.3f}, and may be as low as {value.low:.3f} by "
        f"{value.rows} rows; at least {floor.at_least:g} is asked for"
    )


def _drifted(found: Drift, floor: Floor) -> str:
    if found.agreement is None or found.again * 2 < found.anchors:
        return f"only {found.again} of its {found.anchors} anchor rows could be judged again"
    if found.agreement >= floor.anchors_agree:
        return ""
    return (
        f"it drifted: {found.agreement:.3f} of {found.again} anchor rows got the same verdict again, and "
        f"{floor.anchors_agree:g} are asked for"
    )


def refused_judges(
    scorers: Iterable[Scorer],
    calibrations: Mapping[str, Calibration],
    floor: Floor,
    *,
    drifts: Mapping[str, Drift] | None = None,
    now: datetime | None = None,
) -> dict[str, str]:
    """The judges among the scorers of a suite whose word decides nothing, with why not, by their names.

    `calibrations` and `drifts` are by version of the judge: one that was calibrated under another name is the same.
    """
    refused: dict[str, str] = {}
    for scorer in scorers:
        if not isinstance(scorer, Judge):
            continue
        version = scorer.version
        known = calibrations.get(version) or _newest(scorer.name, calibrations)
        permission = may_decide(version, known, floor, drifted=(drifts or {}).get(version), now=now)
        if not permission:
            refused[scorer.name] = permission.why_not
    return refused


def _newest(name: str, calibrations: Mapping[str, Calibration]) -> Calibration | None:
    """That of an earlier version of the same judge, to say what changed."""
    same = [one for one in calibrations.values() if one.judge == name]
    return max(same, key=lambda one: one.made_at, default=None)
