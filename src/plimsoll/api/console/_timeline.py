"""The steps of a request as bars on one time axis."""

from collections.abc import Sequence
from dataclasses import dataclass

from plimsoll.tracing import Span

from ._facts import Fact, flat, written
from ._present import duration

_DEEPEST = 4
MOST_BARS = 500
"""How many steps a page shows."""
_OF_THE_WIRE = frozenset({"start_ns", "end_ns", "status", "flags", "state", "dropped", "message"})


@dataclass(frozen=True, slots=True)
class Bar:
    """One step: where its bar begins and how wide it is, in per cent of the whole request."""

    name: str
    depth: int
    left: float
    width: float
    took: str
    error: str
    attributes: tuple[Fact, ...]


def timeline(spans: Sequence[Span]) -> tuple[Bar, ...]:
    """The bars, each below its parent, in the order of their start."""
    if not spans:
        return ()
    begin = min(span.started_at for span in spans)
    total_s = max((max(span.ended_at for span in spans) - begin).total_seconds(), 1e-9)
    return tuple(
        Bar(
            name=span.name,
            depth=min(depth, _DEEPEST),
            left=round((span.started_at - begin).total_seconds() / total_s * 100, 2),
            width=round(max(span.duration_ms, 0) / 1000 / total_s * 100, 2),
            took=duration(span.duration_ms),
            error=span.error or "",
            attributes=_attributes(span),
        )
        for span, depth in _in_tree_order(spans)[:MOST_BARS]
    )


def _in_tree_order(spans: Sequence[Span]) -> list[tuple[Span, int]]:
    # Records come from a store: a parent that is missing makes a root, and a circle must not hang the page.
    known = {span.id for span in spans}
    children: dict[str | None, list[Span]] = {}
    for span in sorted(spans, key=lambda one: one.started_at):
        parent = span.parent_id if span.parent_id in known and span.parent_id != span.id else None
        children.setdefault(parent, []).append(span)
    ordered: list[tuple[Span, int]] = []
    waiting = [(span, 0) for span in reversed(children.get(None, []))]
    while waiting:
        span, depth = waiting.pop()
        ordered.append((span, depth))
        waiting += [(child, depth + 1) for child in reversed(children.pop(span.id, []))]
    placed = {span.id for span, _ in ordered}
    return ordered + [(span, 0) for span in spans if span.id not in placed]


def _attributes(span: Span) -> tuple[Fact, ...]:
    """What a step says of itself, and for one that somebody sent where it comes from and what happened in it."""
    own = [(name, written(value)) for name, value in sorted(span.attributes.items())]
    if span.kind != "internal":
        own.append(("kind", span.kind))
    more = {name: value for name, value in span.more.items() if name not in _OF_THE_WIRE}
    return (*own, *flat(more))
