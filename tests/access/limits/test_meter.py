"""The gate: what is let in, what is refused and why, and that the sums are right, on both databases."""

import asyncio
import logging
import random

import pytest
from tests.access.limits.conftest import APP, Desk, requests, run, tokens, until, usd

from plimsoll.access.limits import (
    BudgetUsedUpError,
    Meter,
    Need,
    Payer,
    PriceUnknownError,
    RateLimitedError,
    Spent,
)
from plimsoll.kernel.errors import BudgetError
from plimsoll.kernel.money import to_pico
from plimsoll.models import Usage
from plimsoll.models.prices import price_of

ADA = Payer(key="k1", team="legal", project="p", environment="production", user="ada")
CENT = to_pico(0.01)


async def spend(meter: Meter, payer: Payer, cost: int, *, used: int | None = None) -> bool:
    """One call; whether it was let in."""
    try:
        reservation = await meter.reserve(payer, Need(tokens=1, cost_pico=cost))
    except BudgetError:
        return False
    await asyncio.sleep(0)
    reservation.settle(Spent(1, cost if used is None else used))
    return True


def test_hundreds_of_clients_at_once_use_all_of_a_budget_and_nothing_more(desk: Desk) -> None:
    # BerriAI/litellm issues 34732 and 26672: check then increment, so parallel requests pass the budget.
    async def steps() -> None:
        async with desk.meter(usd("everyone", 3.0)) as meter:
            let_in = await asyncio.gather(*(spend(meter, ADA, CENT) for _ in range(400)))
        assert sum(let_in) == 300
        assert desk.sums() == {"everyone usd": (300 * CENT, 0)}

    run(steps)


@pytest.mark.parametrize("scope", ["key:k1", "each key"])
def test_a_limit_for_a_key_holds_for_those_that_take_its_place(desk: Desk, scope: str) -> None:
    async def steps() -> None:
        async with desk.meter(requests(scope, 3)) as meter:
            old, new, newest = (
                Payer(key="k1"),
                Payer(key="k2", replaced=("k1",)),
                Payer(key="k3", replaced=("k2", "k1")),
            )
            assert [await spend(meter, payer, CENT) for payer in (old, new, newest, new, old)] == [True] * 3 + [
                False
            ] * 2
            assert await spend(meter, Payer(key="k4"), CENT), "another key is another matter"
        assert desk.sums()["key:k1 requests"] == (3, 0)

    run(steps)


def test_a_limit_for_a_new_key_is_none_for_the_one_before(desk: Desk) -> None:
    async def steps() -> None:
        async with desk.meter(requests("key:k2", 1), requests("key:k1", 3)) as meter:
            old, new = Payer(key="k1"), Payer(key="k2", replaced=("k1",))
            assert [await spend(meter, payer, CENT) for payer in (new, new, old, old, old)] == [
                True,
                False,
                True,
                True,
                False,
            ]
        assert desk.sums() == {"key:k1 requests": (3, 0), "key:k2 requests": (1, 0)}

    run(steps)


def test_what_was_reserved_and_not_used_is_there_for_others(desk: Desk) -> None:
    async def steps() -> None:
        async with desk.meter(usd("everyone", 1.0)) as meter:
            for _ in range(20):
                assert await spend(meter, ADA, 50 * CENT, used=2 * CENT)
        assert desk.sums() == {"everyone usd": (40 * CENT, 0)}

    run(steps)


def test_several_processes_share_one_budget_to_the_last_cent(desk: Desk) -> None:
    async def steps() -> None:
        desk.budgets = (usd("team:legal", 1.0), requests("each user", 150))
        async with desk.meter() as one, desk.meter() as two, desk.meter() as three:
            chosen = random.Random(7).choices([one, two, three], k=200)
            let_in = await asyncio.gather(*(spend(meter, ADA, CENT) for meter in chosen))
        assert sum(let_in) == 100
        assert desk.sums()["team:legal usd"] == (100 * CENT, 0)
        assert desk.sums()["user:ada requests"] == (100, 0)

    run(steps)


