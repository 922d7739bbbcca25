"""The figures of the page: a table with a picture of each interval and its threshold, and one of slices."""

import math
from collections.abc import Sequence
from typing import Final

from ._facts import Facts
from ._html_words import badge, table, text
from ._seen import SeenCondition, SeenMeasure
from ._words import interval_text, measure_text, number

_WIDTH: Final = 180
_HEIGHT: Final = 20
_MOST_SLICES: Final = 60


def figures(facts: Facts) -> str:
    """Every figure over all rows, and those of slices that a threshold names."""
    measures = [one for one in facts.run.measures if not one.slice or facts.run.condition(one) is not None]
    if not measures:
        return ""
    rows = "".join(_figure(one, facts.run.condition(one)) for one in measures)
    heads = (
        '<th scope="col">measure</th><th scope="col">outcome</th><th scope="col" class="number">value</th>'
        '<th scope="col" class="number">95 % interval</th><th scope="col">interval and threshold</th>'
        '<th scope="col" class="number">rows</th><th scope="col">threshold</th>'
    )
    return f"<h3>Figures</h3>\n{table(heads, rows)}"


def _figure(measure: SeenMeasure, condition: SeenCondition | None) -> str:
    missing = f" ({measure.missing:,} missing)" if measure.missing else ""
    why = condition.why if condition is not None and condition.outcome != "pass" else ""
    if condition is None and not measure.count:
        why = measure.why
    cells = (
        f'<td class="name">{text(measure.place)}</td>'
        f"<td>{badge(condition.outcome) if condition is not None else ''}</td>"
        f'<td class="number{"" if measure.count else " none"}">{measure_text(measure)}</td>'
        f'<td class="number">{interval_text(measure)}</td><td>{interval_picture(measure, condition)}</td>'
        f'<td class="number">{measure.count:,}{missing}</td>'
        f'<td class="limit">{text(condition.limit) if condition is not None else ""}</td>'
    )
    reason = f'<tr class="reason"><td colspan="7"><div>{text(why)}</div></td></tr>' if why else ""
    kind = ' class="explained"' if why else ""
    return f"<tr{kind}>{cells}</tr>{reason}"


def interval_picture(measure: SeenMeasure, condition: SeenCondition | None) -> str:
    """The figure as a dot on its interval, what the threshold allows as a field; empty where there is no figure."""
    if measure.value is None:
        return ""
    limits = [] if condition is None else [one for one in (condition.at_least, condition.at_most) if one is not None]
    low, high = _axis(measure, limits)
    middle = _HEIGHT / 2

    def at(value: float) -> str:
        return f"{_WIDTH * (min(max(value, low), high) - low) / (high - low):.1f}"

    left = low if measure.low is None else measure.low
    right = high if measure.high is None else measure.high
    parts = [f'<line class="axis" x1="0" y1="{middle}" x2="{_WIDTH}" y2="{middle}"/>']
    if condition is not None and limits:
        begin = low if condition.at_least is None else condition.at_least
        end = high if condition.at_most is None else condition.at_most
        width = max(float(at(end)) - float(at(begin)), 0.0)
        parts.append(f'<rect class="allowed" x="{at(begin)}" y="2" width="{width:.1f}" height="{_HEIGHT - 4}"/>')
        parts += [f'<line class="limit" x1="{at(x)}" y1="1" x2="{at(x)}" y2="{_HEIGHT - 1}"/>' for x in limits]
    if measure.low is not None or measure.high is not None:
        parts.append(f'<line class="range" x1="{at(left)}" y1="{middle}" x2="{at(right)}" y2="{middle}"/>')
    parts.append(f'<circle class="dot" cx="{at(measure.value)}" cy="{middle}" r="4.5"/>')
    said = f"{measure_text(measure)}, interval {interval_text(measure) or 'unknown'}, {_axis_text(measure, low, high)}"
    picture = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
    return f'<svg role="img" aria-label="{text(said)}" {picture}>{"".join(parts)}</svg>'


def _axis(measure: SeenMeasure, limits: Sequence[float]) -> tuple[float, float]:
    """Where the picture begins and ends: 0 to 1 for a share; for a number from 0, or what is least, to what is most."""
    if measure.unit == "share":
        return 0.0, 1.0
    values = [one for one in (measure.value, measure.low, measure.high, *limits) if one is not None]
    low, high = min(0.0, *values), max(0.0, *values)
    return (low, high * 1.05 if high > 0 else high) if math.isfinite(high - low) and high > low else (low, low + 1.0)


def _axis_text(measure: SeenMeasure, low: float, high: float) -> str:
    return f"axis {number(low, measure.unit)} to {number(high, measure.unit)}"


def slices(facts: Facts) -> str:
    """The figures of scorers on each slice, beside those of all rows; empty where there are no slices."""
    run = facts.run
    names = list(dict.fromkeys(one.slice for one in run.measures if one.slice))
    scored = [one for one in run.measures if not one.slice and one.name in run.scorers]
    if not names or not scored:
        return ""
    heads = '<th scope="col">slice</th>' + "".join(
        f'<th scope="col" class="number">{text(one.name)}</th>' for one in scored
    )
    rows = "".join(_slice(facts, name, scored) for name in ["", *names[:_MOST_SLICES]])
    more = f"<p>{len(names) - _MOST_SLICES} more slices are in the evidence.</p>" if len(names) > _MOST_SLICES else ""
    return f"<h3>Slices</h3>\n{table(heads, rows)}{more}"


def _slice(facts: Facts, name: str, scored: Sequence[SeenMeasure]) -> str:
    cells = "".join(f'<td class="number">{_of_slice(facts.run.measure(one.name, name))}</td>' for one in scored)
    return f'<tr><td class="name">{text(name or "all rows")}</td>{cells}</tr>'


def _of_slice(measure: SeenMeasure | None) -> str:
    if measure is None or measure.value is None:
        return '<span class="none">not measured</span>' if measure is not None and measure.missing else ""
    missing = f", {measure.missing:,} missing" if measure.missing else ""
    return (
        f'{measure_text(measure)}<br><span class="quiet">{interval_text(measure)}</span>'
        f'<br><span class="quiet">{measure.count:,} rows{missing}</span>'
    )
