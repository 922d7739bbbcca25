"""Runs to compare, made by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

from plimsoll.datasets import Row
from plimsoll.evaluation import Observation, ScoredRow
from plimsoll.evaluation.comparison import Kind, Side
from plimsoll.evaluation.scorers import Score

KINDS = {
    "right": Kind("share", "more", "1"),
    "toxic": Kind("share", "less", "1"),
    "latency_p50_ms": Kind("number", "less", "1"),
}


def row(name: str, *, tags: Sequence[str] = (), group: str = "") -> Row:
    return Row(name, f"question {name}", ("yes",), (), answerable=True, tags=tuple(tags), group=group)


def scored(one: Row, scores: Mapping[str, float | None], **seen: Any) -> ScoredRow:
    told = {name: Score(value, "" if value is not None else "the judge said nothing") for name, value in scores.items()}
    return ScoredRow(one, Observation(**{"answer": f"answer to {one.id}", "latency_ms": 100.0, **seen}), told)


def side(rows: Sequence[ScoredRow], *, subject: str = "sha256:old", kinds: Mapping[str, Kind] = KINDS) -> Side:
    return Side(subject, "sha256:rows", tuple(rows), kinds)


def rights(scores: Sequence[float], *, subject: str = "sha256:old", **of_row: Any) -> Side:
    """A run whose every row has a score of `right`."""
    return side([scored(row(f"r{at}", **of_row), {"right": score}) for at, score in enumerate(scores)], subject=subject)
