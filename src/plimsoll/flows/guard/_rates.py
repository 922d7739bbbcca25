"""How often checks trigger, and how often they are right when they do."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from plimsoll.kernel.statistics import wilson_interval
from plimsoll.reviews.marks import Settled, settled
from plimsoll.tracing.triggers import Asked, Dimension, TriggerCount

from ._places import Place, ReleasePlaces
from ._types import GuardParts, Window

_PLACES: tuple[Dimension, ...] = ("check", "stage", "endpoint")
"""What tells which requests a policy had asked."""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, with its 95 % interval (Wilson, 1927)."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """None where the whole is nothing."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """None where the whole is nothing."""
        return wilson_interval(self.count, self.of) if self.of else None


@dataclass(frozen=True, slots=True)
class Rate:
    """What is known of one check, or of one of its versions, stages or endpoints."""

    by: Mapping[Dimension, str]
    asked: int
    """Requests whose policy asked it; 0 where no policy that can still be read did."""
    triggered: int
    """Requests in which it triggered."""
    found: int
    failed: int
    """Requests in which it gave no answer: neither triggered nor passed."""
    right: int
    wrong: int
    disputed: int
    missed: int

    @property
    def rate(self) -> Share | None:
        """The share of the requests in which it triggered; None where nobody knows how many there were."""
        return Share(self.triggered, self.asked) if self.asked >= self.triggered and self.asked else None

    @property
    def precision(self) -> Share:
        """The share of the marked triggers that were right."""
        return Share(self.right, self.right + self.wrong)


@dataclass(frozen=True, slots=True)
class Rates:
    """What guardrails did in a window of time."""

    window: Window
    by: tuple[Dimension, ...]
    requests: int
    unread: int
    """Requests of releases whose policy cannot be read any more: in no rate."""
    rates: tuple[Rate, ...]


@dataclass(slots=True)
class _Marked:
    right: int = 0
    wrong: int = 0
    disputed: int = 0
    missed: int = 0


@dataclass(slots=True)
class _Coverage:
    """Who asked which check where, and how often."""

    places: ReleasePlaces
    unread: int = 0
    asked: dict[tuple[str, ...], int] = field(default_factory=dict)

    def add(self, one: Asked, by: Sequence[Dimension]) -> None:
        place = self.places.of(one.release).get(one.endpoint)
        if place is None:
            self.unread += one.requests
            return
        for key in _keys(place, by):
            self.asked[key] = self.asked.get(key, 0) + one.requests


def rates(window: Window, by: Sequence[Dimension], parts: GuardParts) -> Rates:
    """What each check did in a window, by check, version, kind, stage, action or endpoint, and what people say of it.

    A rate is the share of the requests whose policy asked the check. Where several versions of a check, kinds or
    actions are told apart, that whole is the same for all of them. Replays and questions of suites do not count.
    """
    parts.flush()
    chosen: tuple[Dimension, ...] = tuple(dict.fromkeys(by)) or ("check",)
    counts = parts.triggers.counts(parts.app, chosen, window.filter)
    asked = parts.triggers.asked(parts.app, window.filter)
    known = _Coverage(ReleasePlaces(parts.registry, parts.releases, parts.make_policy))
    for one in asked:
        known.add(one, chosen)
    marked = _marked(_marks(window, parts), chosen)
    return Rates(
        window,
        chosen,
        sum(one.requests for one in asked),
        known.unread,
        tuple(_joined(chosen, counts, marked, known)),
    )


def _marks(window: Window, parts: GuardParts) -> Iterable[Settled]:
    marks = parts.marks.all(parts.app, since=window.since, until=window.until)
    return settled(mark for mark in marks if window.endpoint in {None, mark.about.endpoint})


def _marked(found: Iterable[Settled], by: Sequence[Dimension]) -> dict[tuple[str, ...], _Marked]:
    sums: dict[tuple[str, ...], _Marked] = {}
    for one in found:
        about = one.about
        said = {
            "check": about.check,
            "version": about.version,
            "kind": about.kind,
            "stage": about.stage,
            "action": about.action,
            "endpoint": about.endpoint,
        }
        counted = sums.setdefault(tuple(said[name] for name in by), _Marked())
        setattr(counted, one.said, getattr(counted, one.said) + 1)
    return sums


def _joined(
    by: Sequence[Dimension],
    counts: Sequence[TriggerCount],
    marked: Mapping[tuple[str, ...], _Marked],
    known: _Coverage,
) -> Iterable[Rate]:
    """One line for everything that triggered, was marked, or was asked and found nothing."""
    triggered = {tuple(one.by[name] for name in by): one for one in counts}
    are_places = set(by) <= set(_PLACES)
    quiet = [key for key in known.asked if are_places and key not in triggered]
    for key in (*triggered, *(key for key in {**marked, **dict.fromkeys(quiet)} if key not in triggered)):
        count = triggered.get(key)
        said = marked.get(key, _Marked())
        whole = tuple(value for name, value in zip(by, key, strict=True) if name in _PLACES)
        yield Rate(
            dict(zip(by, key, strict=True)),
            known.asked.get(whole, 0),
            0 if count is None else count.requests,
            0 if count is None else count.found,
            0 if count is None else count.failed,
            said.right,
            said.wrong,
            said.disputed,
            said.missed,
        )


def _keys(place: Place, by: Sequence[Dimension]) -> set[tuple[str, ...]]:
    """The values of `by`, as far as a policy tells them, that a request at a place counts for."""
    if place.policy is None:
        return set()
    found: set[tuple[str, ...]] = set()
    for rule in place.policy.rules:
        for stage in rule.stages:
            said = {"check": rule.check.name, "stage": stage, "endpoint": place.endpoint}
            found.add(tuple(said[name] for name in by if name in _PLACES))
    return found
