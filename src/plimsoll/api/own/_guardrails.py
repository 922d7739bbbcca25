"""`GET /api/guardrails/…`: what guardrails found, how often, and where they look."""

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, get_args

from anyio import to_thread
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from plimsoll.flows.guard import GuardDesk, MarkedPage, PlaceMatrix, Rates, Share, Window
from plimsoll.kernel.clock import to_text, utc_now
from plimsoll.tracing.triggers import Dimension, Trigger, TriggerFilter

from .._errors import FieldError
from ..wire import json_bytes

Endpoint = Callable[[Request], Awaitable[Response]]

_BY: Final = get_args(Dimension)
_AGO: Final = re.compile(r"([0-9]{1,5})([mhd])")
_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_DEFAULT_WINDOW: Final = timedelta(days=30)
_MOST: Final = 1_000
_LONGEST: Final = 200


class TriggerOut(Struct):
    """What a check found at one stage of one request: never the text."""

    trace: str
    at: str
    environment: str
    endpoint: str
    release: str
    stage: str
    check: str
    kind: str
    version: str
    """Of the check."""
    action: str
    answered: bool
    """False where the check gave no answer: that is no trigger, and no pass either."""
    count: int
    score: float | None
    """The highest; null where it gave no answer."""
    mark: str | None
    """right, wrong, missed or disputed; null where nobody said anything."""


class TriggersOut(Struct):
    """Some triggers, those of the newest requests first."""

    triggers: list[TriggerOut]
    next: str
    """What to send as `after` for the next page; empty when there is none."""
    object: str = "triggers"


class ShareOut(Struct):
    """A part of a whole, with its 95 % interval (Wilson)."""

    value: float
    count: int
    of: int
    low: float
    high: float


class RateOut(Struct):
    """What is known of one check, or of one of its versions, kinds, stages, actions or endpoints."""

    by: dict[str, str]
    asked: int
    """Requests whose policy asked it."""
    triggered: int
    """Requests in which it triggered."""
    found: int
    no_answer: int
    """Requests in which it gave no answer."""
    rate: ShareOut | None
    precision: ShareOut | None
    """Of what was marked."""
    right: int
    wrong: int
    disputed: int
    missed: int


class RatesOut(Struct):
    """What guardrails did in a window of time."""

    since: str
    until: str
    requests: int
    unread: int
    """Requests of releases whose policy cannot be read any more: in no rate."""
    rates: list[RateOut]
    object: str = "rates"


class CellOut(Struct):
    """One check at one stage."""

    check: str
    kinds: list[str]
    action: str
    at_least: float
    on_error: str
    timeout_s: float | None
    reads: str
    """`piece by piece`, `by sentence`, `at the end`, `whole` or `held`."""
    version: str
    exceptions: list[str]


class StageOut(Struct):
    """One stage of one endpoint."""

    stage: str
    cells: list[CellOut]
    hole: str
    """Why nothing is looked at here; empty where something is."""
    instead: str | None
    """The stage whose checks look here, because the policy does not name this one."""
    blocked: str
    """Why everything is blocked here; empty where it is not."""


class PlaceOut(Struct):
    """All stages of one endpoint of what is live."""

    environment: str
    release: str
    endpoint: str
    guardrail: str | None
    holes: list[str]
    stages: list[StageOut]


class MatrixOut(Struct):
    """Endpoint by stage by check."""

    places: list[PlaceOut]
    object: str = "matrix"


def guardrail_routes(desk: GuardDesk) -> list[Route | Mount]:
    """All of them, by their addresses."""
    return [
        Route("/api/guardrails/triggers", triggers_endpoint(desk)),
        Route("/api/guardrails/rates", rates_endpoint(desk)),
        Route("/api/guardrails/matrix", matrix_endpoint(desk)),
    ]


def triggers_endpoint(desk: GuardDesk) -> Endpoint:
    """`GET /api/guardrails/triggers`."""

    async def endpoint(request: Request) -> Response:
        query = _query(request, {*_FILTERS, "since", "until", "limit", "after"})
        now = utc_now()
        wanted = TriggerFilter(
            check=query.get("check"),
            version=query.get("version"),
            stage=query.get("stage"),
            action=query.get("action"),
            endpoint=query.get("endpoint"),
            environment=query.get("environment"),
            since=_moment(query, "since", now),
            until=_moment(query, "until", now),
        )
        limit, after = _limit(query), query.get("after", "")
        found = await to_thread.run_sync(lambda: desk.triggers(wanted, limit=limit, after=after))
        return _json(_triggers(found))

    return endpoint


