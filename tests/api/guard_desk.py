"""A desk of guardrails that has lived for a while."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from plimsoll.checks import NO_CONTEXT, Context, Found
from plimsoll.flows.guard import GuardDesk, MarkedPage, MarkWish, PlaceMatrix, Rates, Window, matrix
from plimsoll.flows.guard._places import Place
from plimsoll.flows.guard._rates import Rate
from plimsoll.guardrails import Policy, Rule
from plimsoll.guardrails._exemptions import Exemption
from plimsoll.kernel.digest import Json
from plimsoll.reviews.marks import Mark, Marked, Said
from plimsoll.tracing.triggers import NO_ANSWER, Dimension, Trigger, TriggerFilter, TriggerPage

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LIVE = "sha256:" + "3f9c2a" + "0" * 58
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
HOSTILE = "<script>alert('x')</script>"


@dataclass(frozen=True)
class SlowCheck:
    """A check that is not made of patterns, and asks somebody else."""

    name: str = "judge"
    version: str = "7"
    kinds: tuple[str, ...] = ("off_topic",)
    waits: bool = True

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:
        del context
        return [Found(0, len(text), "off_topic", 0.5)] if "weather" in text else []


def standard() -> Policy:
    exemption = Exemption(frozenset({"load-test"}), frozenset(), date(2027, 3, 31), "load test of March")
    content: Json = {
        "checks": [
            {"check": "pii", "kinds": ["email", "iban"], "on": ["input", "retrieved", "output"], "action": "redact"},
            {"check": "injection", "on": ["input", "retrieved"], "action": "block", "at_least": 0.7},
        ]
    }
    rules = Policy.from_json("standard", content).rules
    slow = Rule(SlowCheck(), ("output",), "flag", 0.4, on_error="flag", timeout_s=5.0, exemptions=(exemption,))
    return Policy("standard", [*rules, slow])


def trigger(**changes: object) -> Trigger:
    given = {
        "trace": TRACE,
        "at": NOW - timedelta(minutes=3),
        "environment": "production",
        "endpoint": "ask",
        "release": LIVE,
        "stage": "input",
        "check": "injection",
        "kind": "override",
        "action": "block",
        "count": 1,
        "score": 0.95,
        "version": "75ebbb1e",
    }
    return Trigger(**{**given, **changes})  # type: ignore[arg-type]  # a test says only what differs


TRIGGERS = (
    trigger(),
    trigger(stage="tool_result", check="pii", kind="email", action="redact", count=3, score=1.0, version="26cfe13c"),
    trigger(stage="output", check="judge", kind=NO_ANSWER, action="flag", score=0.0, version="7"),
    trigger(check=HOSTILE, kind="x", action="flag", endpoint=HOSTILE),
)


@dataclass
class ShownDesk(GuardDesk):
    """Implements `GuardDesk` with one application that has lived for a while, or with none."""

    empty: bool = False
    marked: list[MarkWish] = field(default_factory=list)
    wanted: list[tuple[TriggerFilter, int, str]] = field(default_factory=list)
    windows: list[tuple[Window, Sequence[Dimension]]] = field(default_factory=list)

    def matrix(self) -> Sequence[PlaceMatrix]:
        if self.empty:
            return ()
        broken = Policy.load("broken", {"checks": [{"check": "no such check"}]})
        places = [Place("ask", "standard", standard()), Place("summary"), Place("topic", "broken", broken)]
        return matrix(places, environment="production", release=LIVE)

    def triggers(self, wanted: TriggerFilter, *, limit: int, after: str = "") -> MarkedPage:
        self.wanted.append((wanted, limit, after))
        first = TRIGGERS[0]
        said = {(first.trace, first.stage, first.check, first.kind, first.action): "right"}
        return MarkedPage(TriggerPage(() if self.empty else TRIGGERS, ""), said)

    def rates(self, window: Window, by: Sequence[Dimension]) -> Rates:
        self.windows.append((window, by))
        found = (
            Rate({"check": "injection"}, 812, 34, 36, 0, right=19, wrong=4, disputed=1, missed=2),
            Rate({"check": "pii"}, 812, 120, 260, 0, right=0, wrong=0, disputed=0, missed=0),
            Rate({"check": "judge"}, 700, 3, 3, 12, right=1, wrong=2, disputed=0, missed=0),
        )
        return Rates(window, tuple(by), 0 if self.empty else 830, 0 if self.empty else 18, () if self.empty else found)

    def mark(self, wish: MarkWish) -> tuple[Mark, ...]:
        self.marked.append(wish)
        about = Marked(
            "contracts", TRACE, NOW, "ask", wish.stage or "input", wish.check, "override", "block", "7", 0.95
        )
        said: Said = "right" if wish.said == "right" else "wrong"
        return (Mark(17, about, said, wish.by.actor, wish.by.via, NOW, wish.note),)