def test_what_another_process_holds_and_does_not_use_is_asked_back_before_anybody_is_refused(desk: Desk) -> None:
    async def steps() -> None:
        desk.budgets = (requests("everyone", 10),)
        async with desk.meter() as busy, desk.meter() as other:
            for _ in range(4):
                assert await spend(busy, ADA, 0)
            assert desk.sums()["everyone requests"][1] > 0
            assert [await spend(other, ADA, 0) for _ in range(7)] == [True] * 6 + [False]
        assert desk.sums()["everyone requests"] == (10, 0)

    run(steps)


def test_the_first_requests_of_an_unknown_user_at_once_keep_its_budget(desk: Desk) -> None:
    # BerriAI/litellm issue 40095: eight concurrent first requests of an unknown end user bypass the default budget.
    async def steps() -> None:
        desk.budgets = (usd("each user", 0.03),)
        async with desk.meter() as one, desk.meter() as two:
            nobody = Payer(user="never seen before")
            let_in = await asyncio.gather(*(spend(meter, nobody, CENT) for meter in (one, two) for _ in range(8)))
            assert sum(let_in) == 3
            assert await spend(one, Payer(user="another"), CENT)
            assert await spend(one, Payer(), 100 * CENT)

    run(steps)


def test_a_new_process_neither_forgets_nor_refuses_for_ever(desk: Desk) -> None:
    # BerriAI/litellm issue 40020: a counter of the process never starts anew; everything is refused until a restart.
    async def steps() -> None:
        async with desk.meter(usd("everyone", 0.02)) as meter:
            assert await spend(meter, ADA, 2 * CENT)
        async with desk.meter() as meter:
            assert not await spend(meter, ADA, CENT)
            desk.clock.now_s += 86_400
            assert await spend(meter, ADA, CENT)

    run(steps)


def test_a_long_prompt_is_reserved_at_its_own_tier(small: Desk) -> None:
    # BerriAI/litellm pull request 40002: reservations at the wrong tier let $0.60 through a $0.45 key.
    async def steps() -> None:
        price = price_of("google/gemini-2.5-pro")
        cost = price.cost_pico(Usage(200_001, 1_000))
        assert cost is not None
        async with small.meter(usd("key:k1", 0.45)) as meter:
            need = Need(201_001, price.worst_case_pico(200_001, 1_000))
            with pytest.raises(BudgetUsedUpError):
                await meter.reserve(ADA, need)
        assert cost > to_pico(0.45)

    run(steps)


def test_the_strictest_of_all_budgets_counts_and_a_refused_call_leaves_nothing_reserved(small: Desk) -> None:
    async def steps() -> None:
        budgets = (
            usd("everyone", 10),
            usd("team:legal", 0.05),
            usd("each team", 1.0),
            usd("user:ada", 5.0, "month"),
            tokens("each key", 1_000),
            requests("environment:production", 100),
        )
        async with small.meter(*budgets) as meter:
            with pytest.raises(BudgetUsedUpError, match="team legal"):
                await meter.reserve(ADA, Need(10, 6 * CENT))
            with pytest.raises(RateLimitedError):
                await meter.reserve(ADA, Need(1_001, CENT))
            held = await meter.reserve(ADA, Need(1_000, 5 * CENT))
            with pytest.raises(BudgetError):
                await meter.reserve(ADA, Need(1, CENT))
            held.release()
            assert await spend(meter, Payer(team="other"), 90 * CENT)
            (await meter.reserve(ADA, Need(1_000, 5 * CENT))).release()
        assert {name: leased for name, (_, leased) in small.sums().items()} == dict.fromkeys(small.sums(), 0)
        assert small.sums()["everyone usd"] == (90 * CENT, 0)

    run(steps)


