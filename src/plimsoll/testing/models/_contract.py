"""What every chat model keeps to, also one without a server."""

import asyncio

import pytest

from plimsoll.models import ChatEnd, ChatModel, ChatRequest, Chunks

from ._asking import run, tell


class ChatModelContract:
    """Inherit it and override the two fixtures: `model`, and `question`, a call that the model can answer."""

    @pytest.fixture
    def model(self) -> ChatModel:
        """The model, made anew for each case."""
        raise NotImplementedError

    @pytest.fixture
    def question(self) -> ChatRequest:
        """A call that the model can answer, always in the same way."""
        raise NotImplementedError

    def test_a_streamed_answer_is_the_whole_answer(self, model: ChatModel, question: ChatRequest) -> None:
        """Text, tool calls and end are the same."""

        async def case() -> None:
            whole, streamed = await tell(model, question, "whole"), await tell(model, question, "stream")
            assert whole.text == streamed.text
            assert whole.end.finish_reason == streamed.end.finish_reason
            assert whole.end.usage == streamed.end.usage
            await model.close()

        run(case())

    def test_a_stream_ends_once_and_with_its_end(self, model: ChatModel, question: ChatRequest) -> None:
        """Nothing comes after the ChatEnd."""

        async def case() -> None:
            events = [event async for event in model.stream(question)]
            assert [isinstance(event, ChatEnd) for event in events] == [False] * (len(events) - 1) + [True]
            await model.close()

        run(case())

    def test_tokens_are_counted(self, model: ChatModel, question: ChatRequest) -> None:
        """No count is negative, and parts are not more than the whole."""

        async def case() -> None:
            usage = (await model.complete(question)).end.usage
            assert usage.input_tokens >= usage.cached_tokens + usage.cache_write_tokens >= 0
            assert usage.output_tokens >= usage.reasoning_tokens >= 0
            assert usage.cost_usd is None or usage.cost_usd >= 0
            await model.close()

        run(case())

    def test_the_request_is_never_changed(self, model: ChatModel, question: ChatRequest) -> None:
        """Other targets of a route get the same one."""

        async def case() -> None:
            before = repr(question.body)
            await tell(model, question, "whole")
            await tell(model, question, "stream")
            assert repr(question.body) == before
            await model.close()

        run(case())

    def test_calls_at_the_same_time_do_not_mix(self, model: ChatModel, question: ChatRequest) -> None:
        """Eight answers at once are eight times the same answer."""

        async def case() -> None:
            answers = await asyncio.gather(*(tell(model, question, "stream") for _ in range(8)))
            assert len({answer.text for answer in answers}) == 1
            await model.close()

        run(case())

    def test_a_stream_may_be_left_early(self, model: ChatModel, question: ChatRequest) -> None:
        """And the model still answers."""

        async def case() -> None:
            left = model.stream(question)
            assert isinstance(await anext(left), Chunks | ChatEnd)
            await left.aclose()
            assert (await tell(model, question, "stream")).end is not None
            await model.close()

        run(case())

    def test_closing_twice_is_closing(self, model: ChatModel) -> None:
        """A model that was never asked can be closed, too."""

        async def case() -> None:
            await model.close()
            await model.close()

        run(case())

    def test_it_has_a_name(self, model: ChatModel) -> None:
        """A provider and a model, with a slash between them."""
        provider, slash, name = model.name.partition("/")
        assert provider
        assert slash
        assert name
        asyncio.run(model.close())
