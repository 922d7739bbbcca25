"""What is known of a scorer before it is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from plimsoll.kernel.digest import Json

from ._types import Better, Rule, RuleScorer, Scorer, Unit, When
from .options import Option, Options, read_options

Maker = Callable[[str, Mapping[str, Json]], Scorer]
"""Makes a scorer of what a suite calls it and of its options. Raises ScorerOptionsError."""


@dataclass(frozen=True, slots=True)
class ScorerEntry:
    """A scorer that a suite can name; it is a `Maker`. Plug-ins offer one in the entry point group `plimsoll.scorers`.

    ```python
    ENTRY = ScorerEntry("shouting", "The share of capitals.", lambda name, _: RuleScorer(name, shouting, better="less"))
    ```
    """

    name: str
    says: str
    """What it measures, in a sentence."""
    make: Callable[[str, Options], Scorer]
    """Makes it of what a suite calls it and of its options, read; cheap, and raises ScorerOptionsError for options that
    do not go together."""
    options: tuple[Option, ...] = ()
    by: str = ""
    """The package that brings it; empty for those that come with Plimsoll."""

    def __call__(self, name: str, options: Mapping[str, Json]) -> Scorer:
        """The scorer, called `name` in the suite. Raises ScorerOptionsError."""
        return self.make(name, read_options(name, self.options, options))


def rule_entry(
    rule: Rule, *, version: str = "1", unit: Unit = "share", better: Better = "more", when: When | None = None
) -> ScorerEntry:
    """The entry of a plain function without options: its name, and the first line of what it says of itself."""
    says = (rule.__doc__ or "").partition("\n")[0]

    def make(name: str, _: Options) -> Scorer:
        return RuleScorer(name, rule, version, unit, better, when)

    return ScorerEntry(rule.__name__, says, make)
