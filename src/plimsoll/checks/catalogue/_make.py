"""Making a check by its name."""

from collections.abc import Mapping

from plimsoll.kernel.digest import Json

from .._errors import CheckUnknownError
from .._types import Check
from ._builtin import BUILT_IN
from ._options import read_given
from ._plugins import plugin_entry, plugin_names
from ._types import CheckEntry

_ENTRIES: Mapping[str, CheckEntry] = {entry.name: entry for entry in BUILT_IN}

CHECKS: Mapping[str, tuple[str, ...]] = {name: entry.kinds for name, entry in _ENTRIES.items()}
"""Names of the built-in checks, with all kinds that each can find; no kinds where the user names them."""


def check_names() -> tuple[str, ...]:
    """The built-in checks, then those that packages bring; nothing is imported."""
    return (*_ENTRIES, *(name for name in plugin_names() if name not in _ENTRIES))


def check_entry(name: str) -> CheckEntry:
    """What is known of a check. Raises CheckUnknownError, and CheckPlugInError for one that cannot be loaded."""
    entry = _ENTRIES.get(name) or plugin_entry(name)
    if entry is None:
        raise CheckUnknownError(name, check_names())
    return entry


def make_check(name: str, given: Mapping[str, Json], outside: object | None = None) -> Check:
    """The check of this name, as a rule of a policy describes it: with its `kinds`, `name`, `options` and so on.

    `outside` is an `Outside` of `plimsoll.checks.outside`, for checks that ask somebody else; without it they can be
    made and looked at, and give no answer. Raises CheckUnknownError, KindUnknownError, CheckOptionsError,
    PatternInvalidError and CheckPlugInError.
    """
    entry = check_entry(name)
    return entry.make(read_given(entry, given, outside))
