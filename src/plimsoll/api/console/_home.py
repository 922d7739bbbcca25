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
from ._present import Badge, When, cost, duration, outcome, share, tokens, when

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
    candidate_name: str
    candidate_share: str
    """Of the traffic, such as `10 %`; empty where there is no candidate."""


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

    environments: tuple[EnvironmentCard, ...]
    endpoints: tuple[EndpointCard, ...]
    moves: tuple[MoveLine, ...]
    traces: tuple[TraceLine, ...]
    sees_traces: bool
    default_environment: str


def home(service: Service, settings: ApiSettings, *, visitor: Visitor, now: datetime) -> Home:
    """Read what the page needs; what other people asked is not even read for whoever may not see it."""
    environments, moves = service.environments(), service.moves(LATEST_MOVES)
    names = service.names([*(one.actor for one in environments), *(one.actor for one in moves)])
    summaries = service.recent_traces(settings.recent_traces) if visitor.sees_traces else ()
    return Home(
        environments=tuple(_environment(one, now, names) for one in environments),
        endpoints=tuple(_endpoint(one, settings, visitor) for one in service.models()),
        moves=tuple(_move(one, now, names) for one in moves),
        traces=tuple(_trace(one, now) for one in summaries),
        sees_traces=visitor.sees_traces,
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
    return EndpointCard(
        id=model.id,
        environment=model.environment,
        release_name=model.release_name,
        curl=_curl(model.id, visitor.address, elsewhere, with_key=visitor.with_key),
        python=_python(model.id, visitor.address, elsewhere, with_key=visitor.with_key),
    )


def _curl(model: str, address: str, environment: str, *, with_key: bool) -> str:
    body = f'{{\n    "model": {json.dumps(model)},\n    "messages": [{_MESSAGE}]\n  }}'
    lines = [f"curl {address}/v1/chat/completions", "-H 'Content-Type: application/json'"]
    if with_key:
        lines.append('-H "Authorization: Bearer $PLIMSOLL_KEY"')
    if environment:
        lines.append(f"-H {shlex.quote(f'x-plimsoll-environment: {environment}')}")
    lines.append(f"-d {shlex.quote(body)}")
    return " \\\n  ".join(lines)


def _python(model: str, address: str, environment: str, *, with_key: bool) -> str:
    key = 'os.environ["PLIMSOLL_KEY"]' if with_key else '"not-needed"'
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
