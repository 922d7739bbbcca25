"""Scorers that other packages bring: entry points of the group `plimsoll.scorers`, each a `ScorerEntry`."""

from dataclasses import replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from plimsoll.kernel.errors import PlimsollError

from ._entries import ScorerEntry
from ._errors import ScorerPlugInError
from ._types import Scorer
from .options import Options

GROUP: Final = "plimsoll.scorers"
_PARTS: Final = ("name", "version", "unit", "better", "applies", "score")


def plugin_names() -> tuple[str, ...]:
    """What is installed; nothing is imported."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def plugin_entry(name: str) -> ScorerEntry | None:
    """The scorer that a package brings under this name, if one does. Raises ScorerPlugInError for one that cannot load.

    Loading imports the package's module, that is: it runs.
    """
    point = next(iter(entry_points(group=GROUP, name=name)), None)
    return None if point is None else _loaded(point)


@cache
def _loaded(point: EntryPoint) -> ScorerEntry:
    package = point.dist.name if point.dist is not None else point.module.partition(".")[0]
    try:
        entry = point.load()
    except Exception as error:  # importing a module runs it, and it may fail in any way
        raise ScorerPlugInError(point.name, package, f"{type(error).__name__}: {error}") from error
    if not isinstance(entry, ScorerEntry):
        raise ScorerPlugInError(point.name, package, f"{point.value} is no ScorerEntry")
    if entry.name != point.name:
        raise ScorerPlugInError(point.name, package, f"its entry calls itself {entry.name[:80]!r}")

    def make(name: str, options: Options) -> Scorer:
        try:
            scorer = entry.make(name, options)
        except PlimsollError:
            raise
        except Exception as error:  # code of others
            raise ScorerPlugInError(point.name, package, f"{type(error).__name__}: {error}") from error
        if not all(hasattr(scorer, part) for part in _PARTS):
            raise ScorerPlugInError(point.name, package, f"what it makes has not all of {', '.join(_PARTS)}")
        return scorer

    return replace(entry, make=make, by=package)