def rates_endpoint(desk: GuardDesk) -> Endpoint:
    """`GET /api/guardrails/rates`."""

    async def endpoint(request: Request) -> Response:
        query = _query(request, {"by", "since", "until", "endpoint"})
        now = utc_now()
        window = Window(
            _moment(query, "since", now) or now - _DEFAULT_WINDOW,
            _moment(query, "until", now) or now,
            query.get("endpoint"),
        )
        by = _dimensions(query.get("by", "check"))
        return _json(_rates(await to_thread.run_sync(lambda: desk.rates(window, by))))

    return endpoint


def matrix_endpoint(desk: GuardDesk) -> Endpoint:
    """`GET /api/guardrails/matrix`."""

    async def endpoint(request: Request) -> Response:
        _query(request, set())
        found = await to_thread.run_sync(desk.matrix)
        return _json(MatrixOut([_place(one) for one in found]))

    return endpoint


_FILTERS: Final = ("check", "version", "stage", "action", "endpoint", "environment")


def _query(request: Request, known: set[str]) -> Mapping[str, str]:
    """What the address asks. Raises FieldError for what nobody knows, says twice, or says at too great a length."""
    for name, value in request.query_params.multi_items():
        if name not in known:
            listed = ", ".join(sorted(known))
            raise FieldError(
                name[:_LONGEST], "there is no such parameter", hint=f"parameters: {listed}" if listed else ""
            )
        if len(value) > _LONGEST or not value.isprintable():
            raise FieldError(name, "this is too long, or is no text", hint=f"at most {_LONGEST} characters")
        if len(request.query_params.getlist(name)) > 1:
            raise FieldError(name, "it is said twice", hint="say it once; several values go with commas")
    return request.query_params


def _moment(query: Mapping[str, str], name: str, now: datetime) -> datetime | None:
    text = query.get(name)
    if not text:
        return None
    ago = _AGO.fullmatch(text)
    try:
        if ago is not None:
            return now - int(ago[1]) * _UNITS[ago[2]]
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise FieldError(name, "this is no moment", hint="write 24h, 7d, or a date such as 2026-11-20") from None


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", "50")
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= _MOST:
        raise FieldError("limit", "this is no number of triggers", hint=f"from 1 to {_MOST:,}")
    return int(text)


def _dimensions(text: str) -> list[Dimension]:
    wanted = text.split(",")
    for name in wanted:
        if name not in _BY:
            raise FieldError("by", f"nothing is told apart by {name!r}", hint=f"some of {', '.join(_BY)}, with commas")
    return [one for one in _BY if one in wanted]


def _triggers(found: MarkedPage) -> TriggersOut:
    return TriggersOut([_trigger(one, found) for one in found.page.triggers], found.page.next)


def _trigger(one: Trigger, found: MarkedPage) -> TriggerOut:
    return TriggerOut(
        trace=one.trace,
        at=to_text(one.at),
        environment=one.environment,
        endpoint=one.endpoint,
        release=one.release,
        stage=one.stage,
        check=one.check,
        kind=one.kind,
        version=one.version,
        action=one.action,
        answered=one.answered,
        count=one.count,
        score=one.score if one.answered else None,
        mark=found.said_of(one) or None,
    )


def _rates(found: Rates) -> RatesOut:
    return RatesOut(
        to_text(found.window.since),
        to_text(found.window.until),
        found.requests,
        found.unread,
        [
            RateOut(
                by={str(name): value for name, value in one.by.items()},
                asked=one.asked,
                triggered=one.triggered,
                found=one.found,
                no_answer=one.failed,
                rate=_share(one.rate),
                precision=_share(one.precision),
                right=one.right,
                wrong=one.wrong,
                disputed=one.disputed,
                missed=one.missed,
            )
            for one in found.rates
        ],
    )


def _share(one: Share | None) -> ShareOut | None:
    if one is None or one.value is None or one.interval is None:
        return None
    return ShareOut(one.value, one.count, one.of, *one.interval)


def _place(one: PlaceMatrix) -> PlaceOut:
    stages = [
        StageOut(
            line.stage,
            [
                CellOut(
                    cell.check,
                    list(cell.kinds),
                    cell.action,
                    cell.at_least,
                    cell.on_error,
                    cell.timeout_s,
                    cell.reads,
                    cell.version,
                    list(cell.exceptions),
                )
                for cell in line.cells
            ],
            line.hole,
            line.instead,
            line.blocked,
        )
        for line in one.stages
    ]
    return PlaceOut(one.environment, one.release, one.endpoint, one.guardrail or None, list(one.holes), stages)


def _json(value: Any) -> Response:
    # What people did stands in it: no cache may keep that.
    return Response(json_bytes(value), media_type="application/json", headers={"cache-control": "no-store"})
