"""What a comparison says, in words for people."""

from collections.abc import Sequence
from typing import Final

from ._types import Comparison, Difference

_TOLD: Final = 3
_POINTS: Final = 100


def conclusion(found: Comparison) -> str:
    """All of it in a few plain sentences, the most important first."""
    told = [one for one in found.differences if one.says != "not measured"]
    if not found.rows:
        return "The two runs have no row in common, so nothing was compared."
    if not told:
        why = next((one.why for one in found.differences if one.why), "no scorer measured a row in both runs")
        return f"Nothing could be compared over {_rows(found.rows)}: {why}."
    sentences = [_verdict(found, told), *_looked_for(told), *_left_out(found)]
    return " ".join(sentences)


def difference_text(one: Difference, level: float = 0.95) -> str:
    """One difference: `token_f1: .712 → .684, 2.8 points worse (95 % interval 4.9 worse to .7 worse)`."""
    if one.old is None or one.new is None or one.gain is None:
        return f"{one.place}: not measured: {one.why}"
    figures = f"{one.place}: {_value(one, one.old)} → {_value(one, one.new)}"
    if one.gain == 0 and not one.rows_better and not one.rows_worse:
        return f"{figures}, the same in every row"
    ends = "" if one.low is None or one.high is None else f" ({level:.0%} interval {_span(one)})".replace("%", " %")
    return f"{figures}, {_amount(one, abs(one.gain))} {_way(one.gain)}{ends}: {_said(one)}"


def detectable_text(one: Difference) -> str:
    """What so many rows could have shown, and what a finer look needs; empty where that is not known."""
    if one.detectable is None:
        return ""
    could = f"with these {_rows(one.rows)} you could see a loss of {_amount(one, one.detectable)} in {one.place}"
    if one.finer is None or one.rows_for_finer is None:
        return could
    return f"{could}; you need {one.rows_for_finer:,} for {_amount(one, one.finer)}"


def _verdict(found: Comparison, told: Sequence[Difference]) -> str:
    worse, better = ([one for one in told if one.says == way] for way in ("worse", "better"))
    of = f"Of {_rows(found.rows)} that both runs have,"
    parts = [f"{way} in {_listed(some)}" for way, some in (("worse", worse), ("better", better)) if some]
    if parts:
        return f"{of} the newer one is {' and '.join(parts)}."
    if not found.cases:
        return f"{of} none has another score."
    return (
        f"{of} {len(found.worse):,} became worse and {len(found.better):,} better, which is no more than chance does."
    )


def _looked_for(told: Sequence[Difference]) -> list[str]:
    """What no difference seen means, for the measure in which a loss is hardest to see."""
    unseen = [one for one in told if one.says == "no difference seen" and one.detectable is not None]
    first = [one for one in unseen if one.is_primary and one.unit == "share"] or [
        one for one in unseen if one.unit == "share" and not one.slice
    ]
    if not first:
        return []
    text = detectable_text(max(first, key=lambda one: one.detectable or 0.0))
    return [f"{text[:1].upper()}{text[1:]}."]


def _left_out(found: Comparison) -> list[str]:
    some = [
        (found.only_old, "stand", "only in the older run"),
        (found.only_new, "stand", "only in the newer run"),
        (found.changed, "ask", "something else now"),
    ]
    said = [f"{_rows(len(rows))} {does}{'s' * (len(rows) == 1)} {what}" for rows, does, what in some if rows]
    return [f"Not compared: {'; '.join(said)}."] if said else []


def _listed(some: Sequence[Difference]) -> str:
    ordered = sorted(some, key=lambda one: (not one.is_primary, bool(one.slice), one.adjusted or 0.0))
    told = [f"{one.place} by {_amount(one, abs(one.gain or 0.0))}" for one in ordered[:_TOLD]]
    more = f" and {len(some) - _TOLD} more" if len(some) > _TOLD else ""
    return ", ".join(told) + more


def _said(one: Difference) -> str:
    return "not more than chance does" if one.says == "no difference seen" else one.says


def _way(gain: float) -> str:
    return "better" if gain > 0 else "worse" if gain < 0 else "apart"


def _span(one: Difference) -> str:
    """The interval from its worse end to its better one."""
    ends = sorted((end if one.better == "more" else -end) for end in (one.low or 0.0, one.high or 0.0))
    return " to ".join(f"{_amount(one, abs(end), bare=True)} {_way(end)}" for end in ends)


def _value(one: Difference, value: float) -> str:
    return f"{value:.3f}" if one.unit == "share" else f"{value:,.4g}"


def _amount(one: Difference, value: float, *, bare: bool = False) -> str:
    """A share in points, which are hundredths; any other number as it is."""
    if one.unit == "number":
        return f"{value:,.4g}"
    points = f"{value * _POINTS:.1f}".removesuffix(".0")
    return points if bare else f"{points} point" if points == "1" else f"{points} points"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
