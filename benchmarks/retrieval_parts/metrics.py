"""How good an answer to one question is."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from plimsoll.retrieval import Hit

from .material import Question, Task

Metrics = dict[str, float]


def ranking(task: Task, hits: Iterable[Hit]) -> list[str]:
    """What the set names, in the order of its best hit."""
    passages = (hit.passage for hit in hits)
    return list(dict.fromkeys(task.name(one.document, one.start, one.end) for one in passages))


def ndcg(ranked: Sequence[str], relevant: frozenset[str], depth: int = 10) -> float:
    """Normalised discounted cumulative gain, binary (Jaervelin and Kekaelaeinen 2002)."""
    gain = sum(1 / np.log2(rank + 1) for rank, name in enumerate(ranked[:depth], 1) if name in relevant)
    return float(gain / sum(1 / np.log2(rank + 1) for rank in range(1, min(depth, len(relevant)) + 1)))


def recall(ranked: Sequence[str], relevant: frozenset[str], depth: int) -> float:
    """Share of what is relevant among the first."""
    return len(relevant & set(ranked[:depth])) / len(relevant)


def reciprocal_rank(ranked: Sequence[str], relevant: frozenset[str], depth: int) -> float:
    """One divided by the rank of the first that is relevant."""
    return next((1 / rank for rank, name in enumerate(ranked[:depth], 1) if name in relevant), 0.0)


def of_ranking(ranked: Sequence[str], question: Question) -> Metrics:
    """Of judged documents."""
    wanted = question.relevant
    return {
        "ndcg_at_10": ndcg(ranked, wanted),
        "mrr_at_10": reciprocal_rank(ranked, wanted, 10),
        "recall_at_100": recall(ranked, wanted, 100),
    }


def of_passes(ranked: Sequence[str], question: Question) -> Metrics:
    """Pass@k of the contextual retrieval guide: the mean share of golden chunks among the first k."""
    return {f"pass_at_{depth}": recall(ranked, question.relevant, depth) for depth in (5, 10, 20)}


def of_sections(ranked: Sequence[str], question: Question) -> Metrics:
    """Of the first three sections, and the reciprocal rank among those, as the guide counts."""
    share = len(question.relevant & set(ranked[:3])) / 3
    return {
        "recall_at_3": recall(ranked, question.relevant, 3),
        "precision_at_3": share,
        "mrr": reciprocal_rank(ranked, question.relevant, 3),
    }


def of_spans(hits: Sequence[Hit], question: Question) -> Metrics:
    """Recall, precision and IoU of Chroma's chunking evaluation, by characters; what comes twice is paid for twice."""
    wanted = {(path, place) for path, start, end in question.spans for place in range(start, end)}
    passages = [hit.passage for hit in hits]
    got = {(one.document, place) for one in passages for place in range(one.start, one.end)}
    length = sum(one.end - one.start for one in passages)
    both = len(wanted & got)
    return {
        "token_recall": both / len(wanted),
        "token_precision": both / length if length else 0.0,
        "iou": both / (length + len(wanted) - both),
        "characters": float(length),
    }


def mean(results: Sequence[Mapping[str, float]]) -> Metrics:
    """Of each metric over all questions."""
    return {name: round(float(np.mean([result[name] for result in results])), 4) for name in results[0]}


OF_SET: Mapping[str, Callable[[Sequence[str], Question], Metrics]] = {
    "scifact": of_ranking,
    "cranfield": of_ranking,
    "contextual_code_retrieval": of_passes,
    "anthropic_docs_rag": of_sections,
}
