"""The scorers that come with Plimsoll, by name, those of plug-ins, and making one."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from plimsoll.datasets import Row
from plimsoll.kernel.digest import Json, digest_json, hex_part
from plimsoll.kernel.words import nearest

from .._observation import Observation
from ._entries import ScorerEntry
from ._errors import ScorerOptionsError
from ._plugins import plugin_entry, plugin_names
from ._types import Better, Scorer, Told, Unit
from .conduct import CONDUCT
from .forms import FORMS
from .grounds import GROUNDS
from .ranking import RANKING
from .wording import WORDING

_DIGITS: Final = 8

SCORERS: Final[Mapping[str, ScorerEntry]] = MappingProxyType(
    {entry.name: entry for entry in sorted((*WORDING, *FORMS, *RANKING, *GROUNDS, *CONDUCT), key=lambda one: one.name)}
)
"""Those that come with Plimsoll."""


def scorer_names() -> tuple[str, ...]:
    """Those that come with Plimsoll, then those that packages bring; nothing is imported."""
    return (*SCORERS, *(name for name in plugin_names() if name not in SCORERS))


def scorer_entry(scorer: str) -> ScorerEntry:
    """What is known of a scorer. Raises ScorerOptionsError for an unknown one, ScorerPlugInError for a broken one."""
    entry = SCORERS.get(scorer) or plugin_entry(scorer)
    if entry is None:
        near = nearest(scorer, scorer_names())
        known = f"scorers: {', '.join(sorted(scorer_names()))}"
        raise ScorerOptionsError(
            scorer, "there is no such scorer", f"did you mean `{near}`? {known}" if near else known
        )
    return entry


def make_scorer(scorer: str, *, name: str = "", options: Mapping[str, Json] = MappingProxyType({})) -> Scorer:
    """The scorer of this name, called `name` in the suite. Raises ScorerOptionsError and ScorerPlugInError.

    Its version holds which scorer it is and how it is set, wherever the name alone does not say it: scores are kept
    under name and version, and another scorer of the same name must not find them.
    """
    entry = scorer_entry(scorer)
    called = name or scorer
    made = entry(called, options)
    if called == scorer and not options and not entry.by:
        return made
    mark = hex_part(digest_json([scorer, entry.by, {key: options[key] for key in sorted(options)}]))[:_DIGITS]
    return _Chosen(made, mark)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A scorer as a suite sets it."""

    made: Scorer
    mark: str

    @property
    def name(self) -> str:
        return self.made.name

    @property
    def version(self) -> str:
        return f"{self.made.version}+{self.mark}"

    @property
    def unit(self) -> Unit:
        return self.made.unit

    @property
    def better(self) -> Better:
        return self.made.better

    def applies(self, row: Row) -> bool:
        return self.made.applies(row)

    def score(self, row: Row, seen: Observation) -> Told | Awaitable[Told]:
        return self.made.score(row, seen)
