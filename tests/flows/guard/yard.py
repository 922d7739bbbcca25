"""Checks that find what a text says they find, and an installation in which requests have passed them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace as changed
from tests.flows.home import KEEPER, Home
from tests.tracing.test_traces import a_trace

from plimsoll.checks import NO_CONTEXT, Context, Found
from plimsoll.flows.guard import GuardParts, Window
from plimsoll.guardrails import Action, Policy, Rule, Stage
from plimsoll.kernel.digest import Json
from plimsoll.kernel.ids import new_trace_id
from plimsoll.registry import Kind, Publication
from plimsoll.releases import Manifest
from plimsoll.reviews.marks import Marks
from plimsoll.tracing import Trace

APP = "harbour"
BEGAN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = Window(BEGAN - timedelta(hours=1), BEGAN + timedelta(days=1))


@dataclass(frozen=True)
class SaidCheck:
    """Finds `NAME:KIND=SCORE` wherever it stands, and gives no answer where `NAME!` stands."""

    name: str = "alpha"
    version: str = "1"
    kinds: tuple[str, ...] = ("one", "two")
    by_sentence: bool = False

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:
        del context
        if f"{self.name}!" in text:
            raise RuntimeError
        return [
            Found(one.start(), one.end(), one[1], float(one[2]), "it says so")
            for one in re.finditer(rf"{self.name}:(\w+)=([01]\.?\d*)", text)
            if one[1] in self.kinds and float(one[2]) > 0
        ]


def rule(name: str = "alpha", *stages: Stage, action: Action = "block", **more: Any) -> Rule:
    return Rule(SaidCheck(name), stages or ("input",), action, **more)


def policy(*rules: Rule, name: str = "standard") -> Policy:
    return Policy(name, rules or (rule(),))


def note(check: str = "alpha", kind: str = "one", **changes: Any) -> Mapping[str, Any]:
    given = {"stage": "input", "action": "block", "count": 1, "score": 0.9, "version": "1"}
    return {**given, "check": check, "kind": kind, **changes}


@dataclass
class Yard:
    """An application with a release, whose endpoint `ask` has a guardrail and whose endpoint `talk` has none."""

    folder: Path
    policy: Policy = field(default_factory=policy)
    home: Home = field(init=False)
    release: str = field(init=False)

    def __post_init__(self) -> None:
        self.home = Home(self.folder)
        contents: dict[tuple[Kind, str], Json] = {
            ("guardrail", "standard"): {"checks": []},
            ("route", "default"): {"model": "m", "serves": ["gpt"], "guardrail": "standard"},
            ("endpoint", "ask"): {"kind": "chat", "guardrail": "standard"},
            ("endpoint", "talk"): {"kind": "chat", "guardrail": None},
        }
        made = [Publication(kind, name, content) for (kind, name), content in contents.items()]
        versions = self.home.registry.publish(APP, made, by=KEEPER, source_commit="")
        manifest = Manifest(APP, {one.ref.key: one.ref.digest for one in versions})
        self.home.releases.keep_draft(manifest)
        self.release = manifest.digest

    @property
    def parts(self) -> GuardParts:
        return GuardParts(
            app=APP,
            traces=self.home.traces,
            marks=Marks(self.home.ledger),
            registry=self.home.registry,
            releases=self.home.releases,
            environments=self.home.environments,
            flush=lambda: None,
            make_policy=lambda _name, _content: self.policy,
        )

    def request(self, minute: int = 0, *notes: Mapping[str, Any], text: str = "hello", **changes: Any) -> Trace:
        """Write the trace of a request down."""
        trace = changed(
            a_trace(0, new_trace_id()),
            app=APP,
            endpoint="ask",
            environment="production",
            release=self.release,
            started_at=BEGAN + timedelta(minutes=minute),
            guardrails=notes,
            question=text,
            request={"messages": [{"role": "user", "content": text}], "parameters": {}},
            answer="fine",
            passages=(),
        )
        trace = changed(trace, **changes)
        self.home.traces.write([trace])
        return trace

    def requests(self, *notes: Iterable[Mapping[str, Any]]) -> list[Trace]:
        """Write the traces of some requests down, a minute apart."""
        return [self.request(minute, *some) for minute, some in enumerate(notes)]

    def with_policy(self, *rules: Rule) -> "Yard":
        self.policy = policy(*rules)
        return self

    def close(self) -> None:
        self.home.close()
