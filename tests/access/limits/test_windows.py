"""Windows of time: aligned, in UTC, and no clock resets them."""

import asyncio
import itertools
import math
import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.access.limits.conftest import APP, QUICK, Desk, requests, run, tokens, until, usd

from plimsoll.access.limits import BudgetUsedUpError, Meter, Need, Payer, RateLimitedError, Spent
from plimsoll.access.limits._spans import ends_at, stretch
from plimsoll.access.limits._types import SPANS, Span, Window, scope_of
from plimsoll.access.limits.escrow import Ask, Batch

ADA = Payer(user="ada")


@pytest.mark.parametrize(
    ("span", "start", "until"),
    [
        ("minute", "2026-12-31T23:59:00", "2027-01-01T00:00:00"),
        ("hour", "2026-12-31T23:00:00", "2027-01-01T00:00:00"),
        ("day", "2026-12-31T00:00:00", "2027-01-01T00:00:00"),
        ("month", "2026-12-01T00:00:00", "2027-01-01T00:00:00"),
    ],
)
def test_windows_are_aligned(span: Span, start: str, until: str) -> None:
    now = datetime(2026, 12, 31, 23, 59, 59, 900_000, tzinfo=UTC)
    found = stretch(span, now.timestamp())
    assert [datetime.fromtimestamp(moment, UTC).isoformat()[:19] for moment in found] == [start, until]
    assert ends_at(span, found[0]) == datetime.fromisoformat(until).replace(tzinfo=UTC)


def test_all_time_has_no_end() -> None:
    assert stretch("total", 12_345.6) == (0, math.inf)
    assert ends_at("total", 0) is None


@given(st.sampled_from([span for span in SPANS if span not in {"request", "total"}]), st.floats(0, 4e9))
def test_every_moment_is_in_exactly_one_window(span: Span, now_s: float) -> None:
    start, until = stretch(span, now_s)
    assert start <= now_s < until
    assert stretch(span, start) == (start, until)
    assert stretch(span, until)[0] == until


async def one(meter: Meter, payer: Payer = ADA) -> bool:
    try:
        (await meter.reserve(payer, Need(1, 0))).settle(Spent(1, 0))
    except RateLimitedError:
        return False
    return True


def test_a_window_starts_anew_with_the_clock(desk: Desk) -> None:
    async def steps() -> None:
        async with desk.meter(requests("each user", 2)) as meter:
            assert [await one(meter) for _ in range(3)] == [True, True, False]
            desk.clock.now_s += 29
            assert not await one(meter)
            desk.clock.now_s += 1
            assert [await one(meter) for _ in range(3)] == [True, True, False]

    run(steps)


def test_what_began_in_the_old_window_settles_there(desk: Desk) -> None:
    async def steps() -> None:
        async with desk.meter(tokens("everyone", 10)) as meter:
            old = await meter.reserve(ADA, Need(10, 0))
            desk.clock.now_s += 60
            (await meter.reserve(ADA, Need(10, 0))).settle(Spent(10, 0))
            old.settle(Spent(7, 0))
        assert desk.sums() == {"everyone tokens": (10, 0)}
        desk.clock.now_s -= 60
        assert desk.sums() == {"everyone tokens": (7, 0)}

    run(steps)


def test_a_clock_that_is_put_back_finds_the_window_as_it_was(desk: Desk) -> None:
    async def steps() -> None:
        desk.budgets = (requests("each user", 1),)
        async with desk.meter() as meter:
            assert await one(meter)
            desk.clock.now_s += 60
            assert await one(meter)
            desk.clock.now_s -= 60
            assert not await one(meter)
        desk.record.prune(desk.clock.now_s)
        async with desk.meter() as another:
            assert not await one(another)
            desk.clock.now_s += 60
            assert not await one(another)

    run(steps)


def test_a_call_that_waits_over_the_end_of_a_window_is_let_into_the_next(small: Desk) -> None:
    async def steps() -> None:
        async with small.meter(requests("everyone", 1)) as meter:
            waiting = asyncio.create_task(meter.reserve(ADA, Need(1, 0)))
            await asyncio.sleep(0)
            small.clock.now_s += 60
            (await waiting).settle(Spent(1, 0))
            assert not await one(meter)
        assert small.sums() == {"everyone requests": (1, 0)}

    run(steps)


def test_old_windows_go_and_what_still_counts_stays(desk: Desk) -> None:
    async def steps() -> None:
        async with desk.meter(
            requests("everyone", 9), usd("everyone", 1), requests("everyone", 9, "month"), usd("everyone", 1, "total")
        ) as meter:
            (await meter.reserve(ADA, Need(1, 5))).settle(Spent(1, 5))

    run(steps)
    assert desk.record.prune(desk.clock.now_s + 3_500) == 0
    assert desk.record.prune(desk.clock.now_s + 3_700) == 1
    assert desk.record.prune(desk.clock.now_s + 9 * 86_400) == 1
    desk.clock.now_s += 20 * 366 * 86_400
    assert desk.record.prune(desk.clock.now_s) == 1
    assert desk.sums() == {"everyone usd": (5, 0)}