def test_a_budget_of_nothing_lets_nothing_in_not_even_what_is_free(small: Desk) -> None:
    async def steps() -> None:
        async with small.meter(usd("project:p", 0), usd("key:used", 0.01)) as meter:
            with pytest.raises(BudgetUsedUpError) as refused:
                await meter.reserve(ADA, Need(1, 0))
            assert refused.value.retry_after_s is None
            assert await spend(meter, Payer(key="used"), CENT)
            assert await spend(meter, Payer(key="used"), 0)
            assert not await spend(meter, Payer(key="used"), 1)

    run(steps)


def test_a_call_without_a_known_price_is_refused_by_budgets_of_money_alone(small: Desk) -> None:
    async def steps() -> None:
        async with small.meter(usd("key:k1", 1), tokens("everyone", 100)) as meter:
            with pytest.raises(PriceUnknownError, match="nobody knows what this request can cost"):
                await meter.reserve(ADA, Need(1, None))
            (await meter.reserve(Payer(key="k2"), Need(100, None))).settle(Spent(100, None))
        assert small.sums()["everyone tokens"] == (100, 0)

    run(steps)


def test_a_budget_may_let_calls_without_a_price_pass(small: Desk) -> None:
    async def steps() -> None:
        async with small.meter(usd("everyone", 1, unknown_price="allow")) as meter:
            (await meter.reserve(ADA, Need(1, None))).settle(Spent(1, None))
            (await meter.reserve(ADA, Need(1, None))).settle(Spent(1, CENT))
        assert small.sums()["everyone usd"] == (CENT, 0)

    run(steps)


def test_a_cost_that_turns_out_to_be_unknown_counts_as_it_was_reserved(small: Desk) -> None:
    async def steps() -> None:
        async with small.meter(usd("everyone", 1)) as meter:
            (await meter.reserve(ADA, Need(1, 7 * CENT))).settle(Spent(1, None))
        assert small.sums()["everyone usd"] == (7 * CENT, 0)

    run(steps)


def test_a_reservation_ends_once(small: Desk) -> None:
    async def steps() -> None:
        async with small.meter(usd("everyone", 1)) as meter:
            first = await meter.reserve(ADA, Need(1, 10 * CENT))
            first.settle(Spent(1, CENT))
            first.settle(Spent(1, CENT))
            first.release()
            second = await meter.reserve(ADA, Need(1, 10 * CENT))
            second.release()
            second.settle(Spent(1, 10 * CENT))
        assert small.sums()["everyone usd"] == (CENT, 0)

    run(steps)


def test_a_provider_that_reports_less_than_nothing_fills_no_budget(small: Desk) -> None:
    async def steps() -> None:
        async with small.meter(usd("everyone", 1), tokens("everyone", 10)) as meter:
            (await meter.reserve(ADA, Need(1, CENT))).settle(Spent(-5, -CENT))
        assert small.sums() == {"everyone tokens": (0, 0), "everyone usd": (0, 0)}

    run(steps)


def test_more_than_the_worst_case_is_recorded_in_full_and_then_nothing_goes(desk: Desk) -> None:
    async def steps() -> None:
        async with desk.meter(usd("everyone", 1)) as meter:
            assert await spend(meter, ADA, 60 * CENT, used=150 * CENT)
            assert not await spend(meter, ADA, CENT)
            assert meter.state().overrun == 1
        (use,) = desk.record.windows(APP, desk.clock.moment)
        assert (use.spent, use.leased, use.overrun, use.cap) == (150 * CENT, 0, 90 * CENT, 100 * CENT)

    run(steps)


def test_a_stream_that_was_cut_off_is_charged_what_was_counted(small: Desk) -> None:
    async def steps() -> None:
        async with small.meter(tokens("everyone", 1_000)) as meter:

            async def stream() -> None:
                reservation = await meter.reserve(ADA, Need(500, 0))
                sent = 0
                try:
                    while True:
                        sent += 10
                        await asyncio.sleep(0)
                finally:
                    reservation.settle(Spent(min(sent, 20), 0))

            streams = [asyncio.create_task(stream()) for _ in range(2)]
            await until(lambda: small.sums().get("everyone tokens", (0, 0))[1] == 1_000)
            assert not await spend(meter, ADA, 0)
            for task in streams:
                task.cancel()
            await asyncio.gather(*streams, return_exceptions=True)
            (await meter.reserve(ADA, Need(960, 0))).release()
        spent, leased = small.sums()["everyone tokens"]
        assert (spent <= 40, leased) == (True, 0)

    run(steps)


