"""The embedded grader as a scorer."""

from dataclasses import asdict, dataclass

from plimsoll.datasets import Row

from ..._observation import Observation
from ...scorers import Better, Score, Told, Unit
from ._grading import grade


@dataclass(frozen=True, slots=True)
class AnswerGraded:
    """1 where the rules say that the answer is right, by the accepted answer that speaks most for it; else 0.

    Applies to answerable rows that have answers. What it says of each is kept: the probability, and the facts.
    """

    name: str = "answer_graded"
    version: str = "1"
    unit: Unit = "share"
    better: Better = "more"

    def applies(self, row: Row) -> bool:
        """Whether there is an answer to compare with."""
        return row.answerable and bool(row.answers)

    def score(self, row: Row, seen: Observation) -> Told:
        """What the rules say."""
        if not self.applies(row):
            return None
        found = max((grade(row.question, one, seen.answer) for one in row.answers), key=lambda one: one.probability)
        said = "refusal" if seen.answered is False else found.said
        parts = {"probability": found.probability, "said": said, "facts": asdict(found.facts)}
        return Score(float(said == "correct"), said, parts)
