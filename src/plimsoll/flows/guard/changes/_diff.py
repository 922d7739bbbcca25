"""Two policies on the same past requests."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from plimsoll.guardrails import Policy
from plimsoll.kernel.errors import PlimsollError
from plimsoll.tracing import Trace, TraceFilter, TraceSummary

from .._types import GuardParts, Window
from ._replayed import PARTS, Change, Part, holds, judged, looks_at, unreplayable

OnProgress = Callable[[int, int], None]
_PAGE = 100


@dataclass(frozen=True, slots=True)
class DiffWish:
    """Which requests are replayed."""

    window: Window
    limit: int = 10_000
    """At most so many, the newest first."""
    on_progress: OnProgress = lambda _done, _total: None


@dataclass(frozen=True, slots=True)
class PolicyDiff:
    """What two policies say of the same requests."""

    before: str
    after: str
    requests: int
    """All that were looked at."""
    replayed: int
    """Of these, those of which every text that either policy looks at was there as it had been said."""
    partly: int
    """Of these, those of which some texts were there: what is told of them is told of those texts."""
    not_replayed: Mapping[str, int]
    """How many could not be replayed, or not wholly, by the reason."""
    beyond: bool
    """Whether there were more requests than the limit."""
    changes: tuple[Change, ...]
    """Requests whose verdict would be another one, the newest first."""
    other_findings: int
    """Requests with the same verdict, of which something else is found."""


def diff_policies(before: Policy, after: Policy, wish: DiffWish, parts: GuardParts) -> PolicyDiff:
    """Which past requests would get another verdict. Nothing is asked of any model, and nothing is recorded.

    Both policies look at the texts as they are kept; what the policy of then had stopped or taken out is kept nowhere,
    and what hangs on it is counted as not replayed. A passage that is blocked counts like any other text.
    """
    parts.flush()
    told = _Told(before, after, parts)
    total = min(wish.limit, sum(one.requests for one in parts.triggers.asked(parts.app, wish.window.filter)))
    found = _summaries(wish, parts)
    for number, summary in enumerate(islice(found, wish.limit), start=1):
        told.add(summary.id)
        wish.on_progress(number, max(total, number))
    return PolicyDiff(
        before.name,
        after.name,
        told.requests,
        told.replayed,
        told.partly,
        dict(told.reasons),
        next(found, None) is not None,
        tuple(told.changes),
        told.other_findings,
    )


class _Told:
    """What the two policies said so far."""

    def __init__(self, before: Policy, after: Policy, parts: GuardParts) -> None:
        self._policies = before, after
        self._parts = parts
        self.requests = self.replayed = self.partly = self.other_findings = 0
        self.reasons: Counter[str] = Counter()
        self.changes: list[Change] = []

    def add(self, identifier: str) -> None:
        """Take one request."""
        self.requests += 1
        trace = _read(self._parts, identifier)
        if trace is None:
            self.reasons["it cannot be read"] += 1
            return
        able, why = _able(*self._policies, trace)
        self.reasons.update(why)
        if why and not able:
            return
        self.replayed += not why
        self.partly += bool(why)
        self._compare(trace, able)

    def _compare(self, trace: Trace, able: tuple[Part, ...]) -> None:
        names = tuple(dict.fromkeys((self._parts.name_of(trace.caller), trace.caller)))
        was, now = (judged(policy, trace, able, names) for policy in self._policies)
        if was.action != now.action:
            self.changes.append(Change(trace.id, trace.started_at, trace.endpoint, was, now))
        else:
            self.other_findings += was.found != now.found


def _summaries(wish: DiffWish, parts: GuardParts) -> Iterator[TraceSummary]:
    window = wish.window
    wanted = TraceFilter(since=window.since, until=window.until, endpoint=window.endpoint, source="served")
    after = ""
    while True:
        page = parts.traces.page(parts.app, wanted, limit=_PAGE, after=after)
        yield from page.traces
        after = page.next
        if not after:
            return


def _read(parts: GuardParts, trace: str) -> Trace | None:
    try:
        return parts.traces.get(parts.app, trace)
    except PlimsollError:
        # It was deleted meanwhile, or is damaged; `plimsoll trace show` says which.
        return None


def _able(before: Policy, after: Policy, trace: Trace) -> tuple[tuple[Part, ...], set[str]]:
    """The parts that both policies can look at as they were, and why others cannot be."""
    looked_at = [part for part in PARTS if looks_at(before, part) or looks_at(after, part)]
    # Where nothing of what was said is kept, nobody knows what there was.
    wanted = [part for part in looked_at if trace.content in {"off", "gone"} or holds(trace, part)]
    why = {part: unreplayable(trace, part) for part in wanted}
    return tuple(part for part in wanted if not why[part]), {reason for reason in why.values() if reason}