def test_who_gives_up_while_waiting_leaves_nothing_behind(small: Desk) -> None:
    async def steps() -> None:
        async with small.meter(requests("everyone", 5)) as meter:
            callers = [asyncio.create_task(meter.reserve(ADA, Need(1, 0))) for _ in range(5)]
            await asyncio.sleep(0)
            assert meter.state().waiting == 5
            for task in callers:
                task.cancel()
            await asyncio.gather(*callers, return_exceptions=True)
            assert meter.state().waiting == 0
            assert [await spend(meter, ADA, 0) for _ in range(6)] == [True] * 5 + [False]

    run(steps)


def test_a_rate_limit_says_when_to_come_back(small: Desk) -> None:
    async def steps() -> None:
        async with small.meter(requests("each user", 1), usd("everyone", 1, "total")) as meter:
            assert await spend(meter, ADA, 0)
            with pytest.raises(RateLimitedError, match="the user ada may use 1 requests in a minute") as refused:
                await meter.reserve(ADA, Need(1, 0))
            assert refused.value.code == "rate_limit_exceeded"
            assert refused.value.retry_after_s == 30
            with pytest.raises(BudgetUsedUpError) as never:
                await meter.reserve(Payer(), Need(1, 200 * CENT))
            assert (never.value.code, never.value.retry_after_s) == ("insufficient_quota", None)

    run(steps)


def test_a_budget_that_is_used_up_says_when_it_starts_anew_and_no_amount_of_money(small: Desk) -> None:
    async def steps() -> None:
        async with small.meter(usd("team:legal", 12.34)) as meter:
            assert await spend(meter, ADA, 1_234 * CENT)
            with pytest.raises(BudgetUsedUpError) as refused:
                await meter.reserve(ADA, Need(1, CENT))
            assert "starts anew at 2026-11-22T00:00:00" in refused.value.message
            assert "12.34" not in refused.value.message + refused.value.hint
            assert refused.value.retry_after_s == 12 * 3_600 - 30

    run(steps)


def test_what_never_fits_is_not_told_to_wait(small: Desk) -> None:
    async def steps() -> None:
        async with small.meter(tokens("everyone", 100)) as meter:
            with pytest.raises(RateLimitedError) as refused:
                await meter.reserve(ADA, Need(101, 0))
            assert refused.value.retry_after_s is None
            assert "smaller max_tokens" in refused.value.hint

    run(steps)


def test_one_request_alone_may_be_limited(small: Desk) -> None:
    async def steps() -> None:
        async with small.meter(usd("each key", 0.05, "request"), tokens("everyone", 1_000, "request")) as meter:
            assert meter.applies(ADA)
            assert await spend(meter, ADA, 5 * CENT)
            assert await spend(meter, ADA, 5 * CENT)
            for need in (Need(1, 6 * CENT), Need(1_001, 0)):
                with pytest.raises(BudgetUsedUpError):
                    await meter.reserve(ADA, need)
            with pytest.raises(PriceUnknownError):
                await meter.reserve(ADA, Need(1, None))

    run(steps)


def test_where_no_limit_applies_nothing_is_asked_of_anybody(small: Desk) -> None:
    async def steps() -> None:
        async with small.meter(usd("team:other", 0)) as meter:
            assert not meter.applies(ADA)
            reservation = await meter.reserve(ADA, Need(10**9, None))
            assert (reservation.requests, reservation.tokens) == (None, None)
            reservation.settle(Spent(1, None))
            assert meter.state().windows == 0

    run(steps)


