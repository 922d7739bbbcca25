"""What the console's first page shows."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from plimsoll.kernel.digest import short_name
from plimsoll.releases.environments import Environment, EnvironmentMove
from plimsoll.tracing import TraceSummary

from .._service import ServedModel, Service
from .._settings import ApiSettings
from ._present import Badge, When, cost, duration, outcome, tokens, when

LATEST_MOVES = 6
_MESSAGE = '{"role": "user", "content": "Your question"}'


@dataclass(frozen=True, slots=True)
class EnvironmentCard:
    """One environment of one application."""

    app: str
    name: str
    live_name: str
    since: When | None
    actor: str


@dataclass(frozen=True, slots=True)
class EndpointCard:
    """One endpoint in one environment, and how to call it."""

    id: str
    environment: str
    release_name: str
    curl: str
    python: str


@dataclass(frozen=True, slots=True)
class MoveLine:
    """One move of an environment's pointer."""

    verb: str
    app: str
    environment: str
    release_name: str
    moved: When
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One request in the list."""

    id: str
    started: When
    environment: str
    endpoint: str
    release_name: str
    question: str
    badge: Badge
    latency: str
    tokens: str
    cost: str


@dataclass(frozen=True, slots=True)
class Home:
    """Everything on the page."""

    environments: tuple[EnvironmentCard, ...]
    endpoints: tuple[EndpointCard, ...]
    moves: tuple[MoveLine, ...]
    traces: tuple[TraceLine, ...]
    default_environment: str


def home(service: Service, settings: ApiSettings, *, address: str, now: datetime) -> Home:
    """Read what the page needs. `address` is this server as the visitor sees it, `http://127.0.0.1:8000`."""
    environments = service.environments()
    names = {one.live: one.live_name for one in environments if one.live}
    return Home(
        environments=tuple(_environment(one, now) for one in environments),
        endpoints=tuple(_endpoint(one, settings, address) for one in service.models()),
        moves=tuple(_move(one, now, names) for one in service.moves(LATEST_MOVES)),
        traces=tuple(_trace(one, now) for one in service.recent_traces(settings.recent_traces)),
        default_environment=settings.default_environment,
    )


def _environment(environment: Environment, now: datetime) -> EnvironmentCard:
    return EnvironmentCard(
        app=environment.app,
        name=environment.name,
        live_name=environment.live_name,
        since=when(environment.moved_at, now) if environment.moved_at else None,
        actor=environment.actor,
    )


def _endpoint(model: ServedModel, settings: ApiSettings, address: str) -> EndpointCard:
    elsewhere = model.environment if model.environment != settings.default_environment else ""
    return EndpointCard(
        id=model.id,
        environment=model.environment,
        release_name=model.release_name,
        curl=_curl(model.id, address, elsewhere, with_key=settings.api_key is not None),
        python=_python(model.id, address, elsewhere, with_key=settings.api_key is not None),
    )


def _curl(model: str, address: str, environment: str, *, with_key: bool) -> str:
    body = f'{{\n    "model": {json.dumps(model)},\n    "messages": [{_MESSAGE}]\n  }}'
    lines = [f"curl {address}/v1/chat/completions", "-H 'Content-Type: application/json'"]
    if with_key:
        lines.append('-H "Authorization: Bearer $PLIMSOLL_API_KEY"')
    if environment:
        lines.append(f"-H {shlex.quote(f'x-plimsoll-environment: {environment}')}")
    lines.append(f"-d {shlex.quote(body)}")
    return " \\\n  ".join(lines)


def _python(model: str, address: str, environment: str, *, with_key: bool) -> str:
    key = 'os.environ["PLIMSOLL_API_KEY"]' if with_key else '"not-needed"'
    headers = json.dumps({"x-plimsoll-environment": environment})
    return "\n".join(
        [
            *(["import os"] if with_key else []),
            "from openai import OpenAI",
            "",
            "client = OpenAI(",
            f"    base_url={json.dumps(address + '/v1')},",
            f"    api_key={key},",
            *([f"    default_headers={headers},"] if environment else []),
            ")",
            "answer = client.chat.completions.create(",
            f"    model={json.dumps(model)},",
            f"    messages=[{_MESSAGE}],",
            ")",
            "print(answer.choices[0].message.content)",
            'print(answer.plimsoll["citations"])',
        ]
    )


def _move(move: EnvironmentMove, now: datetime, names: Mapping[str, str]) -> MoveLine:
    return MoveLine(
        verb="Rolled back" if move.move == "rollback" else "Shipped",
        app=move.app,
        environment=move.environment,
        release_name=names.get(move.to_release) or short_name("r", move.to_release),
        moved=when(move.moved_at, now),
        actor=move.actor,
        reason=move.reason,
    )


def _trace(trace: TraceSummary, now: datetime) -> TraceLine:
    return TraceLine(
        id=trace.id,
        started=when(trace.started_at, now),
        environment=trace.environment or "working build",
        endpoint=f"{trace.app}/{trace.endpoint}",
        release_name=trace.release_name,
        question=trace.question or "(empty question)",
        badge=outcome(trace.status, answered=trace.answered),
        latency=duration(trace.latency_ms),
        tokens=f"{tokens(trace.input_tokens)} → {tokens(trace.output_tokens)}",
        cost=cost(trace.cost_usd),
    )