def test_memory_does_not_grow_with_the_users_that_ever_came(small: Desk) -> None:
    async def steps() -> None:
        async with small.meter(requests("each user", 1_000), pace=replace(QUICK, idle_s=0.05)) as meter:
            for first in range(0, 1_500, 100):
                await asyncio.gather(*(one(meter, Payer(user=f"u{first + more}")) for more in range(100)))
            await until(lambda: meter.state().windows == 0)
            assert await one(meter, Payer(user="u7"))
        assert small.sums()["user:u7 requests"] == (2, 0)

    run(steps)


KEPT: dict[Span, int] = {"minute": 61, "hour": 25, "day": 9, "month": 5, "total": 1}
TOLD: dict[Span, int] = {"minute": 24 * 60 + 1, "hour": 8 * 24 + 1, "day": 63, "month": 15, "total": 1}


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from([59, 3_599, 40_000, 90_000, 1_000_000]), st.integers(1, 30)), max_size=6))
def test_what_is_written_down_is_bounded_by_who_there_is_and_not_by_the_days(
    small: Desk, walk: list[tuple[int, int]]
) -> None:
    record, users, tick = small.record, ("ada", "ben", "cleo"), itertools.count(1)
    walker, now_s = f"w-{random.random()}", small.clock.now_s
    for step_s, times in walk:
        for _ in range(times):
            now_s += step_s
            windows = [
                Window(APP, f"user:{user}", "requests", span, stretch(span, now_s)[0])
                for user in users
                for span in KEPT
            ]
            asks = tuple(Ask(one, 2, spent=1, overrun=0, reserved=0, keep=0, alert_at=(0.5,)) for one in windows)
            record.exchange(Batch(walker, next(tick), now_s, 30.0, asks, skew_s=0.0, reclaims=False))
        record.prune(now_s)
        with record._database.read() as connection:
            for table, most in (("usage_window", KEPT), ("usage_alert", TOLD)):
                found = connection.execute(text(f"SELECT span, count(*) FROM {table} GROUP BY span")).all()  # noqa: S608 (names of ours)
                assert all(count <= len(users) * most[span] for span, count in found), (table, found)
                assert {span for span, _ in found} == set(KEPT), "the present windows are always there"
    record.prune(now_s + 10_000 * 86_400)


def test_only_the_fullest_windows_are_read_and_those_of_others_are_not_crowded_out(desk: Desk) -> None:
    async def steps() -> None:
        async with desk.meter(requests("each user", 20), requests("team:legal", 50)) as meter:
            for number in range(12):
                for _ in range(number + 1):
                    assert await one(meter, Payer(user=f"u{number}", team="legal" if number == 0 else ""))

    run(steps)
    found = desk.record.windows(APP, desk.clock.moment, most=3)
    assert [(use.window.scope, use.spent) for use in found] == [
        ("user:u11", 12), ("user:u10", 11), ("user:u9", 10), ("team:legal", 1),
    ]  # fmt: skip
    assert [use.spent for use in desk.record.windows(APP, desk.clock.moment, scope="user:u0")] == [1]
    assert len(desk.record.alerts(APP, desk.clock.moment, most=3)) <= 3


def test_a_user_of_whom_only_an_alert_is_left_is_still_found(desk: Desk) -> None:
    strange = "ada\0" * 200

    async def steps() -> None:
        async with desk.meter(requests("each user", 1, alert_at=0.1)) as meter:
            assert await one(meter, Payer(user=strange))

    run(steps)
    assert desk.record.prune(desk.clock.now_s + 7_200) == 1
    assert desk.sums() == {}
    assert desk.record.count_subject(strange) == 1
    assert desk.record.purge_subject(strange) == 1
    assert desk.record.alerts(APP, desk.clock.moment) == ()


def test_what_a_user_used_can_be_forgotten(desk: Desk) -> None:
    async def steps() -> None:
        async with desk.meter(requests("each user", 4, alert_at=0.1), requests("everyone", 9)) as meter:
            assert await one(meter)
            assert await one(meter, Payer(user="ben"))

    run(steps)
    assert desk.record.purge_subject("ada") == 1
    assert desk.sums() == {"everyone requests": (2, 0), "user:ben requests": (1, 0)}
    assert [item.window.scope for item in desk.record.alerts(APP, desk.clock.moment)] == ["everyone", "user:ben"] or [
        item.window.scope for item in desk.record.alerts(APP, desk.clock.moment)
    ] == ["user:ben"]


def test_the_scope_of_a_strange_name_is_its_digest() -> None:
    assert scope_of("user", "ada") == "user:ada"
    assert scope_of("user", "a\0").startswith("user:#")
    assert len(scope_of("user", "x" * 10_000)) < 100


def test_budgets_of_all_time_are_never_anew(small: Desk) -> None:
    async def steps() -> None:
        async with small.meter(usd("everyone", 0.01, "total")) as meter:
            (await meter.reserve(ADA, Need(1, 10**10))).settle(Spent(1, 10**10))
            small.clock.now_s += 10 * 366 * 86_400
            with pytest.raises(BudgetUsedUpError):
                await meter.reserve(ADA, Need(1, 1))

    run(steps)
