"""What the page of guardrails shows: where they look, how often they act, and what they found last."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from plimsoll.flows.guard import GuardDesk, MarkedPage, PlaceMatrix, Rates, Share, Window
from plimsoll.kernel.digest import short_name
from plimsoll.tracing.triggers import Trigger, TriggerFilter

from ._present import NOTHING, Badge, When, tokens, when

_TONES: Final = {"block": "bad", "ask": "warn", "redact": "warn", "flag": "calm", "allow": "good"}
_SAID: Final = {"right": "good", "wrong": "bad", "missed": "warn", "disputed": "calm"}
_READS: Final = {
    "piece by piece": "streams",
    "by sentence": "by sentence",
    "at the end": "holds the answer",
    "held": "held",
    "whole": "",
}
_WINDOW: Final = timedelta(days=30)
_LATEST: Final = 30
_KINDS_SHOWN: Final = 4
_ID_SHOWN: Final = 12

Rule = tuple[str, tuple[str, ...], float, str]
"""What tells rows of a matrix apart: check, kinds, threshold and version."""


@dataclass(frozen=True, slots=True)
class StageHead:
    """One stage, as a column."""

    name: str
    hole: str
    """Why nothing is looked at here; empty where something is."""
    instead: str
    """The stage whose checks look here."""
    blocked: str
    """Why everything is blocked here."""


@dataclass(frozen=True, slots=True)
class CellMark:
    """One check at one stage."""

    badge: Badge
    details: str


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One check, with a cell for each stage."""

    check: str
    kinds: str
    from_score: str
    cells: tuple[tuple[CellMark, ...], ...]
    exceptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MatrixCard:
    """The endpoints of a release that are guarded alike."""

    endpoints: str
    environment: str
    release_name: str
    guardrail: str
    stages: tuple[StageHead, ...]
    lines: tuple[CheckLine, ...]
    holes: str
    """How many stages nobody looks at, in words; empty for none."""


@dataclass(frozen=True, slots=True)
class RateLine:
    """How often one check acts, and is right."""

    check: str
    asked: str
    triggered: str
    rate: str
    rate_range: str
    precision: str
    precision_range: str
    width: float
    """Of the bar of precision, in per cent; 0 where nothing is marked."""
    marked: str
    failed: str


@dataclass(frozen=True, slots=True)
class TriggerLine:
    """One trigger."""

    trace: str
    request: str
    """As people may write it."""
    at: When
    endpoint: str
    stage: str
    check: str
    badge: Badge
    score: str
    said: Badge | None


@dataclass(frozen=True, slots=True)
class GuardrailsPage:
    """Everything on the page."""

    cards: tuple[MatrixCard, ...]
    rates: tuple[RateLine, ...]
    requests: str
    unread: str
    """How many requests are in no rate; empty for none."""
    triggers: tuple[TriggerLine, ...] | None
    """None where the visitor may not see them."""


def guardrails_page(desk: GuardDesk, *, sees_traces: bool, now: datetime) -> GuardrailsPage:
    """Read what the page needs; triggers are not even read for whoever may not see traces."""
    found = desk.rates(Window(now - _WINDOW, now), ["check"])
    latest = desk.triggers(TriggerFilter(), limit=_LATEST) if sees_traces else None
    return GuardrailsPage(
        cards=tuple(_cards(desk.matrix())),
        rates=tuple(_rates(found)),
        requests=tokens(found.requests),
        unread=tokens(found.unread) if found.unread else "",
        triggers=None if latest is None else tuple(_trigger(one, latest, now) for one in latest.page.triggers),
    )


def _cards(found: Sequence[PlaceMatrix]) -> Iterator[MatrixCard]:
    """One card for all endpoints that are guarded alike."""
    alike: dict[tuple[object, ...], list[PlaceMatrix]] = {}
    for one in found:
        alike.setdefault((one.environment, one.release, one.guardrail, one.stages), []).append(one)
    for same in alike.values():
        yield _card(same[0], ", ".join(one.endpoint for one in same))