def test_the_tightest_limit_a_minute_is_told_with_every_answer(small: Desk) -> None:
    async def steps() -> None:
        async with small.meter(
            requests("everyone", 100), requests("each key", 10), tokens("each key", 1_000), tokens("each key", 9, "day")
        ) as meter:
            first = await meter.reserve(ADA, Need(9, 0))
            assert first.requests is not None
            assert (first.requests.limit, first.requests.remaining, first.requests.reset_s) == (10, 9, 30)
            assert first.tokens is not None
            assert (first.tokens.limit, first.tokens.remaining) == (1_000, 991)
            first.settle(Spent(4, 0))
            second = await meter.reserve(ADA, Need(1, 0))
            assert second.requests is not None
            assert second.tokens is not None
            assert (second.requests.remaining, second.tokens.remaining) == (8, 995)

    run(steps)


def test_a_share_of_the_budget_is_told_once(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    async def steps() -> None:
        desk.budgets = (usd("everyone", 1, alert_at=0.5),)
        async with desk.meter() as one, desk.meter() as two:
            for meter in (one, two) * 5:
                assert await spend(meter, ADA, 9 * CENT)

    with caplog.at_level(logging.WARNING, "plimsoll.budgets"):
        run(steps)
    told = desk.record.alerts(APP, desk.clock.moment)
    assert [(item.window.scope, item.share, item.cap) for item in told] == [("everyone", 0.5, 100 * CENT)]
    assert told[0].spent >= 50 * CENT
    said = "the budget of everyone has used 50 % of its dollars a "
    assert len([line for line in caplog.messages if line.startswith(said)]) == 1


def test_the_log_names_no_user(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    async def steps() -> None:
        desk.budgets = (requests("each user", 2, alert_at=0.5),)
        async with desk.meter() as meter:
            assert await spend(meter, Payer(user="hildegard"), 0)

    with caplog.at_level(logging.DEBUG):
        run(steps)
    assert "hildegard" not in caplog.text
    assert [line for line in caplog.messages if line.startswith("the budget of one user has used 50 % of its requests")]


def test_changed_budgets_hold_without_a_restart(small: Desk) -> None:
    async def steps() -> None:
        async with small.meter(requests("everyone", 100)) as meter:
            for _ in range(10):
                assert await spend(meter, ADA, 0)
            small.budgets = (requests("each project", 12),)
            await until(lambda: not meter.applies(Payer(team="legal")))
            small.budgets = (requests("everyone", 12),)
            await until(lambda: meter.applies(Payer(team="legal")))
            assert [await spend(meter, ADA, 0) for _ in range(3)] == [True, True, False]
            small.budgets = ()
            await until(lambda: not meter.applies(ADA))
            assert await spend(meter, ADA, 0)

    run(steps)


def test_a_name_that_no_database_can_keep_has_its_budget_too(desk: Desk) -> None:
    async def steps() -> None:
        desk.budgets = (requests("each user", 1),)
        async with desk.meter() as meter:
            for name in ("nul\0", "half \ud800", "x" * 5_000, "a/b|c:d", "é\u202e"):
                assert await spend(meter, Payer(user=name), 0)
                assert not await spend(meter, Payer(user=name), 0)

    run(steps)


def test_a_used_up_limit_is_told_at_once_also_beside_a_budget_that_the_call_does_not_touch(desk: Desk) -> None:
    budgets = (requests("team:x", 1, "day"), usd("team:x", 20))
    free = Need(tokens=0, cost_pico=0)

    async def steps() -> None:
        async with desk.meter(*budgets) as meter:
            (await meter.reserve(Payer(team="x"), free)).settle(Spent(0, 0))
        # As after a restart: nothing is held yet, and a call asks for nothing of the second budget.
        async with desk.meter(*budgets) as meter:
            for _ in range(3):
                with pytest.raises(BudgetUsedUpError):
                    await meter.reserve(Payer(team="x"), free)

    run(steps)
