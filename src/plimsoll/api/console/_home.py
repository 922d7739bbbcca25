"""What the console's first page shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from plimsoll.kernel.digest import short_name
from plimsoll.releases.environments import Environment, EnvironmentMove

from .._service import Gives, ServedModel, Service
from .._settings import ApiSettings
from ._calls import Call, Example, examples
from ._present import When, share, when
from ._requests import Requests, Wish, requests
from ._usage import BudgetCard, DayCard, budget_card, day_card

LATEST_MOVES = 6


@dataclass(frozen=True, slots=True)
class EnvironmentCard:
    """One environment of one application."""

    app: str
    name: str
    live_name: str
    since: When | None
    actor: str
    candidate_name: str
    candidate_share: str
    """Of the traffic, such as `10 %`; empty where there is no candidate."""


@dataclass(frozen=True, slots=True)
class EndpointCard:
    """One endpoint in one environment, and how to call it."""

    id: str
    environment: str
    release_name: str
    gives: Gives
    is_route: bool
    """It is passed through, without a prompt or documents of its own."""
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class MoveLine:
    """One move of an environment's pointer, as a sentence: verb, release, preposition, environment."""

    verb: str
    preposition: str
    app: str
    environment: str
    release_name: str
    moved: When
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at the page."""

    address: str
    """This server as the visitor calls it, `http://127.0.0.1:8000`."""
    with_key: bool = False
    """The examples must show a key."""
    sees_traces: bool = True
    """May see what other people asked."""


@dataclass(frozen=True, slots=True)
class Home:
    """Everything on the page."""

    trouble: str
    """Why requests cannot be answered; empty while they are."""
    warning: str
    """What else is wrong; empty while nothing is."""
    environments: tuple[EnvironmentCard, ...]
    endpoints: tuple[EndpointCard, ...]
    moves: tuple[MoveLine, ...]
    requests: Requests | None
    """None where the visitor may not see them."""
    day: DayCard
    budgets: BudgetCard
    default_environment: str


def home(service: Service, settings: ApiSettings, *, visitor: Visitor, now: datetime) -> Home:
    """Read what the page needs; what other people asked is not even read for whoever may not see it."""
    environments, moves = service.environments(), service.moves(LATEST_MOVES)
    names = service.names([*(one.actor for one in environments), *(one.actor for one in moves)])
    is_live = any(one.live for one in environments)
    # Endpoints first: what is passed through to a model server answers only where that one does.
    endpoints = [_endpoint(one, settings, visitor) for one in service.models()]
    return Home(
        trouble=(service.ready() or "") if is_live else "",
        warning=service.warning() or "",
        environments=tuple(_environment(one, now, names) for one in environments),
        endpoints=tuple(sorted(endpoints, key=lambda one: one.is_route)),
        moves=tuple(_move(one, now, names) for one in moves),
        requests=requests(service, Wish(), limit=settings.recent_traces, now=now) if visitor.sees_traces else None,
        day=day_card(service, now),
        budgets=budget_card(service, now=now, sees_users=visitor.sees_traces),
        default_environment=settings.default_environment,
    )


def _environment(environment: Environment, now: datetime, names: Mapping[str, str]) -> EnvironmentCard:
    return EnvironmentCard(
        app=environment.app,
        name=environment.name,
        live_name=environment.live_name,
        since=when(environment.moved_at, now) if environment.moved_at else None,
        actor=names.get(environment.actor, environment.actor),
        candidate_name=environment.candidate_name,
        candidate_share=share(environment.candidate_share) if environment.candidate else "",
    )


def _endpoint(model: ServedModel, settings: ApiSettings, visitor: Visitor) -> EndpointCard:
    elsewhere = model.environment if model.environment != settings.default_environment else ""
    is_route = not model.id.startswith(f"{model.app}/")
    call = Call(model.id, visitor.address, elsewhere, with_key=visitor.with_key, is_endpoint=not is_route)
    return EndpointCard(
        id=model.id,
        environment=model.environment,
        release_name=model.release_name,
        gives=model.gives,
        is_route=is_route,
        examples=examples(model, call),
    )


def _move(move: EnvironmentMove, now: datetime, names: Mapping[str, str]) -> MoveLine:
    verb, preposition = {
        "ship": ("Shipped", "to"),
        "rollback": ("Rolled back", "in"),
        "split": (f"Gave {share(move.share)} of the traffic to", "in"),
        "unsplit": ("Gave all traffic back to", "in"),
    }[move.move]
    return MoveLine(
        verb=verb,
        preposition=preposition,
        app=move.app,
        environment=move.environment,
        release_name=short_name("r", move.to_release),
        moved=when(move.moved_at, now),
        actor=names.get(move.actor, move.actor),
        reason="(the reason was erased)" if move.reason is None else move.reason,
    )
