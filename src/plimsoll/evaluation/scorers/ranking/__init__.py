"""Was the right thing found, and how far up: what was retrieved beside the documents, or passages, that rows name."""

from .._entries import ScorerEntry, rule_entry
from ._hit_at_k import HIT_AT_K
from ._map import MAP
from ._mrr import MRR
from ._ndcg_at_k import NDCG_AT_K
from ._precision_at_k import PRECISION_AT_K
from ._recall_at_k import RECALL_AT_K
from ._retrieval_recall import retrieval_recall

RANKING: tuple[ScorerEntry, ...] = (
    rule_entry(retrieval_recall),
    RECALL_AT_K,
    PRECISION_AT_K,
    HIT_AT_K,
    MRR,
    MAP,
    NDCG_AT_K,
)

__all__ = ["RANKING"]