def _card(one: PlaceMatrix, endpoints: str) -> MatrixCard:
    holes = len(one.holes)
    return MatrixCard(
        endpoints=endpoints,
        environment=one.environment,
        release_name=short_name("r", one.release) if one.release else "",
        guardrail=one.guardrail,
        stages=tuple(
            StageHead(line.stage.replace("_", " "), line.hole, (line.instead or "").replace("_", " "), line.blocked)
            for line in one.stages
        ),
        lines=tuple(_lines(one)),
        holes="" if not holes else "1 hole" if holes == 1 else f"{holes} holes",
    )


def _lines(one: PlaceMatrix) -> Iterator[CheckLine]:
    """A row for each check, in the order in which they are first asked."""
    rules: dict[Rule, list[list[CellMark]]] = {}
    exceptions: dict[Rule, tuple[str, ...]] = {}
    for number, line in enumerate(one.stages):
        for cell in line.cells:
            rule: Rule = (cell.check, cell.kinds, cell.at_least, cell.version)
            row = rules.setdefault(rule, [[] for _ in one.stages])
            wait = "" if cell.timeout_s is None else f" or after {cell.timeout_s:g} s"
            details = " · ".join(
                part for part in (_READS.get(cell.reads, cell.reads), _on_error(cell.on_error)) if part
            )
            meaning = f"What follows on a finding. Without an answer{wait}: {cell.on_error}."
            row[number].append(CellMark(Badge(cell.action, _TONES.get(cell.action, "calm"), meaning), details))
            exceptions[rule] = cell.exceptions
    for rule, cells in rules.items():
        check, kinds, at_least, _ = rule
        from_score = f"from {at_least:g}" if at_least else ""
        yield CheckLine(check, _kinds(kinds), from_score, tuple(map(tuple, cells)), exceptions[rule])


def _on_error(action: str) -> str:
    """What is worth saying of a check that gives no answer: only where that does not block."""
    return "" if action == "block" else f"no answer: {action}"


def _kinds(kinds: Sequence[str]) -> str:
    more = len(kinds) - _KINDS_SHOWN
    return ", ".join(kinds[:_KINDS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _rates(found: Rates) -> Iterator[RateLine]:
    for one in found.rates:
        said = ((one.right, "right"), (one.wrong, "wrong"), (one.disputed, "disputed"), (one.missed, "missed"))
        precision = one.precision.value
        yield RateLine(
            check=one.by["check"],
            asked=tokens(one.asked) if one.asked else NOTHING,
            triggered=tokens(one.triggered),
            rate=_percent(one.rate),
            rate_range=_range(one.rate),
            precision=_percent(one.precision),
            precision_range=_range(one.precision),
            width=0.0 if precision is None else round(precision * 100, 1),
            marked=", ".join(f"{count} {word}" for count, word in said if count),
            failed=tokens(one.failed) if one.failed else "",
        )


def _percent(one: Share | None) -> str:
    if one is None or one.value is None:
        return NOTHING
    return f"{one.value * 100:.1f} %"


def _range(one: Share | None) -> str:
    if one is None or one.interval is None:
        return ""
    low, high = one.interval
    return f"{low * 100:.1f} to {high * 100:.1f}"


def _trigger(one: Trigger, found: MarkedPage, now: datetime) -> TriggerLine:
    said = found.said_of(one)
    action = Badge(one.action, _TONES.get(one.action, "calm"), "What the policy did.")
    failed = Badge("no answer", "bad", f"The check gave no answer, and the policy says: {one.action}.")
    return TriggerLine(
        trace=one.trace,
        request=one.trace[:_ID_SHOWN],
        at=when(one.at, now),
        endpoint=one.endpoint,
        stage=one.stage.replace("_", " "),
        check=f"{one.check}.{one.kind}" if one.answered else one.check,
        badge=action if one.answered else failed,
        score=f"{one.score:.2f}" if one.answered else NOTHING,
        said=Badge(said, _SAID.get(said, "calm"), "What people say of it.") if said else None,
    )
