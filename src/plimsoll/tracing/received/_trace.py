"""The row of a trace that others sent, and what it adds to the sums."""

from collections.abc import Sequence
from typing import NamedTuple

from .._rows import PREVIEW, TraceRow, id_time_of
from ..otlp import Folded, SpanFacts
from ..usage import HOUR_NS, Counts, Place, Tally, latency_bucket
from ._types import Sender
from ._unpack import TraceKey

_NS_PER_MS = 1e6


class KnownTrace(NamedTuple):
    """A trace that is in the database."""

    number: int
    row: TraceRow
    facts: Sequence[SpanFacts]

    @property
    def app(self) -> str:
        """Whose trace it is."""
        return self.row.app

    @property
    def source(self) -> str:
        """Whether it was served here, or sent."""
        return self.row.source

    @property
    def sender(self) -> Sender:
        """Who sent the first of it."""
        return Sender(self.row.caller, self.row.team, self.row.project, self.row.key)


class SentTrace(NamedTuple):
    """A trace after more of it came; not folded where it was served here, and so needs no sums from others."""

    row: TraceRow
    folded: Folded | None


def row_of_sent(key: TraceKey, folded: Folded, sender: Sender) -> TraceRow:
    """The row of a trace, from what its spans come to."""
    sums = folded.sums
    return TraceRow(
        id=key.id,
        id_time=id_time_of(key.id),
        app=key.app,
        environment=folded.environment,
        endpoint=folded.root.endpoint or folded.root.name,
        source="sent",
        surface="otlp",
        release=folded.release,
        release_name="",
        started_ns=folded.start_ns,
        latency_ms=(folded.end_ns - folded.start_ns) / _NS_PER_MS,
        time_to_first_token_ms=folded.first_ms,
        status="error" if folded.failed else "ok",
        error=folded.error,
        model=folded.model,
        target=folded.model,
        prompt="",
        input_tokens=sums.input_tokens,
        output_tokens=sums.output_tokens,
        cached_tokens=sums.cached_tokens,
        cache_write_tokens=folded.cache_write_tokens,
        reasoning_tokens=folded.reasoning_tokens,
        tokens_estimated=False,
        cost_pico=sums.cost_pico if sums.priced else None,
        unpriced=sums.unknown,
        question=folded.question[:PREVIEW],
        answered=None,
        cached="",
        caller=sender.actor,
        key=sender.key,
        team=sender.team,
        project=sender.project,
        user_id=folded.user,
        joined_trace="",
        joined_span="",
    )


def count_sent(tally: Tally, row: TraceRow, folded: Folded, sign: int = 1) -> None:
    """Add a trace to the sums, or take it out again."""
    place = Place(row.app, row.started_ns // HOUR_NS, row.source, row.environment)
    named = (row.endpoint, row.team, row.project, row.key, row.release, row.status)
    tally.add(place, named, row.user_id, _times(folded.sums, sign))
    tally.add_to(place, "latency", latency_bucket(row.latency_ms), Counts(sign))
    for model, counts in folded.models.items():
        tally.add_to(place, "model", model, _times(counts, sign))


def _times(counts: Counts, sign: int) -> Counts:
    return counts if sign == 1 else Counts(*(-count for count in counts))
