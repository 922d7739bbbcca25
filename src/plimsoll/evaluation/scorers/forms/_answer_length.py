"""How long is the answer?"""

from functools import partial
from typing import Final

from plimsoll.datasets import Row

from ..._observation import Observation
from .._entries import ScorerEntry
from .._types import RuleScorer
from ..options import Options, choice


def _length(of: str, _: Row, seen: Observation) -> float:
    if of == "tokens":
        return float(seen.output_tokens)
    return float(len(seen.answer) if of == "characters" else len(seen.answer.split()))


def _make(name: str, options: Options) -> RuleScorer:
    return RuleScorer(name, partial(_length, options["of"]), unit="number", better="less")


ANSWER_LENGTH: Final = ScorerEntry(
    "answer_length",
    "Words of the answer (or characters, or tokens that the model counted), as a number; applies to every row.",
    _make,
    (choice("of", ("words", "characters", "tokens"), "words"),),
)
