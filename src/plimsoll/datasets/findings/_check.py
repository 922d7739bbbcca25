"""All that can be wrong with rows that can be read."""

from collections.abc import Sequence

from .._types import Row
from ._balance import balance
from ._leaks import leaks
from ._rows import misplaced, repeated
from ._types import Around, Finding

_NOTHING = Around()


def check_rows(rows: Sequence[Row], around: Around = _NOTHING) -> tuple[Finding, ...]:
    """What is wrong, and what is worth knowing; what is wrong comes first. Takes time in proportion to the words."""
    found = [*repeated(rows), *leaks(rows, around), *misplaced(rows, around), *balance(rows, around)]
    return tuple(sorted(found, key=lambda finding: finding.level != "wrong"))
