"""What a check finds in an answer, as a scorer: 1 where it finds something."""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from plimsoll.datasets import Row

from ..._observation import Observation
from .._types import Score, SlowScorer

if TYPE_CHECKING:
    from plimsoll.checks import Check, Found

MakeCheck = Callable[[], "Check"]


def check_scorer(name: str, make: MakeCheck, *, instructions: str = "") -> SlowScorer:
    """1 where the check finds something in the answer, 0 elsewhere; less is better. Applies to every row.

    The check is made when it is first wanted. What it finds is told by kind, never by what it is.
    """
    kept = cache(make)
    return SlowScorer(
        name, partial(_finds, kept, instructions), lambda: f"1-{kept().version}", every_row, better="less"
    )


def _finds(make: MakeCheck, instructions: str, row: Row, seen: Observation) -> Score:
    from plimsoll.checks import Context

    passages = tuple(one.text for one in seen.passages)
    return score_of(make().find(seen.answer, Context("output", row.question, instructions, passages)))


def score_of(found: "Iterable[Found]") -> Score:
    """1 where anything was found, with how often of each kind."""
    kinds = Counter(one.kind for one in found)
    return Score(float(bool(kinds)), parts={"found": dict(sorted(kinds.items()))} if kinds else {})


def check_maker(check: str, name: str, rule: dict[str, Any]) -> MakeCheck:
    """Makes a check once; that its options are right is seen at once. Raises ScorerOptionsError."""
    from plimsoll.checks import make_check
    from plimsoll.kernel.errors import PlimsollError

    from .._errors import ScorerOptionsError

    try:
        made = make_check(check, rule)
    except PlimsollError as error:
        raise ScorerOptionsError(name, error.message, error.hint) from error
    return lambda: made


def every_row(_: Row) -> bool:
    """Whatever was asked, an answer may be looked at."""
    return True
