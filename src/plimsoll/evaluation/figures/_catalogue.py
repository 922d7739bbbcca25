"""The figures that come with Plimsoll, by name: those of every run, and those that a suite chooses."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from plimsoll.kernel.digest import Json, digest_json, hex_part
from plimsoll.kernel.words import nearest

from ..scorers import ScorerOptionsError
from ._answering import ANSWERING
from ._classes import CLASSES
from ._corpus import CORPUS
from ._cost import COST_MEAN, COST_PER_SUCCESS
from ._energy import ENERGY
from ._latency import FIRST_TOKEN_P95, LATENCY_P50, LATENCY_P95, TIMES
from ._types import Figure, FigureEntry

_DIGITS: Final = 8

FIGURES: Final[Mapping[str, Figure]] = MappingProxyType(
    {figure.name: figure for figure in (LATENCY_P95, LATENCY_P50, FIRST_TOKEN_P95, COST_MEAN)}
)
"""Those that every run has."""

CHOSEN: Final[Mapping[str, FigureEntry]] = MappingProxyType(
    {entry.name: entry for entry in (*ANSWERING, *CLASSES, *CORPUS, *TIMES, COST_PER_SUCCESS, ENERGY)}
)
"""Those that a run has when its suite names them."""


def make_figure(figure: str, *, name: str = "", options: Mapping[str, Json] = MappingProxyType({})) -> Figure:
    """The figure of this name, called `name` in the suite. Raises ScorerOptionsError.

    Its version says how it is set, wherever the name alone does not say it.
    """
    if figure in FIGURES and not options:
        return replace(FIGURES[figure], name=name or figure)
    entry = CHOSEN.get(figure)
    if entry is None:
        raise _unknown(figure)
    made = entry(name or figure, options)
    if made.name == figure and not options:
        return made
    mark = hex_part(digest_json([figure, {key: options[key] for key in sorted(options)}]))[:_DIGITS]
    return replace(made, version=f"{made.version}+{mark}")


def _unknown(figure: str) -> ScorerOptionsError:
    if figure in FIGURES:
        return ScorerOptionsError(figure, "it has no options", "take them away", "figure")
    known = (*FIGURES, *CHOSEN)
    near, listed = nearest(figure, known), f"figures: {', '.join(sorted(known))}"
    hint = f"did you mean `{near}`? {listed}" if near else listed
    return ScorerOptionsError(figure, "there is no such figure", hint, "figure")
