"""What holds for every call of a route, whatever its targets do."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.kernel.errors import DeniedError, PlimsollError, UnavailableError
from plimsoll.models._types import ChatEnd, ChatModel
from plimsoll.models.routing import Breaking, Health, Retries, RoutedModel, RoutePolicy, Target, Timing, attempts_of
from plimsoll.models.routing._types import Check, Strategy

from .scripted import REQUEST, FakeModel, Step, now, run

errors = st.builds(UnavailableError, st.just("down"), retry_after_s=st.none() | st.floats(0, 90)) | st.builds(
    DeniedError, st.just("no")
)
steps: st.SearchStrategy[Step] = st.one_of(st.sampled_from(["", "x", "x"]), st.floats(0, 50), errors)
scripts = st.lists(st.lists(steps, max_size=4), min_size=1, max_size=3)
strategies: list[Strategy] = ["ordered", "weighted", "least_latency", "cheapest"]
checks: list[tuple[Check, ...]] = [(), (), ("empty",)]
policies = st.builds(
    RoutePolicy,
    strategy=st.sampled_from(strategies),
    timing=st.builds(Timing, first_token_s=st.floats(1, 40), total_s=st.floats(1, 60)),
    retries=st.builds(Retries, attempts=st.integers(0, 3), budget_percent=st.sampled_from([0.0, 20.0, 100.0])),
    breaking=st.builds(Breaking, failures=st.integers(1, 3)),
    hedge_after_s=st.none() | st.floats(0.1, 20),
    escalate_when=st.sampled_from(checks),
)


@dataclass
class Heard:
    """What a caller saw of one call."""

    said: list[str] = field(default_factory=list)
    end: ChatEnd | None = None
    error: Exception | None = None
    ended_s: float = 0.0


async def ask(route: RoutedModel, heard: Heard, *, streams: bool) -> None:
    if not streams:
        completion = await route.complete(REQUEST)
        heard.said.append(completion.text)
        heard.end = completion.end
        return
    async with aclosing(route.stream(REQUEST)) as events:
        async for event in events:
            if isinstance(event, ChatEnd):
                heard.end = event
                return
            heard.said.append(event.text)
    pytest.fail("the stream had no end")


async def hear(route: RoutedModel, *, streams: bool, leaves_after_s: float | None) -> Heard:
    heard = Heard()
    try:
        async with asyncio.timeout(leaves_after_s):
            await ask(route, heard, streams=streams)
    except (PlimsollError, TimeoutError) as error:
        heard.error = error
    heard.ended_s = now()
    return heard


def speaking_their_names(scripts: Sequence[Sequence[Sequence[Step]]]) -> list[FakeModel]:
    """Models that say only their own letter, so that two voices in one stream would be seen."""
    return [
        FakeModel(name, [[name if step == "x" else step for step in script] for script in some])
        for name, some in zip("abc", scripts, strict=False)
    ]


@settings(deadline=None)
@given(st.lists(scripts, min_size=1, max_size=3), policies, st.booleans(), st.none() | st.floats(0, 30))
def test_a_call_ends_in_time_speaks_with_one_voice_and_leaves_nothing_open(
    scripts: list[list[list[Step]]], policy: RoutePolicy, streams: bool, leaves_after_s: float | None
) -> None:
    models, health = speaking_their_names(scripts), Health()
    targets: list[Target[ChatModel]] = [Target(model) for model in models]
    route = RoutedModel("default", targets, policy, health=health, clock=now, random=lambda: 0.5)
    heard = run(hear(route, streams=streams, leaves_after_s=leaves_after_s))
    assert heard.ended_s <= policy.timing.total_s + 1e-6
    assert len(set("".join(heard.said))) <= 1
    assert [model.open for model in models] == [0] * len(models)
    assert all(model.asked <= 1 + policy.retries.attempts for model in models)
    assert [health.of(target, policy.breaking).in_flight for target in targets] == [0] * len(models)
    if heard.end is not None:
        assert set("".join(heard.said)) <= {heard.end.target}
        assert heard.end.attempts
    elif isinstance(heard.error, PlimsollError):
        assert attempts_of(heard.error)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["good", "bad"]), min_size=1, max_size=120), st.sampled_from([10.0, 50.0]))
def test_over_many_calls_retries_stay_within_their_budget(kinds: list[str], percent: float) -> None:
    plays: list[list[Step]] = [["x"] if kind == "good" else [UnavailableError("down")] for kind in kinds]
    model = FakeModel("a", plays)
    retries = Retries(attempts=3, budget_percent=percent, base_s=0.001)
    policy = RoutePolicy(retries=retries, breaking=Breaking(failures=1000))
    targets: list[Target[ChatModel]] = [Target(model)]
    route = RoutedModel("default", targets, policy, health=Health(), clock=now)
    calls = 40

    async def work() -> None:
        for _ in range(calls):
            await hear(route, streams=False, leaves_after_s=None)

    run(work())
    assert model.asked - calls <= 10 + calls * percent / 100


def test_a_route_reads_the_real_clock_when_none_is_given() -> None:
    targets: list[Target[ChatModel]] = [Target(FakeModel("a", [["Hi"]]))]
    route: Any = RoutedModel("default", targets, RoutePolicy(), health=Health())
    assert asyncio.run(route.complete(REQUEST)).text == "Hi"
