"""A request is settled once, whatever ended it: never beyond what was reserved, and never below what was billed."""

import asyncio
import dataclasses
from collections.abc import AsyncGenerator
from typing import Any, Final, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.flows.conftest import FILES, Workshop
from tests.flows.scripted import parts_with, route_to, says

from plimsoll.access.limits import Need, Payer, Reservation, Spent
from plimsoll.flows.serve import Answering, AnswerRequest
from plimsoll.flows.serve._cache import tenant_of
from plimsoll.flows.serve._events import Caller
from plimsoll.flows.serve._need import guessed
from plimsoll.flows.serve._record import RequestRecord
from plimsoll.flows.serve._settlement import ChatSettlement, Settlement
from plimsoll.flows.serve.parts import ServeParts
from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.errors import UnavailableError
from plimsoll.kernel.money import to_usd
from plimsoll.models import Chunks, Message, Usage
from plimsoll.models._errors import EmbedderFilesError
from plimsoll.models.prices import most_of

EACH: Final = Need(100, 1_000)
SAID: Final = (Message("user", "How many days of paid leave has an employee?"),)


class FakeReservation:
    """Remembers how it ended, and that it ended once."""

    requests = tokens = None

    def __init__(self, need: Need) -> None:
        self.need = need
        self.ends: list[Spent | None] = []

    def settle(self, spent: Spent) -> None:
        self.ends.append(spent)

    def release(self) -> None:
        self.ends.append(None)

    @property
    def used(self) -> Spent:
        (end,) = self.ends
        return end or Spent(0, 0)


class FakeMeter:
    """Lets in so many reservations."""

    def __init__(self, room: int = 10) -> None:
        self.room = room
        self.made: list[FakeReservation] = []

    def applies(self, _payer: Payer) -> bool:
        return True

    async def reserve(self, _payer: Payer, need: Need) -> Reservation:
        if len(self.made) == self.room:
            raise UnavailableError("nothing is left")
        self.made.append(FakeReservation(need))
        return cast("Reservation", self.made[-1])


def words(text: str) -> int:
    return len(text.split())


def parts_of(meter: FakeMeter | None, count_tokens: Any = words) -> ServeParts:
    class Parts:
        pass

    parts = Parts()
    parts.__dict__.update(meter=meter, count_tokens=count_tokens)
    return cast("ServeParts", parts)


def request() -> AnswerRequest:
    return AnswerRequest.of("harbour", "ask", SAID)


def record() -> RequestRecord:
    return RequestRecord(request=request(), release="r", question="", trace_id="t")


def reported(tokens: int) -> Usage:
    return Usage(tokens, 0, to_usd(10 * tokens))


TRIES = st.lists(st.integers(1, 100) | st.sampled_from(["unknown", "refused"]), max_size=6)


@given(TRIES, st.integers(1, 3), st.integers(1, 4))
def test_what_is_settled_is_no_less_than_what_was_paid_and_no_more_than_what_was_reserved(
    tries: list[int | str], covered: int, room: int
) -> None:
    meter, ending = FakeMeter(room), record()
    money = Settlement(request(), route_to(says("Hi"), billed=covered), parts_of(meter))

    async def call() -> tuple[int, int]:
        assert money.applies()
        await money.reserve(Need(EACH.tokens * covered, 1_000 * covered))
        paid = unknown = 0
        for one in tries:
            if not await money.costs.admit():
                break
            money.costs.begin()
            if one == "refused":
                money.costs.refuse()
            elif one != "unknown":
                money.costs.pay(reported(cast("int", one)))
                paid += cast("int", one)
            else:
                unknown += 1
        return paid, unknown

    paid, unknown = asyncio.run(call())
    money.close(ending, whole)
    reserved = sum(made.need.tokens for made in meter.made)
    settled = sum(made.used.tokens for made in meter.made)
    assert settled == min(paid + 100 * unknown, reserved)
    assert paid + 100 * unknown <= reserved
    assert sum(made.used.cost_pico or 0 for made in meter.made) == 10 * settled
    assert sum(made.need.requests for made in meter.made) == 1
    assert all(len(made.ends) == 1 for made in meter.made)
    assert [made.ends == [None] for made in meter.made] == [not settled] * len(meter.made)


def whole(count: int) -> Usage:
    return Usage(100 * count, 0, to_usd(1_000 * count), estimated=True)


def test_what_a_server_reports_counts_in_full_also_beside_what_is_guessed() -> None:
    meter, ending = FakeMeter(), record()
    money = Settlement(request(), route_to(says("Hi")), parts_of(meter))

    async def call() -> None:
        assert money.applies()
        await money.reserve(EACH)
        for _ in range(2):
            assert await money.costs.admit()
            money.costs.begin()
        money.costs.pay(reported(900))

    asyncio.run(call())
    money.close(ending, whole)
    first, second = (made.used.tokens for made in meter.made)
    assert (first, second) == (100, 800)
    assert ending.usage.estimated


