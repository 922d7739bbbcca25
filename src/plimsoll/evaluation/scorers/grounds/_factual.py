"""Does it state what the accepted answer states, and nothing else?

Factual correctness (Ragas; FActScore, Min et al. 2023, with the accepted answer as the source), sentence by sentence,
by the check `grounded`: precision is the share of the answer's claims that the accepted answer bears out, recall the
share of the accepted answer's claims that the answer bears out, and F1 = 2 P R / (P + R). It is not groundedness: what
the passages say does not count. Applies to answerable rows with an accepted answer that states something; of several
the nearest counts. An answer without a claim has precision and recall 0.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from plimsoll.datasets import Row

from ..._observation import Observation
from .._types import Score
from ._claims import Claim, claims_entry, claims_of, judged_claims

Pick = Callable[[float, float], float]


def _factual(pick: Pick, strictness: str, row: Row, seen: Observation) -> Score:
    refused = seen.answered is False
    found = [_shares(seen.answer, one, row.question, strictness) for one in _stating(row)] if not refused else []
    precision, recall = max(found, key=lambda one: pick(*one), default=(0.0, 0.0))
    return Score(pick(precision, recall), parts={"precision": precision, "recall": recall})


def _shares(answer: str, accepted: str, question: str, strictness: str) -> tuple[float, float]:
    said = judged_claims(answer, (accepted,), question, strictness)
    wanted = judged_claims(accepted, (answer,), question, strictness)
    return _share(said), _share(wanted)


def _share(claims: list[Claim]) -> float:
    return sum(one.holds for one in claims) / len(claims) if claims else 0.0


def _stating(row: Row) -> list[str]:
    return [answer for answer in row.answers if claims_of(answer)] if row.answerable else []


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _precision(precision: float, _: float) -> float:
    return precision


def _recall(_: float, recall: float) -> float:
    return recall


def _rule(pick: Pick) -> Callable[[str], Callable[[Row, Observation], Score]]:
    return lambda strictness: partial(_factual, pick, strictness)


_SAYS: Final = "by an accepted answer that states something; claims are sentences."
FACTUAL: Final = (
    claims_entry(
        "factual_f1",
        f"F1 of what the answer states, and of what it should state, {_SAYS}",
        _rule(_f1),
        when=lambda row: bool(_stating(row)),
    ),
    claims_entry(
        "factual_precision",
        f"The share of the answer's claims that are borne out {_SAYS}",
        _rule(_precision),
        when=lambda row: bool(_stating(row)),
    ),
    claims_entry(
        "factual_recall",
        "The share of the claims of an accepted answer that the answer bears out; claims are sentences.",
        _rule(_recall),
        when=lambda row: bool(_stating(row)),
    ),
)
