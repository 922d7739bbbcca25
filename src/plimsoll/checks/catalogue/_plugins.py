"""Checks that other packages bring: entry points of the group `plimsoll.checks`, each a `CheckEntry`."""

from dataclasses import replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from plimsoll.kernel.errors import PlimsollError

from .._errors import CheckPlugInError
from .._types import Check
from ._types import CheckEntry, Given

GROUP = "plimsoll.checks"


def plugin_names() -> tuple[str, ...]:
    """What is installed; nothing is imported."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def plugin_entry(name: str) -> CheckEntry | None:
    """The check that a package brings under this name, if one does. Raises CheckPlugInError when it cannot be loaded.

    Loading imports the package's module, that is: it runs.
    """
    point = next(iter(entry_points(group=GROUP, name=name)), None)
    return None if point is None else _loaded(point)


@cache
def _loaded(point: EntryPoint) -> CheckEntry:
    package = point.dist.name if point.dist is not None else point.module.partition(".")[0]
    try:
        entry = point.load()
    except Exception as error:  # importing a module runs it, and it may fail in any way
        raise CheckPlugInError(point.name, package, f"{type(error).__name__}: {error}"[:300]) from error
    if not isinstance(entry, CheckEntry):
        raise CheckPlugInError(point.name, package, f"{point.value} is no CheckEntry")
    if entry.name != point.name:
        raise CheckPlugInError(point.name, package, f"its entry calls itself {entry.name[:80]!r}")

    def make(given: Given) -> Check:
        try:
            check = entry.make(given)
        except PlimsollError:
            raise
        except Exception as error:  # code of others
            raise CheckPlugInError(point.name, package, f"{type(error).__name__}: {error}"[:300]) from error
        if not all(hasattr(check, part) for part in ("name", "version", "kinds", "find")):
            raise CheckPlugInError(point.name, package, "what it makes has no `name`, `version`, `kinds` and `find`")
        return check

    return replace(entry, make=make, by=package)
