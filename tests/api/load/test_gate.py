"""Who comes in under overload: laws of the gate, and its way with time."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.api.load import LoadGate, LoadSettings, OverloadedError, Permit

SMALL = LoadSettings(most=20, most_waiting=6, wait_s=60, spare=0.25)


def tries(gate: LoadGate, tenant: str) -> Permit | None:
    try:
        return gate.enter(tenant)
    except OverloadedError:
        return None


def fill(gate: LoadGate, tenant: str, most: int = 1000) -> list[Permit]:
    permits: list[Permit] = []
    while len(permits) < most and (permit := tries(gate, tenant)) is not None:
        permits.append(permit)
    return permits


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.booleans()), max_size=200))
def test_never_more_in_flight_than_places_and_all_come_back(steps: list[tuple[str, bool]]) -> None:
    gate = LoadGate(SMALL)
    held: list[Permit] = []
    for tenant, comes in steps:
        if comes and (permit := tries(gate, tenant)) is not None:
            held.append(permit)
        elif not comes and held:
            held.pop(len(held) // 2).leave()
        assert gate.in_flight == len(held) <= SMALL.most
    for permit in held:
        permit.leave()
        permit.leave()
    assert gate.in_flight == 0
    assert gate._held == {}


def full(gate: LoadGate, *tenants: str) -> list[Permit]:
    """Let each take all it can; the first takes all but the spare places."""
    return [permit for tenant in tenants for permit in fill(gate, tenant)]


@given(st.integers(1, 5))
def test_newcomers_get_in_although_one_tenant_takes_all_it_can(newcomers: int) -> None:
    gate = LoadGate(SMALL)
    noisy = fill(gate, "noisy")
    assert len(noisy) == SMALL.most * (1 - SMALL.spare)
    got = [tries(gate, f"tenant {number}") for number in range(newcomers)]
    assert None not in got
    assert tries(gate, "noisy") is None


def test_one_tenant_alone_has_all_but_the_spare_places() -> None:
    gate = LoadGate(SMALL)
    assert len(fill(gate, "only")) == 15
    assert len(fill(gate, "another")) == 5


def test_a_refusal_says_when_to_come_again_and_is_counted() -> None:
    gate = LoadGate(SMALL)
    fill(gate, "only")
    with pytest.raises(OverloadedError) as error:
        gate.enter("only")
    assert error.value.retry_after_s
    assert "fewer at the same time" in error.value.hint
    assert gate.refused == 2


def test_while_the_loop_is_late_places_shrink_and_then_grow_back() -> None:
    gate = LoadGate(LoadSettings(most=100, spare=0, lag_s=0.1))
    permits = fill(gate, "a", 50)
    gate.lagged(0.5)
    assert gate.limit == 100, "once is no overload"
    gate.lagged(0.5)
    assert gate.limit == 40
    assert tries(gate, "a") is None
    for _ in range(100):
        gate.lagged(0.5)
    assert gate.limit >= 8
    for _ in range(30):
        gate.lagged(0.0)
    assert gate.limit == 100
    assert tries(gate, "a") is not None
    assert gate.in_flight == len(permits) + 1


def scenario(test: Callable[[LoadGate], Awaitable[None]], settings: LoadSettings = SMALL) -> None:
    asyncio.run(asyncio.wait_for(_run(test, settings), 30))


async def _run(test: Callable[[LoadGate], Awaitable[None]], settings: LoadSettings) -> None:
    await test(LoadGate(settings))


async def waiting(gate: LoadGate, tenant: str) -> "asyncio.Task[Permit]":
    task = asyncio.create_task(gate.wait(tenant))
    await asyncio.sleep(0)
    return task


def test_a_place_goes_to_the_tenant_that_holds_the_fewest() -> None:
    async def test(gate: LoadGate) -> None:
        held = fill(gate, "noisy")
        more = [await waiting(gate, "noisy") for _ in range(3)]
        quiet = await waiting(gate, "quiet")
        held.pop().leave()
        assert (await quiet).tenant == "quiet"
        assert not any(task.done() for task in more)
        for permit in held[:3]:
            permit.leave()
        assert [(await task).tenant for task in more] == ["noisy"] * 3

    scenario(test)


def test_when_too_many_wait_the_longest_queue_loses_its_end() -> None:
    async def test(gate: LoadGate) -> None:
        full(gate, "noisy", "other")
        many = [await waiting(gate, "noisy") for _ in range(SMALL.most_waiting)]
        with pytest.raises(OverloadedError):
            await gate.wait("noisy")
        quiet = await waiting(gate, "quiet")
        with pytest.raises(OverloadedError):
            await many[-1]
        assert not quiet.done()
        assert gate.waiting == SMALL.most_waiting
        for task in [*many, quiet]:
            task.cancel()
        await asyncio.gather(*many, quiet, return_exceptions=True)
        assert gate.waiting == 0

    scenario(test)


def test_nobody_waits_longer_than_agreed() -> None:
    async def test(gate: LoadGate) -> None:
        fill(gate, "a")
        with pytest.raises(OverloadedError):
            await gate.wait("a")
        assert gate.waiting == 0

    scenario(test, LoadSettings(most=2, wait_s=0.01))


def test_a_place_given_to_somebody_who_left_in_that_moment_comes_back() -> None:
    async def test(gate: LoadGate) -> None:
        held = full(gate, "a", "c")
        task = await waiting(gate, "b")
        held[0].leave()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert gate.in_flight == len(held) - 1
        assert gate.waiting == 0

    scenario(test)


async def end(task: "asyncio.Task[Permit]", *, by_giving_up: bool) -> bool:
    """Leave, or stop waiting; False for somebody who still waits for a place."""
    if by_giving_up:
        task.cancel()
    elif not task.done():
        return False
    (got,) = await asyncio.gather(task, return_exceptions=True)
    if isinstance(got, Permit):
        got.leave()
    return True


@given(st.lists(st.sampled_from(["come", "leave", "give up"]), min_size=10, max_size=80))
def test_places_are_neither_lost_nor_made(steps: list[str]) -> None:
    async def test(gate: LoadGate) -> None:
        tasks: list[asyncio.Task[Permit]] = []
        for number, step in enumerate(steps):
            if step == "come":
                tasks.append(await waiting(gate, "abc"[number % 3]))
            elif tasks and await end(tasks[number % len(tasks)], by_giving_up=step == "give up"):
                del tasks[number % len(tasks)]
            assert gate.in_flight <= gate.limit
        for task in tasks:
            await end(task, by_giving_up=True)
        assert (gate.in_flight, gate.waiting, gate._held, gate._queues) == (0, 0, {}, {})

    scenario(test, LoadSettings(most=4, most_waiting=4))


def test_under_pressure_two_tenants_are_served_alike() -> None:
    async def test(gate: LoadGate) -> None:
        served: Counter[str] = Counter()

        async def caller(tenant: str) -> None:
            for _ in range(40):
                try:
                    permit = await gate.wait(tenant)
                except OverloadedError:
                    await asyncio.sleep(0)
                    continue
                served[tenant] += 1
                await asyncio.sleep(0)
                permit.leave()

        noisy = [asyncio.create_task(caller("noisy")) for _ in range(30)]
        await asyncio.gather(*[caller("quiet") for _ in range(2)])
        assert served["quiet"] == 80, "a tenant below its share is never refused"
        await asyncio.gather(*noisy)

    scenario(test, LoadSettings(most=4, most_waiting=10, wait_s=60))


def test_the_watch_measures_lateness_with_the_clock_it_is_given() -> None:
    async def test(gate: LoadGate) -> None:
        times = iter([0.0, 10.0, 10.0, 20.0, 20.0])

        with pytest.raises(RuntimeError):  # the clock ends
            await gate.watch(lambda: next(times))
        assert gate.limit < 20

    scenario(test, LoadSettings(most=20, look_s=0))
