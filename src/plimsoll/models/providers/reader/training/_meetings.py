"""Fits the summaries on meetings with queries and summaries that people wrote (rows as QMSum has them)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .._evidence import Embed
from ..linear import Linear
from ..summaries import Meeting, Turn, prepare, utterance_features
from ._linear import fit_ridge
from ._summaries import utterance_gains

_PENALTY: Final = 0.03


@dataclass(frozen=True, slots=True)
class MeetingQuery:
    """A query about a meeting, and its summary."""

    group: str
    """Which meeting."""
    meeting: Meeting
    query: str
    reference: str
    is_general: bool


def meeting_queries(rows: Sequence[Mapping[str, Any]], embed: Embed) -> list[MeetingQuery]:
    """Every query of every meeting."""
    found = []
    for row in rows:
        meeting = prepare([Turn(turn["content"], turn["speaker"]) for turn in row["transcript"]], embed)
        for kind in ("general_queries", "specific_queries"):
            found += [
                MeetingQuery(str(row["id"]), meeting, one["query"], one["answer"], kind == "general_queries")
                for one in row[kind]
            ]
    return found


def fit_summaries(queries: Sequence[MeetingQuery], embed: Embed) -> Linear:
    """What an utterance is worth, by ridge regression."""
    usable = [one for one in queries if one.meeting.utterances]
    rows = [utterance_features(one.query, one.meeting, embed) for one in usable]
    gains = [utterance_gains(one.meeting.utterances, one.reference) for one in usable]
    return fit_ridge(rows, gains, penalty=_PENALTY)
