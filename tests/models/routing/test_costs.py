"""What the tries of a call cost: answered ones what their models say, refused ones nothing; the rest nobody knows."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from plimsoll.kernel.errors import DeniedError, PlimsollError, UnavailableError
from plimsoll.models import Usage
from plimsoll.models._errors import (
    ContentRefusedError,
    ProviderBusyError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from plimsoll.models._types import EmbeddingModel
from plimsoll.models.routing import (
    Breaking,
    CallCosts,
    Health,
    Retries,
    RoutedEmbeddingModel,
    RoutePolicy,
    Target,
    Timing,
)

from .scripted import REQUEST, FakeModel, Step, now, read, run
from .test_model import FakeEmbedder, routed

both = pytest.mark.parametrize("streams", [False, True])
AGAIN = Retries(attempts=2, base_s=0.01)
PAID = Usage(10, 5, 0.25)


def broke() -> ProviderUnavailableError:
    return ProviderUnavailableError("m", "the connection to the server broke off")


def unreached() -> ProviderUnavailableError:
    error = ProviderUnavailableError("m", "the server cannot be reached")
    error.unreached = True
    return error


def after(*scripts: list[Step], streams: bool, costs: CallCosts | None = None, **policy: Any) -> CallCosts:
    """What is known of the costs when a call of a target, or of several, has ended in whatever way."""
    kept = CallCosts() if costs is None else costs
    several = policy.pop("several", False)
    models = [FakeModel(f"m{number}", [script]) for number, script in enumerate(scripts)]
    if not several:
        models = [FakeModel("m", scripts)]
    model, request = routed(*models, **policy), replace(REQUEST, costs=kept)

    async def work() -> None:
        try:
            await (read(model.stream(request)) if streams else model.complete(request))
        except PlimsollError:
            return

    run(work())
    return kept


def known(costs: CallCosts) -> tuple[list[Usage], int]:
    return costs.paid, costs.unknown


@both
def test_an_answer_costs_what_its_model_says(streams: bool) -> None:
    assert known(after(["Hi"], streams=streams)) == ([PAID], 0)


@both
@pytest.mark.parametrize(
    "error",
    [
        ProviderBusyError("m", "slow down"),
        ProviderUnavailableError("m", "overloaded", status=503),
        ProviderTimeoutError("m", "connect", 5),
        ProviderTimeoutError("m", "write", 5),
        ContentRefusedError("m", 400, "no"),
        unreached(),
        DeniedError("no key"),
    ],
)
def test_what_a_server_refuses_or_never_sees_costs_nothing(streams: bool, error: PlimsollError) -> None:
    assert known(after([error], streams=streams)) == ([], 0)


@both
@pytest.mark.parametrize(
    "error", [broke(), ProviderTimeoutError("m", "first_byte", 5), ProviderTimeoutError("m", "between", 5)]
)
def test_of_what_breaks_after_it_was_sent_nobody_knows_the_cost(streams: bool, error: PlimsollError) -> None:
    assert known(after([error], streams=streams)) == ([], 1)
    assert known(after([error], ["Hi"], streams=streams, retries=AGAIN)) == ([PAID], 1)


@both
def test_every_try_counts_for_itself(streams: bool) -> None:
    assert known(after([broke()], [broke()], [broke()], streams=streams, retries=AGAIN)) == ([], 3)
    busy = ProviderBusyError("m", "slow down")
    assert known(after([broke()], [busy], ["Hi"], streams=streams, retries=AGAIN)) == ([PAID], 1)
    assert known(after([broke()], ["Hi"], streams=streams, several=True)) == ([PAID], 1)


@both
def test_a_try_that_takes_too_long_may_be_billed(streams: bool) -> None:
    assert known(after([100.0, "Hi"], streams=streams, timing=Timing(total_s=1, first_token_s=50))) == ([], 1)


def test_a_stream_that_spoke_was_begun_whatever_its_server_says_then() -> None:
    overloaded = ProviderUnavailableError("m", "overloaded", status=529)
    assert known(after(["Well, ", overloaded], streams=True)) == ([], 1)
    assert known(after([overloaded], streams=True)) == ([], 0)


def test_a_cheap_stream_that_broke_in_its_middle_was_begun_as_well() -> None:
    overloaded = ProviderUnavailableError("m", "overloaded", status=529)
    policy: dict[str, Any] = {"several": True, "escalate_when": ("empty",)}
    assert known(after(["Well, ", overloaded], ["Hi"], streams=True, **policy)) == ([PAID], 1)
    assert known(after([overloaded], ["Hi"], streams=True, **policy)) == ([PAID], 0)


@both
def test_what_was_put_aside_is_paid_and_known_before_the_call_ends(streams: bool) -> None:
    costs = CallCosts(2)
    cheap, better = FakeModel("a", [[""]]), FakeModel("b", [[100.0, "Hi"]])
    model = routed(cheap, better, escalate_when=("empty",))

    async def leave() -> None:
        request = replace(REQUEST, costs=costs)
        task = asyncio.ensure_future(read(model.stream(request)) if streams else model.complete(request))
        await asyncio.sleep(1)
        assert better.asked
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(leave())
    assert known(costs) == ([PAID], 1)


def test_the_loser_of_a_hedge_may_be_billed() -> None:
    costs = after([9.0, "slow"], ["fast"], streams=True, several=True, hedge_after_s=1.0, costs=CallCosts(2))
    assert known(costs) == ([PAID], 1)


@both
def test_the_end_of_a_stream_comes_when_its_usage_is_known(streams: bool) -> None:
    """The same words, whether or not somebody wants to know the costs."""
    kept = replace(REQUEST, costs=CallCosts())

    async def texts() -> list[str]:
        model = routed(FakeModel("m", [["Good ", "day."]]))
        if streams:
            return [(await read(model.stream(request)))[0] for request in (REQUEST, kept)]
        return [(await model.complete(request)).text for request in (REQUEST, kept)]

    assert run(texts()) == ["Good day."] * 2


class Purse:
    """Money for so many more tries."""

    def __init__(self, tries: int) -> None:
        self.tries = tries
        self.asked = 0

    async def more(self) -> bool:
        self.asked += 1
        self.tries -= 1
        return self.tries >= 0


@both
@pytest.mark.parametrize("tries", [0, 1, 2])
def test_no_try_is_made_without_money(streams: bool, tries: int) -> None:
    purse = Purse(tries)
    costs = CallCosts(1, purse.more)
    thrice: list[list[Step]] = [[broke()]] * 3
    after(*thrice, streams=streams, retries=AGAIN, costs=costs)
    assert costs.unknown == 1 + tries
    assert purse.asked == min(tries + 1, 2)


@both
def test_a_refused_try_leaves_its_money_for_the_next(streams: bool) -> None:
    purse = Purse(0)
    costs = CallCosts(1, purse.more)
    after([ProviderBusyError("m", "slow down")], ["Hi"], streams=streams, retries=AGAIN, costs=costs)
    assert (known(costs), purse.asked) == (([PAID], 0), 0)


@both
def test_without_money_no_other_target_is_asked_either(streams: bool) -> None:
    costs = CallCosts(1, Purse(0).more)
    after([broke()], ["Hi"], streams=streams, several=True, costs=costs)
    assert known(costs) == ([], 1)


@both
def test_a_try_is_counted_also_when_its_target_is_left_alone_since(streams: bool) -> None:
    health, costs = Health(), CallCosts()
    after([broke()], streams=streams, breaking=Breaking(failures=1), health=health, costs=costs)
    assert known(costs) == ([], 1)


def test_vectors_cost_what_each_try_cost() -> None:
    down: list[PlimsollError] = [broke(), ProviderBusyError("m", "slow down"), UnavailableError("resting")]
    for error, unknown in zip(down, (1, 0, 0), strict=True):
        models = [FakeEmbedder("a", error), FakeEmbedder("b", None)]
        targets: list[Target[EmbeddingModel]] = [Target(model) for model in models]
        route = RoutedEmbeddingModel("e", targets, RoutePolicy(retries=Retries(attempts=0)), health=Health(), clock=now)
        costs = CallCosts()
        run(route.embed_texts(["x"], {"dimensions": 2}, costs))
        assert known(costs) == ([Usage(1, 0, 0.1)], unknown)
