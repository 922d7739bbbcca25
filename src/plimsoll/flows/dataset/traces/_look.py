"""Which requests are looked at: of many, those whose ids have the smallest digests."""

import hashlib
import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

from plimsoll.datasets.alike import normal_text
from plimsoll.tracing import Trace, TraceFilter, TraceMissingError, Traces

MOST_LOOKED_AT: Final = 4_000
"""Whole traces that are read; of more requests a sample by digest."""
_PAGE: Final = 500
_CHATS: Final = frozenset({"", "chat", "responses", "messages"})


def order_of(seed: int, trace: str) -> str:
    """What decides who is taken first: the same for the same seed, and nothing to do with the request."""
    return hashlib.sha256(f"{seed}\0{trace}".encode()).hexdigest()


def look(
    app: str, wanted: TraceFilter, seed: int, traces: Traces, on_page: Callable[[int], None]
) -> tuple[list[str], int]:
    """The ids of some requests of an application, those with the smallest digests first; and how many there were."""
    heap: list[tuple[int, str]] = []
    after, there = "", 0
    while True:
        page = traces.page(app, wanted, limit=_PAGE, after=after)
        for summary in page.traces:
            if summary.source != "served" or summary.surface not in _CHATS:
                continue
            there += 1
            entry = (-int(order_of(seed, summary.id), 16), summary.id)
            if len(heap) < MOST_LOOKED_AT:
                heapq.heappush(heap, entry)
            else:
                heapq.heappushpop(heap, entry)
        on_page(there)
        after = page.next
        if not after:
            return [id_ for _, id_ in sorted(heap, reverse=True)], there


def usable(app: str, ids: list[str], traces: Traces, dropped: Counter[str]) -> Iterator[Trace]:
    """The whole traces that a row can be made from, each question once; counts in `dropped` why others cannot."""
    asked: set[tuple[str, str]] = set()
    for id_ in ids:
        try:
            trace = traces.get(app, id_)
        except TraceMissingError:
            # Forgotten since it was listed.
            dropped["forgotten meanwhile"] += 1
            continue
        question = (trace.endpoint, normal_text(trace.question))
        why = _unfit(trace) or ("asked before" if question in asked else "")
        if why:
            dropped[why] += 1
        else:
            asked.add(question)
            yield trace


def _unfit(trace: Trace) -> str:
    if trace.content in {"off", "gone"} or not normal_text(trace.question):
        return "what was asked is not kept"
    if "cut" in trace.request:
        return "too long to be kept whole"
    messages: Any = trace.request.get("messages") or ()
    turns = sum(isinstance(message, dict) and message.get("role") == "user" for message in messages)
    return "needs the turns before it" if turns > 1 else ""