def test_what_cannot_be_estimated_costs_what_was_reserved(caplog: pytest.LogCaptureFixture) -> None:
    meter, ending = FakeMeter(), record()
    money = Settlement(request(), route_to(says("Hi")), parts_of(meter))

    async def call() -> None:
        assert money.applies()
        await money.reserve(EACH)
        money.costs.begin()

    def fails(_count: int) -> Usage:
        raise EmbedderFilesError("gone")

    asyncio.run(call())
    money.close(ending, fails)
    assert [made.used for made in meter.made] == [Spent(100, 1_000)]
    assert ending.budget["settled"] == ending.budget["reserved"]
    assert "could not be estimated" in caplog.text


def test_a_long_call_is_measured_and_not_counted() -> None:
    """Whoever leaves must not keep the others waiting."""
    asked: list[int] = []

    def count(text: str) -> int:
        asked.append(len(text))
        return 1

    for size in (100, 8_000_000):
        body = {"messages": [{"role": "user", "content": "word and more " * (size // 14)}]}
        usage = guessed(body, most_of(body, output_tokens=7), 7, route_to(says("Hi")), count)
        assert usage.input_tokens >= size // 3
    assert len(asked) == 1


def test_what_goes_into_a_cache_is_priced_at_its_dearest() -> None:
    text = {"type": "text", "text": "A long contract."}
    route = dataclasses.replace(route_to(says("Hi")), worst_case=lambda _most: (0, 77), cost_pico=lambda *_: 5)
    costs = []
    for part in (text, {**text, "cache_control": {"type": "ephemeral"}}):
        body = {"messages": [{"role": "user", "content": [part]}]}
        costs.append(guessed(body, most_of(body, output_tokens=1), 1, route, words).cost_usd)
    assert costs == [to_usd(5), to_usd(77)]


def test_a_limit_that_does_not_apply_costs_no_reservation() -> None:
    money = ChatSettlement(request(), route_to(says("Hi")), parts_of(None))
    body = request().body
    assert asyncio.run(money.reserve_call(body, size_bytes=0)) is body
    money.close_call(record(), ())


def test_a_request_ends_also_when_nothing_can_be_counted(workshop: Workshop) -> None:
    """Its trace is written, its budget settled, and its release let go of."""
    workshop.write(
        "plimsoll.yaml", FILES["plimsoll.yaml"] + "budgets:\n  - {for: everyone, tokens: 100000, per: day}\n"
    )
    draft, platform = workshop.build().draft, workshop.open()

    def fails(_text: str) -> int:
        raise EmbedderFilesError("gone")

    parts = dataclasses.replace(
        platform.serve_parts(metered=True),
        make_route=parts_with(platform, says("one ", "two ")).make_route,
        count_tokens=fails,
    )

    async def leave() -> int:
        answering = Answering(parts)
        await answering.start()
        asked = AnswerRequest.of("harbour", "ask", SAID, release=draft.digest)
        events: AsyncGenerator[Any] = answering.stream(asked)
        async for event in events:
            if isinstance(event, Chunks):
                break
        await events.aclose()
        runtime = await answering._pool.get(draft.digest)
        users = runtime.users
        await answering.close()
        return users

    assert asyncio.run(leave()) == 0
    platform.recorder.flush()
    (summary,) = platform.traces.latest("harbour", 10)
    told: Any = platform.traces.get("harbour", summary.id).budget
    assert told["settled"] == told["reserved"]
    (use,) = platform.consumption.windows("harbour", utc_now())
    assert (use.spent, use.leased) == (told["reserved"]["tokens"], 0)


NAMES = st.text(st.sampled_from('/":,ab[]\\'), max_size=4)
CALLERS = st.builds(Caller, actor=NAMES, team=NAMES, user=NAMES)


@given(CALLERS, CALLERS)
def test_no_two_tenants_have_the_same_name(one: Caller, other: Caller) -> None:
    def who(caller: Caller) -> tuple[str, ...]:
        return ("team", caller.team, caller.user) if caller.team else ("actor", caller.actor, caller.user)

    names = [tenant_of(AnswerRequest("harbour", "ask", {}, caller=caller)) for caller in (one, other)]
    assert (names[0] == names[1]) == (who(one) == who(other))


def test_teams_whose_names_have_slashes_are_tenants_of_their_own() -> None:
    callers = Caller(team="legal/eu", user="ada"), Caller(team="legal", user="eu/ada")
    assert len({tenant_of(AnswerRequest("harbour", "ask", {}, caller=caller)) for caller in callers}) == 2
