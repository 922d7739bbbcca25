"""How an answer is worded beside the answers that are accepted: the same, in the same words, in the same sense.

Also entered by figures of whole runs (`bleu_sums`, `chrf_sums`).
"""

from .._entries import ScorerEntry, rule_entry
from ._answer_contains import answer_contains
from ._answer_relevancy import ANSWER_RELEVANCY
from ._bleu import BLEU, bleu_of, bleu_sums
from ._chrf import CHRF, chrf_of, chrf_sums
from ._exact_match import exact_match
from ._rouge import ROUGE
from ._similarity import SIMILARITY
from ._token_f1 import token_f1

WORDING: tuple[ScorerEntry, ...] = (
    rule_entry(answer_contains),
    rule_entry(exact_match),
    rule_entry(token_f1),
    *ROUGE,
    BLEU,
    CHRF,
    SIMILARITY,
    ANSWER_RELEVANCY,
)

__all__ = ["WORDING", "bleu_of", "bleu_sums", "chrf_of", "chrf_sums"]
