"""What callers of a route get, when its targets fail in all the ways in which targets fail."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import pytest

from plimsoll.kernel.errors import DeniedError, InvalidError, NotFoundError, PlimsollError, UnavailableError
from plimsoll.models import ChatRequest, Usage
from plimsoll.models._errors import (
    AnswerTooLargeError,
    ContentRefusedError,
    ContextTooLongError,
    ProviderBusyError,
    ProviderQuotaError,
    ProviderTimeoutError,
)
from plimsoll.models._types import Attempt, ChatEnd, ChatEvent, ChatModel, EmbeddingModel, Embeddings
from plimsoll.models.routing import (
    Breaking,
    FirstTokenTimeoutError,
    Health,
    Retries,
    RouteDeadlineError,
    RoutedEmbeddingModel,
    RoutedModel,
    RoutePolicy,
    RouteRestingError,
    Target,
    Timing,
    attempts_of,
)

from .scripted import REQUEST, FakeModel, Step, now, read, run


def busy(retry_after_s: float | None = None) -> ProviderBusyError:
    return ProviderBusyError("m", "slow down", retry_after_s=retry_after_s)


def down() -> UnavailableError:
    return UnavailableError("down")


def routed(
    *models: FakeModel, health: Health | None = None, weights: Sequence[float] = (), **policy: Any
) -> RoutedModel:
    shares = weights or [1.0] * len(models)
    targets: list[Target[ChatModel]] = [Target(model, share) for model, share in zip(models, shares, strict=True)]
    policy.setdefault("retries", Retries(attempts=0))
    return RoutedModel(
        "default", targets, RoutePolicy(**policy), health=health or Health(), clock=now, random=lambda: 0.5
    )


def outcomes(attempts: Sequence[Attempt]) -> list[tuple[str, str, str]]:
    return [(attempt.target, attempt.outcome, attempt.why) for attempt in attempts]


def asked(model: RoutedModel, *, streams: bool, request: ChatRequest = REQUEST) -> tuple[str, ChatEnd]:
    async def work() -> tuple[str, ChatEnd]:
        if streams:
            return await read(model.stream(request))
        completion = await model.complete(request)
        return completion.text, completion.end

    return run(work())


def refused(model: RoutedModel, *, streams: bool) -> PlimsollError:
    with pytest.raises(PlimsollError) as caught:
        asked(model, streams=streams)
    return caught.value


both = pytest.mark.parametrize("streams", [False, True])


@both
def test_the_only_target_answers(streams: bool) -> None:
    text, end = asked(routed(FakeModel("a", [["", "Hel", 0.5, "lo"]])), streams=streams)
    assert (text, end.target, end.model, end.usage.cost_usd) == ("Hello", "a", "a", 0.25)
    (attempt,) = end.attempts
    assert (attempt.outcome, attempt.why, attempt.began_ms, attempt.took_ms) == ("ok", "", 0.0, 500.0)


@both
@pytest.mark.parametrize(
    "error",
    [
        down(),
        busy(60),
        DeniedError("key"),
        NotFoundError("no such model"),
        ProviderQuotaError("a", 429, "used up"),
        ContextTooLongError("a", 400, "too long"),
    ],
)
def test_the_next_target_answers_when_the_first_cannot(streams: bool, error: PlimsollError) -> None:
    text, end = asked(routed(FakeModel("a", [[error]]), FakeModel("b", [["Hi"]])), streams=streams)
    assert (text, end.target) == ("Hi", "b")
    assert outcomes(end.attempts) == [("a", "failed", error.code), ("b", "ok", "")]


@both
@pytest.mark.parametrize("error", [InvalidError("bad tools"), ContentRefusedError("a", 400, "no")])
def test_a_request_that_is_wrong_goes_to_nobody_else(streams: bool, error: PlimsollError) -> None:
    first, second = FakeModel("a", [[error]]), FakeModel("b", [["Hi"]])
    told = refused(routed(first, second), streams=streams)
    assert (told, second.asked) == (error, 0)
    assert outcomes(attempts_of(told)) == [("a", "failed", error.code)]


@both
def test_who_was_waited_for_in_vain_is_asked_again_only_where_there_is_nobody_else(streams: bool) -> None:
    late = ProviderTimeoutError("a", "first_byte", 30)
    first, second = FakeModel("a", [[late]]), FakeModel("b", [["Hi"]])
    _, end = asked(routed(first, second, retries=Retries(attempts=2)), streams=streams)
    assert (end.target, first.asked) == ("b", 1)
    refused(routed(alone := FakeModel("c", [[late]]), retries=Retries(attempts=2)), streams=streams)
    assert alone.asked == 3


@both
def test_a_failure_that_may_pass_is_tried_again_with_growing_waits(streams: bool) -> None:
    model = FakeModel("a", [[down()], [down()], ["Hi"]])
    text, end = asked(routed(model, retries=Retries(attempts=2, base_s=1.0)), streams=streams)
    assert text == "Hi"
    assert outcomes(end.attempts) == [("a", "failed", "unavailable"), ("a", "failed", "unavailable"), ("a", "ok", "")]
    # Half of 1 s and of 2 s, because the draw is 0.5.
    assert [attempt.began_ms for attempt in end.attempts] == [0.0, 500.0, 1500.0]


@both
def test_a_short_retry_after_is_waited_for(streams: bool) -> None:
    _, end = asked(routed(FakeModel("a", [[busy(3)], ["Hi"]]), retries=Retries(attempts=1)), streams=streams)
    assert [attempt.began_ms for attempt in end.attempts] == [0.0, 3000.0]


@both
def test_a_long_retry_after_sends_the_call_to_the_next_target_at_once(streams: bool) -> None:
    first = FakeModel("a", [[busy(30)]])
    _, end = asked(routed(first, FakeModel("b", [["Hi"]]), retries=Retries(attempts=2)), streams=streams)
    assert (first.asked, end.attempts[-1].began_ms) == (1, 0.0)


@both
def test_when_all_targets_are_busy_the_soonest_is_told(streams: bool) -> None:
    models = [FakeModel(name, [[busy(wait)]]) for name, wait in (("a", 40), ("b", 20), ("c", 30))]
    error = refused(routed(*models), streams=streams)
    assert isinstance(error, ProviderBusyError)
    assert (error.retry_after_s, len(attempts_of(error))) == (20, 3)


@both
def test_a_failure_that_may_pass_is_told_before_one_that_will_not(streams: bool) -> None:
    error = refused(routed(FakeModel("a", [[down()]]), FakeModel("b", [[DeniedError("key")]])), streams=streams)
    assert isinstance(error, UnavailableError)


@both
def test_no_retry_is_made_without_budget(streams: bool) -> None:
    model = FakeModel("a", [[down()]])
    policy = Retries(attempts=5, budget_percent=0)
    error = refused(routed(model, retries=policy), streams=streams)
    assert model.asked == 1
    assert outcomes(attempts_of(error))[-1] == ("a", "skipped", "no_retry_budget")


@both
def test_a_target_that_keeps_failing_is_left_alone_and_tried_again_later(streams: bool) -> None:
    model = FakeModel("a", [[down()], [down()], ["Hi"]])
    route = routed(model, breaking=Breaking(failures=2, window_s=10, open_s=5))

    async def work() -> list[str]:
        said, wait = [], None
        for _ in range(3):
            try:
                await (read(route.stream(REQUEST)) if streams else route.complete(REQUEST))
            except UnavailableError as error:
                said.append(error.code)
                wait = error.retry_after_s
        assert isinstance(wait, float)
        await asyncio.sleep(wait)
        await (read(route.stream(REQUEST)) if streams else route.complete(REQUEST))
        await (read(route.stream(REQUEST)) if streams else route.complete(REQUEST))
        return said

    assert run(work()) == ["unavailable", "unavailable", RouteRestingError.code]
    assert model.asked == 4


@both
def test_an_open_breaker_is_passed_over_in_every_route_with_that_target(streams: bool) -> None:
    health, rules = Health(), Breaking(failures=1)
    broken = FakeModel("a", [[down()]])
    refused(routed(broken, health=health, breaking=rules), streams=streams)
    _, end = asked(routed(broken, FakeModel("b", [["Hi"]]), health=health, breaking=rules), streams=streams)
    assert outcomes(end.attempts) == [("a", "skipped", "breaker_open"), ("b", "ok", "")]


@both
@pytest.mark.parametrize("script", [[500.0], [AnswerTooLargeError("a")], [ProviderTimeoutError("a", "total", 20)]])
def test_answers_that_are_too_long_keep_the_target_from_nobody(streams: bool, script: list[Step]) -> None:
    model = FakeModel("a", [*([script] * 6), ["Hi"]])
    route = routed(model, breaking=Breaking(failures=1), timing=Timing(first_token_s=400, total_s=20))

    async def work() -> None:
        for _ in range(6):
            with pytest.raises(UnavailableError):
                await (read(route.stream(REQUEST)) if streams else route.complete(REQUEST))
        await (read(route.stream(REQUEST)) if streams else route.complete(REQUEST))

    run(work())
    assert model.asked == 7


@both
def test_good_answers_count_against_the_failures(streams: bool) -> None:
    good: list[list[Step]] = [["Hi"]] * 9
    model = FakeModel("a", [[down()], *good] * 20)
    route = routed(model, breaking=Breaking(failures=2, window_s=1000))

    async def work() -> int:
        failed = 0
        for _ in range(200):
            try:
                await (read(route.stream(REQUEST)) if streams else route.complete(REQUEST))
            except UnavailableError:
                failed += 1
        return failed

    assert run(work()) == 20
    assert model.asked == 200


@both
def test_a_busy_target_is_asked_last_while_it_is_busy(streams: bool) -> None:
    first, second = FakeModel("a", [[busy(30)], ["Hi"]]), FakeModel("b", [["Ho"]])
    route = routed(first, second)

    async def work() -> list[str]:
        said = []
        for wait in (0, 0, 31):
            await asyncio.sleep(wait)
            end = (await read(route.stream(REQUEST)))[1] if streams else (await route.complete(REQUEST)).end
            said.append(end.target)
        return said

    assert run(work()) == ["b", "b", "a"]
    assert (first.asked, second.asked) == (2, 2)


@both
def test_the_whole_call_ends_in_time(streams: bool) -> None:
    first, second = FakeModel("a", [[down()]]), FakeModel("b", [["H" if streams else "", 500.0]])
    route = routed(first, second, timing=Timing(first_token_s=400, total_s=20), retries=Retries(attempts=1))

    async def work() -> tuple[PlimsollError, float]:
        with pytest.raises(RouteDeadlineError) as caught:
            await (read(route.stream(REQUEST)) if streams else route.complete(REQUEST))
        return caught.value, now()

    error, moment = run(work())
    assert moment == pytest.approx(20)
    assert outcomes(attempts_of(error))[-1] == ("b", "failed", "route_deadline")
    assert second.open == 0


@both
def test_a_caller_that_goes_away_is_no_failure_and_leaves_nothing_open(streams: bool) -> None:
    model, health = FakeModel("a", [[1000.0, "Hi"]]), Health()
    rules = Breaking(failures=1)
    route = routed(model, health=health, breaking=rules)

    async def work() -> None:
        task = asyncio.ensure_future(read(route.stream(REQUEST)) if streams else route.complete(REQUEST))
        await asyncio.sleep(1)
        assert model.open == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(work())
    known = health.of(Target(model), rules)
    assert (model.open, known.in_flight, known.breaker.is_closed) == (0, 0, True)


def test_a_caller_that_closes_its_stream_closes_that_of_the_target() -> None:
    model = FakeModel("a", [["Hel", "lo"]])
    route = routed(model)

    async def work() -> None:
        async with aclosing(route.stream(REQUEST)) as events:
            await anext(events)
            assert model.open == 1

    run(work())
    assert model.open == 0


def test_the_deadline_ends_no_wait_of_the_reader() -> None:
    route = routed(FakeModel("a", [["Hel", 2.0, "lo"]]), timing=Timing(total_s=5))

    async def work() -> None:
        async with aclosing(route.stream(REQUEST)) as events:
            await anext(events)
            await asyncio.sleep(100)
            with pytest.raises(RouteDeadlineError):
                await anext(events)

    run(work())


def test_an_error_after_the_first_text_goes_to_the_caller() -> None:
    first, second = FakeModel("a", [["Hel", down()]]), FakeModel("b", [["Hi"]])
    route = routed(first, second, retries=Retries(attempts=3))

    async def work() -> str:
        said: list[str] = []

        async def listen() -> None:
            async for event in route.stream(REQUEST):
                assert not isinstance(event, ChatEnd)
                said.append(event.text)

        with pytest.raises(UnavailableError) as caught:
            await listen()
        assert outcomes(attempts_of(caught.value)) == [("a", "failed", "unavailable")]
        return "".join(said)

    assert run(work()) == "Hel"
    assert (first.asked, second.asked, first.open) == (1, 0, 0)


def test_before_the_first_text_nothing_of_a_target_reaches_the_caller() -> None:
    first, second = FakeModel("a", [["", down()]]), FakeModel("b", [["", "Hi"]])

    async def work() -> list[Any]:
        return [event async for event in routed(first, second).stream(REQUEST)]

    role, text, end = run(work())
    assert (role.text, text.text, end.target) == ("", "Hi", "b")


def test_a_target_that_says_nothing_in_time_is_given_up() -> None:
    first, second = FakeModel("a", [["", 100.0, "Hi"]]), FakeModel("b", [["Ho"]])
    text, end = asked(routed(first, second, timing=Timing(first_token_s=4)), streams=True)
    assert (text, first.open) == ("Ho", 0)
    assert outcomes(end.attempts)[0] == ("a", "failed", FirstTokenTimeoutError.code)
    assert end.attempts[0].took_ms == pytest.approx(4000)


class Endless(FakeModel):
    """Its streams stop without a word."""

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        async for event in super().stream(request):
            if not isinstance(event, ChatEnd):
                yield event


@pytest.mark.parametrize("script", [[], ["Hi"]])
@pytest.mark.parametrize("policy", [{}, {"escalate_when": ("empty",)}])
def test_a_stream_without_an_end_is_a_failure(script: list[Step], policy: dict[str, Any]) -> None:
    error = refused(routed(Endless("a", [script]), Endless("b", [script]), **policy), streams=True)
    assert "ended without an end" in error.message


HEDGED: dict[str, Any] = {"hedge_after_s": 2.0}


def test_a_slow_target_is_overtaken_and_its_stream_closed() -> None:
    first, second = FakeModel("a", [[60.0, "Hi"]]), FakeModel("b", [["", 1.0, "Ho", 1.0, "!"]])
    text, end = asked(routed(first, second, **HEDGED), streams=True)
    assert (text, end.target, first.open, second.open) == ("Ho!", "b", 0, 0)
    assert outcomes(end.attempts) == [("a", "abandoned", "hedged"), ("b", "ok", "")]
    assert end.usage.cost_usd is None, "nobody knows what the one costs that was given up"


def test_a_first_target_that_speaks_after_all_is_the_one() -> None:
    first, second = FakeModel("a", [[2.5, "Hi", 9.0, "!"]]), FakeModel("b", [[5.0, "Ho"]])
    text, end = asked(routed(first, second, **HEDGED), streams=True)
    assert (text, end.target, second.open) == ("Hi!", "a", 0)
    assert outcomes(end.attempts) == [("b", "abandoned", "hedged"), ("a", "ok", "")]
    assert end.usage.cost_usd is None


def test_nobody_else_is_asked_when_the_first_is_fast() -> None:
    first, second = FakeModel("a", [[1.0, "Hi", 9.0]]), FakeModel("b", [["Ho"]])
    _, end = asked(routed(first, second, **HEDGED), streams=True)
    assert (second.asked, end.usage.cost_usd) == (0, 0.25)


def test_a_hedge_stands_in_when_the_first_fails() -> None:
    first, second = FakeModel("a", [[3.0, down()]]), FakeModel("b", [[5.0, "Ho"]])
    text, end = asked(routed(first, second, **HEDGED), streams=True)
    assert (text, end.target) == ("Ho", "b")
    assert outcomes(end.attempts) == [("a", "failed", "unavailable"), ("b", "ok", "")]


def test_a_hedge_that_fails_disturbs_nobody() -> None:
    first, second, third = FakeModel("a", [[6.0, down()]]), FakeModel("b", [[down()]]), FakeModel("c", [["Ha"]])
    text, end = asked(routed(first, second, third, **HEDGED), streams=True)
    assert (text, end.target) == ("Ha", "c")
    assert sorted(outcomes(end.attempts)) == [
        ("a", "failed", "unavailable"),
        ("b", "failed", "unavailable"),
        ("c", "ok", ""),
    ]


def test_a_hedged_call_that_is_given_up_closes_both_streams() -> None:
    first, second = FakeModel("a", [[60.0, "Hi"]]), FakeModel("b", [[60.0, "Ho"]])

    async def work() -> None:
        task = asyncio.ensure_future(read(routed(first, second, **HEDGED).stream(REQUEST)))
        await asyncio.sleep(3)
        assert (first.open, second.open) == (1, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(work())
    assert (first.open, second.open) == (0, 0)


ESCALATED: dict[str, Any] = {"escalate_when": ("json_invalid", "empty", "refused", "not_answered")}
OBJECT = ChatRequest({**REQUEST.body, "response_format": {"type": "json_object"}})
SCHEMA = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}
WANTED = {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}}
JSON = ChatRequest({**REQUEST.body, "response_format": WANTED})


@both
@pytest.mark.parametrize(
    ("request_", "cheap", "check"),
    [
        (REQUEST, FakeModel("a", [["  "]]), "empty"),
        (REQUEST, FakeModel("a", [["I can\u2019t help with that."]]), "refused"),
        (REQUEST, FakeModel("a", [["Nothing there."]], answered=False), "not_answered"),
        (JSON, FakeModel("a", [['{"a": 1'], []]), "json_invalid"),
        (JSON, FakeModel("a", [['{"a": "1"}']]), "json_invalid"),
        (
            ChatRequest({**REQUEST.body, "response_format": {"type": "json_object"}}),
            FakeModel("a", [["[]"]]),
            "json_invalid",
        ),
    ],
)
def test_a_better_model_is_asked_when_the_cheap_answer_fails_its_check(
    streams: bool, request_: ChatRequest, cheap: FakeModel, check: str
) -> None:
    cheap.asked = 0
    better = FakeModel("b", [["Ho"]], usage=Usage(20, 7, 1.0))
    text, end = asked(routed(cheap, better, **ESCALATED), streams=streams, request=request_)
    assert (text, end.target) == ("Ho", "b")
    assert outcomes(end.attempts) == [("a", "escalated", check), ("b", "ok", "")]
    assert (end.usage.input_tokens, end.usage.output_tokens, end.usage.cost_usd) == (30, 12, 1.25)


@both
@pytest.mark.parametrize(
    ("request_", "cheap"),
    [
        (REQUEST, FakeModel("a", [["Hi"]])),
        (JSON, FakeModel("a", [['{"a":', " 1}"]])),
        (REQUEST, FakeModel("a", [["I'm sorry, but the lease ended in May. " + "It says so on page 3. " * 20]])),
    ],
)
def test_a_cheap_answer_that_passes_is_sent(streams: bool, request_: ChatRequest, cheap: FakeModel) -> None:
    cheap.asked = 0
    better = FakeModel("b", [["Ho"]])
    text, end = asked(routed(cheap, better, **ESCALATED), streams=streams, request=request_)
    assert (text, end.target, better.asked) == ("".join(map(str, cheap.scripts[0])), "a", 0)
    assert end.usage.cost_usd == 0.25


def test_a_cheap_answer_that_calls_a_tool_need_not_speak() -> None:
    calls = {"tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]}
    cheap = FakeModel("a", [[]], message=calls)
    _, end = asked(routed(cheap, FakeModel("b", [["Ho"]]), **ESCALATED), streams=False)
    assert end.target == "a"


@both
def test_an_unknown_cost_makes_the_sum_unknown(streams: bool) -> None:
    cheap = FakeModel("a", [[" "]], usage=Usage(1, 1, None))
    _, end = asked(routed(cheap, FakeModel("b", [["Ho"]]), **ESCALATED), streams=streams)
    assert end.usage.cost_usd is None


@both
def test_an_answer_that_failed_its_check_is_better_than_none(streams: bool) -> None:
    cheap, better = FakeModel("a", [["I cannot help."]]), FakeModel("b", [[down()]])
    text, end = asked(routed(cheap, better, **ESCALATED), streams=streams)
    assert (text, end.target, end.usage.cost_usd) == ("I cannot help.", "a", 0.25)
    assert outcomes(end.attempts) == [("a", "escalated", "refused"), ("b", "failed", "unavailable")]


def test_a_schema_that_is_wrong_or_points_elsewhere_is_nobodys_fault() -> None:
    for schema in ({"type": "nonsense"}, {"$ref": "http://127.0.0.1:9/x.json"}, 5):
        wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
        request = ChatRequest({**REQUEST.body, "response_format": wanted})
        _, end = asked(
            routed(FakeModel("a", [["{}"]]), FakeModel("b", [["Ho"]]), **ESCALATED), streams=False, request=request
        )
        assert end.target == "a"


def billed(targets: int, **policy: Any) -> int:
    made: list[Target[ChatModel]] = [Target(FakeModel("m", [[]])) for _ in range(targets)]
    return RoutedModel("r", made, RoutePolicy(**policy), health=Health()).billed


def test_how_many_targets_may_bill_for_one_call() -> None:
    assert (billed(3), billed(3, hedge_after_s=1.0), billed(3, escalate_when=("empty",))) == (1, 2, 3)
    assert (billed(1, hedge_after_s=1.0), billed(1, escalate_when=("empty",))) == (1, 1)


def test_a_route_is_named_and_closed() -> None:
    first, second = FakeModel("a", [[]]), FakeModel("b", [[]])
    route = routed(first, second)
    told: list[tuple[str, str]] = []
    route.watch(lambda name, attempt: told.append((name, attempt.outcome)))
    asked(route, streams=False)
    run(route.close())
    assert (route.name, route.route, first.closed, second.closed) == ("a", "default", True, True)
    assert told == [("default", "ok")]


class FakeEmbedder:
    def __init__(self, name: str, error: PlimsollError | None) -> None:
        self.name, self.error, self.closed = name, error, False

    async def embed_texts(self, inputs: Any, parameters: Any) -> Embeddings:
        if self.error is not None:
            raise self.error
        assert parameters == {"dimensions": 2}
        return Embeddings(tuple((1.0, 0.0) for _ in inputs), Usage(1, 0, 0.1), self.name)

    async def close(self) -> None:
        self.closed = True


def test_embeddings_fail_over_as_well() -> None:
    models = [FakeEmbedder("a", down()), FakeEmbedder("b", None)]
    targets: list[Target[EmbeddingModel]] = [Target(model, price=lambda i, _o: i) for model in models]
    route = RoutedEmbeddingModel("e", targets, RoutePolicy(retries=Retries(attempts=0)), health=Health(), clock=now)
    told: list[str] = []
    route.watch(lambda _name, attempt: told.append(attempt.outcome))
    found = run(route.embed_texts(["x", "y"], {"dimensions": 2}))
    assert (found.model, len(found.vectors)) == ("b", 2)
    assert (told, route.name, route.route) == (["failed", "ok"], "a", "e")
    run(route.close())
    assert all(model.closed for model in models)
