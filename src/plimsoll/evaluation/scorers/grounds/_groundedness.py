"""How much of what the answer states do the retrieved passages bear out?

Faithfulness at the level of claims (Es et al. 2023, Ragas): `claims that are borne out / claims`, here sentence by
sentence and by a small model that runs here, without a language model. `1 - groundedness` is the hallucination rate of
claims. An answer without any claim, such as a refusal, is not part of it: it is neither grounded nor not.
"""

from functools import partial
from typing import Final

from plimsoll.datasets import Row

from ..._observation import Observation
from .._shown import shown
from .._types import Score
from ._claims import Claim, claims_entry, claims_of_answer, every_row


def _groundedness(strictness: str, row: Row, seen: Observation) -> Score | None:
    claims = claims_of_answer(seen, row.question, strictness)
    if not claims:
        return None
    return Score(sum(one.holds for one in claims) / len(claims), parts=_parts(seen.answer, claims))


def _whole(strictness: str, row: Row, seen: Observation) -> Score | None:
    claims = claims_of_answer(seen, row.question, strictness)
    return Score(float(all(one.holds for one in claims)), parts=_parts(seen.answer, claims)) if claims else None


def _parts(answer: str, claims: list[Claim]) -> dict[str, object]:
    wrong = [answer[one.start : one.end] for one in claims if not one.holds]
    return {"claims": len(claims), **({"not_borne_out": shown(wrong)} if wrong else {})}


GROUNDEDNESS: Final = claims_entry(
    "groundedness",
    "The share of the answer's claims that the retrieved passages bear out; applies to answers with claims.",
    lambda strictness: partial(_groundedness, strictness),
    when=every_row,
)
GROUNDED_ANSWER: Final = claims_entry(
    "grounded_answer",
    "1 when the passages bear out every claim of the answer; applies to answers with claims.",
    lambda strictness: partial(_whole, strictness),
    when=every_row,
)
"""At the level of answers: 1 minus its mean is the share of answers with at least one claim that is not borne out."""
