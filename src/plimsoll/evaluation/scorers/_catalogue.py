"""The scorers that come with Plimsoll, by name."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from plimsoll.kernel.digest import Json
from plimsoll.kernel.words import nearest

from ._answer_contains import answer_contains
from ._answered import answered
from ._citation_correct import citation_correct
from ._exact_match import exact_match
from ._refusal_correct import refusal_correct
from ._retrieval_recall import retrieval_recall
from ._token_f1 import token_f1
from ._types import Rule, RuleScorer, Scorer, ScorerOptionsError

Maker = Callable[[str, Mapping[str, Json]], Scorer]
"""Makes a scorer of what a suite calls it and of its options. Raises ScorerOptionsError."""


def _rule(rule: Rule) -> Maker:
    def make(name: str, options: Mapping[str, Json]) -> Scorer:
        for option in options:
            raise ScorerOptionsError(name, f"it has no option {option!r}", "take it away: this scorer has no options")
        return RuleScorer(name, rule)

    return make


SCORERS: Final[Mapping[str, Maker]] = MappingProxyType(
    {
        rule.__name__: _rule(rule)
        for rule in (
            answer_contains,
            answered,
            citation_correct,
            exact_match,
            refusal_correct,
            retrieval_recall,
            token_f1,
        )
    }
)


def make_scorer(scorer: str, *, name: str = "", options: Mapping[str, Json] = MappingProxyType({})) -> Scorer:
    """The scorer of this name, called `name` in the suite. Raises ScorerOptionsError."""
    maker = SCORERS.get(scorer)
    if maker is None:
        near = nearest(scorer, SCORERS)
        known = f"scorers: {', '.join(sorted(SCORERS))}"
        hint = f"did you mean `{near}`? {known}" if near else known
        raise ScorerOptionsError(scorer, "there is no such scorer", hint)
    return maker(name or scorer, options)
