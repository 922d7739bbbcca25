"""What an answer states, and which of that some texts bear out; by the check `grounded`, which runs here.

A claim is a sentence that states something: neither a question nor a greeting, nor that something is not known.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from plimsoll.datasets import Row

from ..._observation import Observation
from .._entries import ScorerEntry
from .._types import Rule, SlowScorer, When
from ..options import Option, Options, choice

if TYPE_CHECKING:
    from plimsoll.checks.grounding import Grounded

STRICTNESS: Final[Option] = choice("strictness", ("normal", "strict", "lenient"), "normal")
"""How much must speak against a sentence; `lenient` finds the fewest wrong."""


class Claim(NamedTuple):
    """A sentence that states something, from character `start` to before `end`."""

    start: int
    end: int
    holds: bool
    """Whether the texts bear it out."""


def claims_of(text: str) -> list[tuple[int, int]]:
    """Where a text states something."""
    return [(one.start, one.end) for one in _grounded("normal").find(text)]


def judged_claims(text: str, passages: Sequence[str], question: str = "", strictness: str = "normal") -> list[Claim]:
    """Each claim of a text, and whether passages bear it out; without any passage none does."""
    from plimsoll.checks import Context

    stated = claims_of(text)
    if not stated:
        return []
    context = Context(question=question, passages=tuple(passages))
    wrong = {one.start for one in _grounded(strictness).find(text, context)}
    return [Claim(start, end, start not in wrong) for start, end in stated]


def claims_of_answer(seen: Observation, question: str, strictness: str) -> list[Claim]:
    """Each claim of an answer, and whether what was retrieved bears it out; a refusal claims nothing."""
    if seen.answered is False:
        return []
    return judged_claims(seen.answer, [one.text for one in seen.passages], question, strictness)


def grounded_version() -> str:
    """A number for what is made of it here, and the version of the check."""
    return f"1-{_grounded('normal').version}"


def claims_entry(
    name: str, says: str, rule: Callable[[str], Rule], *, options: tuple[Option, ...] = (STRICTNESS,), when: When
) -> ScorerEntry:
    """The entry of a scorer that looks at claims; `rule` is told how strict to be."""

    def make(called: str, given: Options) -> SlowScorer:
        return SlowScorer(called, rule(given.get("strictness", "normal")), grounded_version, when)

    return ScorerEntry(name, says, make, options)


def every_row(_: Row) -> bool:
    """Also unanswerable questions may be answered with claims."""
    return True


@cache
def _grounded(strictness: str) -> "Grounded":
    from plimsoll.checks.grounding import Grounded  # only wanted when a text is looked at

    return Grounded(strictness=strictness)
