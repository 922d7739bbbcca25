"""The figures of the page beside those of a baseline, on the same rows."""

from typing import Final

from ._facts import Facts
from ._html_words import table, text
from ._seen import SeenDifference
from ._words import number

_MOST: Final = 60
_CLASSES: Final = {"better": "badge pass", "worse": "badge fail", "not measured": "badge open"}
_HEADS: Final = (
    '<th scope="col">measure</th><th scope="col">says</th><th scope="col" class="number">before</th>'
    '<th scope="col" class="number">now</th><th scope="col" class="number">difference</th>'
    '<th scope="col" class="number">interval</th><th scope="col" class="number">rows better, worse, all</th>'
    '<th scope="col" class="number">p, corrected</th>'
)


def compared(facts: Facts) -> str:
    """A table with every measure, and slices that a threshold names; empty where nothing was compared."""
    found = facts.compared
    if found is None:
        return ""
    told = [one for one in found.differences if not one.slice or one.is_primary][:_MOST]
    rows = "".join(_difference(one) for one in told)
    if not rows:
        return ""
    said = "Of rows that both runs measured; all differences that a threshold names are corrected together (Holm)."
    name = "the baseline" if facts.baseline is None else facts.baseline.name
    return f'<h3>Beside {text(name)}</h3>\n<p class="quiet">{said}</p>\n{table(_HEADS, rows)}'


def _difference(one: SeenDifference) -> str:
    kind = _CLASSES.get(one.says, "")
    p_value = "" if one.adjusted is None else "&lt; 0.001" if one.adjusted < 0.001 else f"{one.adjusted:.3f}"  # noqa: PLR2004  # as such figures are written
    cells = (
        _number(one, one.old),
        _number(one, one.new),
        _signed(one, one.difference),
        f"{_signed(one, one.low)} to {_signed(one, one.high)}" if one.low is not None and one.high is not None else "",
        f"{one.rows_better:,}, {one.rows_worse:,}, {one.rows:,}" if one.rows else "",
        p_value,
    )
    figures = "".join(f'<td class="number">{cell}</td>' for cell in cells)
    why = f'<br><span class="quiet">{text(one.why)}</span>' if one.why and one.says == "not measured" else ""
    said = f'<span class="{kind}">{text(one.says)}</span>' if kind else text(one.says)
    return f'<tr><td class="name">{text(one.place)}{why}</td><td>{said}</td>{figures}</tr>'


def _number(one: SeenDifference, value: float | None) -> str:
    return "" if value is None else number(value, one.unit)


def _signed(one: SeenDifference, value: float | None) -> str:
    """With its sign; a minus is a minus."""
    return (
        "" if value is None else f"{'+' if value > 0 else ''}{number(value, one.unit)}".replace("-", "\N{MINUS SIGN}")
    )
