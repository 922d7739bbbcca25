"""A trace out of its spans, in whatever order and however late they came: a function of the set of them.

What counts is what was spent, once:
- a span that tells of tokens counts, unless a span below it tells of tokens too: agents repeat what their model calls
  used, and two instrumentations may wrap one call;
- a span whose call was served here does not count, nor does what stands below it, for that request was counted when
  it was served; and nothing above it counts for it either. It must be a call of a model, or one over HTTP: whoever
  names an agent as the parent of a request says nothing of what else happened below the agent;
- each span counts once, however often it is sent.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from ..usage import Counts
from ._types import SpanFacts


class Folded(NamedTuple):
    """What the spans of a trace come to."""

    root: SpanFacts
    """The root; while it has not come, the span that began first."""
    start_ns: int
    end_ns: int
    failed: bool
    error: str
    user: str
    environment: str
    release: str
    question: str
    first_ms: float | None
    model: str
    """The model that wrote most."""
    sums: Counts
    cache_write_tokens: int
    reasoning_tokens: int
    models: Mapping[str, Counts]


def fold(spans: Iterable[SpanFacts], served: Collection[str] = ()) -> Folded:
    """Fold spans, at least one. `served` are the ids of those that requests to this server named as their parents."""
    ordered = sorted({span.id: span for span in spans}.values(), key=_order)
    answered = {span.id for span in ordered if span.id in served and span.asks}
    roots = [span for span in ordered if not span.parent]
    root = (roots or ordered)[0]
    counted = _counted(ordered, answered)
    models: dict[str, list[int]] = {}
    for span in counted:
        sums = models.setdefault(_model(span), [0] * len(Counts._fields))
        for place, count in enumerate(_counts(span)):
            sums[place] += count
    # The trace is one request; each model call is one of its model.
    total = Counts(
        1, int(root.failed), *(sum(each) for each in zip(*(one[2:] for one in models.values()), strict=True))
    )
    return Folded(
        root=root,
        start_ns=root.start_ns if roots else ordered[0].start_ns,
        end_ns=root.end_ns if roots else max(span.end_ns for span in ordered),
        failed=root.failed,
        error=root.error,
        user=_first(span.user for span in ordered),
        environment=_first(span.environment for span in ordered),
        release=_first(span.release for span in ordered),
        question=root.question or _first(span.question for span in ordered),
        first_ms=root.first_ms,
        model=max(sorted(models), key=lambda name: models[name][3]) if models else _first(s.model for s in ordered),
        sums=total,
        cache_write_tokens=sum(span.cache_write_tokens for span in counted),
        reasoning_tokens=sum(span.reasoning_tokens for span in counted),
        models={name: Counts(*sums) for name, sums in models.items()},
    )


def _order(span: SpanFacts) -> tuple[int, str]:
    return (span.start_ns, span.id)


def _counted(spans: Sequence[SpanFacts], served: Collection[str]) -> list[SpanFacts]:
    parents = {span.id: span.parent for span in spans}
    above: set[str] = set(served)
    for span in spans:
        if span.has_usage or span.id in served:
            parent = span.parent
            # A circle ends where it was before; so does a way that another span went already.
            while parent in parents and parent not in above:
                above.add(parent)
                parent = parents[parent]
    return [
        span
        for span in spans
        if span.has_usage and span.id not in above and not _is_below(span.parent, parents, served)
    ]


def _is_below(parent: str, parents: Mapping[str, str], served: Collection[str]) -> bool:
    seen: set[str] = set()
    while served and parent and parent not in seen:
        if parent in served:
            return True
        seen.add(parent)
        parent = parents.get(parent, "")
    return False


def _counts(span: SpanFacts) -> Counts:
    used = (span.input_tokens or 0) + (span.output_tokens or 0)
    return Counts(
        requests=1,
        errors=int(span.failed),
        input_tokens=span.input_tokens or 0,
        output_tokens=span.output_tokens or 0,
        cached_tokens=span.cached_tokens,
        cost_pico=span.cost_pico or 0,
        priced=int(span.cost_pico is not None),
        unknown=int(span.cost_pico is None and used > 0),
    )


def _model(span: SpanFacts) -> str:
    return f"{span.provider}/{span.model}" if span.provider and span.model else span.model


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")
