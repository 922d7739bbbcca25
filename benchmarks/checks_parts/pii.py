"""Personal data: spans of PII against none on presidio_synth_v2, people and places on wnut17.

Three rules say whether a finding and a span are the same.

- `precision`, `recall`, `f1`, `f2`: they overlap (a finding is right when it overlaps a span, a span is found when a
  finding overlaps it). What overlaps among findings counts once.
- `iou50_*`: one finding for one span, their characters in common at least half of those of both together.
- `merged_*`: Presidio's own: neighbours with only spaces and punctuation between them are one, on both sides; at least
  .9 of the characters in common, spaces and punctuation at the edges aside.
"""

import string
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from plimsoll.checks import Check, Found, make_check
from plimsoll.checks.entities import KINDS, names

from ._metrics import f_measure

Rows = list[dict[str, Any]]
Span = tuple[int, int]
_BETA = 2
_HALF, _MOST = 0.5, 0.9
_EDGES = string.whitespace + string.punctuation


def measure_pii(rows: Rows, _folder: Path) -> dict[str, Any]:
    """Precision and recall of spans on presidio_synth_v2."""
    check = names(KINDS)
    return measure_rows(rows, [found_in(row["text"], check) for row in rows])


def measure_wnut(rows: Rows, _folder: Path) -> dict[str, Any]:
    """People and places on wnut17."""
    check = names(("person", "location"))
    return measure_wnut_rows(rows, [check.find(row["text"]) for row in rows])


SETS = {"presidio_synth_v2": measure_pii, "wnut17": measure_wnut}


def found_in(text: str, check: Check) -> list[Found]:
    """What patterns find, and of what the names check finds that which lies elsewhere."""
    found = list(_patterns().find(text))
    found += [one for one in check.find(text) if not any(_overlap(one, other) for other in found)]
    return sorted(found, key=lambda one: one.start)


def measure_rows(rows: Rows, found: Sequence[Sequence[Found]]) -> dict[str, Any]:
    """All three rules, and recall by type."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    by_type: dict[str, list[bool]] = defaultdict(list)
    wrong: dict[str, int] = defaultdict(int)
    for row, told in zip(rows, found, strict=True):
        spans = [(span["start"], span["end"]) for span in row["spans"]]
        ours = [(one.start, one.end) for one in told]
        hits = [any(_meet(one, span) for one in ours) for span in spans]
        for span, hit in zip(row["spans"], hits, strict=True):
            by_type[span["type"]].append(hit)
        right = [any(_meet(one, span) for span in spans) for one in ours]
        for one, good in zip(told, right, strict=True):
            wrong[one.kind] += not good
        _add(counts[""], sum(right), len(ours), sum(hits), len(spans))
        same = _matched(ours, spans, _HALF)
        _add(counts["iou50_"], same, len(ours), same, len(spans))
        ours, spans = _merged(ours, row["text"]), _merged(spans, row["text"])
        same = _matched(ours, spans, _MOST)
        _add(counts["merged_"], same, len(ours), same, len(spans))
    metrics: dict[str, Any] = {}
    for rule, (right_count, found_count, hit_count, wanted) in counts.items():
        metrics |= _figures(rule, _share(right_count, found_count), _share(hit_count, wanted))
    metrics["recall_by_type"] = {kind: sum(hits) / len(hits) for kind, hits in sorted(by_type.items())}
    metrics["wrong_by_kind"] = dict(sorted((kind, count) for kind, count in wrong.items() if count))
    return metrics


def measure_wnut_rows(rows: Rows, found: Sequence[Sequence[Found]]) -> dict[str, Any]:
    """Exact spans of people and of places, and both against none."""
    metrics: dict[str, Any] = {}
    for kind in ("person", "location"):
        right = found_count = wanted = 0
        for row, told in zip(rows, found, strict=True):
            ours = {(one.start, one.end) for one in told if one.kind == kind}
            spans = {(span["start"], span["end"]) for span in row["spans"] if span["type"] == kind}
            right, found_count, wanted = right + len(ours & spans), found_count + len(ours), wanted + len(spans)
        metrics |= _figures(f"{kind}_", _share(right, found_count), _share(right, wanted))
    kept = [{**row, "spans": [span for span in row["spans"] if span["type"] in {"person", "location"}]} for row in rows]
    kept_found = [[one for one in ones if one.kind in {"person", "location"}] for ones in found]
    return metrics | measure_rows(kept, kept_found)


def _figures(rule: str, precision: float, recall: float) -> dict[str, float]:
    return {
        f"{rule}precision": precision,
        f"{rule}recall": recall,
        f"{rule}f1": f_measure(precision, recall),
        f"{rule}f2": f_measure(precision, recall, _BETA),
    }


def _add(counts: list[int], *more: int) -> None:
    for place, number in enumerate(more):
        counts[place] += number


def _matched(ours: Sequence[Span], spans: Sequence[Span], least: float) -> int:
    """How many can be paired, the best pairs first."""
    pairs = sorted(((_iou(one, span), one, span) for one in ours for span in spans if _meet(one, span)), reverse=True)
    used: set[tuple[str, Span]] = set()
    count = 0
    for share, one, span in pairs:
        if share >= least and ("ours", one) not in used and ("span", span) not in used:
            used |= {("ours", one), ("span", span)}
            count += 1
    return count


def _iou(one: Span, other: Span) -> float:
    common = min(one[1], other[1]) - max(one[0], other[0])
    return common / (one[1] - one[0] + other[1] - other[0] - common)


def _merged(spans: Sequence[Span], text: str) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and not text[merged[-1][1] : start].strip(_EDGES):
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return [_stripped(span, text) for span in merged]


def _stripped(span: Span, text: str) -> Span:
    start, end = span
    inner = text[start:end].strip(_EDGES)
    at = text.find(inner, start) if inner else start
    return (at, at + len(inner)) if inner else span


def _meet(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _overlap(one: Found, other: Found) -> bool:
    return one.start < other.end and other.start < one.end


def _patterns() -> Check:
    if not _CHECKS:
        from plimsoll.checks import CHECKS

        _CHECKS.append(make_check("pii", {"kinds": list(CHECKS["pii"])}))
    return _CHECKS[0]


_CHECKS: list[Check] = []


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
