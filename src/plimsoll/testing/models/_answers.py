"""What a provider makes of good answers."""

import json
from typing import Any, Final

import pytest

from plimsoll.kernel.errors import InvalidError

from ._asking import Provider, run, serving, tell
from ._script import ScriptedAnswer, ScriptedCall, ScriptedUsage, Shape
from ._server import Shredded

BOTH: Final = pytest.mark.parametrize("shape", ["whole", "stream"])

_PIXEL: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
_WEATHER: Final[dict[str, Any]] = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a town.",
        "parameters": {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]},
    },
}
_CALLS: Final = (
    ScriptedCall("call_1", "weather", '{"town": "Rüdesheim"}'),
    ScriptedCall("call_2", "weather", '{"town": "東京"}'),
)


class AnswerCases:
    """Whole and streamed answers, tools, pictures, formats and counts."""

    @BOTH
    def test_text_arrives(self, provider: Provider, shape: Shape) -> None:
        """With its end and the model that the server names."""

        async def case() -> None:
            answer = ScriptedAnswer(text="The cap is 5,000 euros.")
            async with serving(provider, answer) as (model, server):
                told = await tell(model, provider.request(), shape)
                assert told.text == answer.text
                assert (told.end.finish_reason, told.choices[0]["finish_reason"]) == ("stop", "stop")
                assert told.end.model
                assert provider.wire.shape(server.received[0]) == shape

        run(case())

    @pytest.mark.parametrize("packet_bytes", [1, 3, 7])
    def test_packets_cut_characters_and_events(self, provider: Provider, packet_bytes: int) -> None:
        """Whatever the packets are, the text is the same."""

        async def case() -> None:
            answer = ScriptedAnswer(
                text="Grüße aus 東京 🚢 e\u0301 ", pieces=("Grü", "ße aus 東", "京 🚢 e\u0301", " ")
            )
            async with serving(provider, Shredded(answer, packet_bytes)) as (model, _):
                assert (await tell(model, provider.request(), "stream")).text == answer.text

        run(case())

    @BOTH
    def test_text_in_every_script_goes_both_ways(self, provider: Provider, shape: Shape) -> None:
        """Quotes, line breaks and characters beyond the basic plane included."""

        async def case() -> None:
            text = 'a "b"\n\\ \u2028 ümläut 漢字 🦄'
            async with serving(provider, ScriptedAnswer(text=text, pieces=(text,))) as (model, server):
                assert (await tell(model, provider.request(text), shape)).text == text
                assert text in _strings(server.received[0].body)

        run(case())

    @BOTH
    @pytest.mark.parametrize("count", [1, 2])
    def test_tools_are_called(self, provider: Provider, shape: Shape, count: int) -> None:
        """One, or several at once; each with its id and whole arguments."""

        async def case() -> None:
            answer = ScriptedAnswer(text="", calls=_CALLS[:count], finish="tool_calls")
            async with serving(provider, answer) as (model, server):
                told = await tell(model, provider.request("Weather?", tools=[_WEATHER]), shape)
                named = [(name, json.loads(arguments)) for _, name, arguments in told.calls]
                assert named == [(call.name, json.loads(call.arguments)) for call in _CALLS[:count]]
                assert len({ident for ident, _, _ in told.calls}) == count
                assert told.end.finish_reason == "tool_calls"
                assert "weather" in _strings(server.received[0].body)

        run(case())

    @BOTH
    def test_results_of_tools_are_sent(self, provider: Provider, shape: Shape) -> None:
        """The call and its result both reach the server, tied by the call's id."""

        async def case() -> None:
            calls = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for call in _CALLS
            ]
            turns = [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Weather?"},
                {"role": "assistant", "content": None, "tool_calls": calls},
                *({"role": "tool", "tool_call_id": call.id, "content": f"rain in {call.id}"} for call in _CALLS),
            ]
            async with serving(provider, ScriptedAnswer(text="Rain.")) as (model, server):
                request = provider.request(tools=[_WEATHER], messages=turns)
                assert (await tell(model, request, shape)).text == "Rain."
                sent = _strings(server.received[0].body)
                assert {"Be brief.", "call_1", "call_2", "rain in call_1", "rain in call_2"} <= set(sent)

        run(case())

    @BOTH
    def test_an_answer_in_a_schema(self, provider: Provider, shape: Shape) -> None:
        """The schema reaches the server, and the text is the JSON."""

        async def case() -> None:
            schema = {
                "type": "object",
                "properties": {"cap_in_euros": {"type": "integer"}},
                "required": ["cap_in_euros"],
                "additionalProperties": False,
            }
            wanted = {"type": "json_schema", "json_schema": {"name": "cap", "strict": True, "schema": schema}}
            text = '{"cap_in_euros": 5000}'
            async with serving(provider, ScriptedAnswer(text=text, pieces=(text,))) as (model, server):
                told = await tell(model, provider.request(response_format=wanted), shape)
                assert json.loads(told.text) == {"cap_in_euros": 5000}
                assert told.end.finish_reason == "stop"
                assert "cap_in_euros" in json.dumps(server.received[0].body)

        run(case())

    @BOTH
    def test_a_picture_is_passed_on(self, provider: Provider, shape: Shape) -> None:
        """Its bytes reach the server as they are."""

        async def case() -> None:
            content = [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{_PIXEL}"}},
            ]
            async with serving(provider, ScriptedAnswer()) as (model, server):
                await tell(model, provider.request(messages=[{"role": "user", "content": content}]), shape)
                assert any(_PIXEL in text for text in _strings(server.received[0].body))

        run(case())

    def test_the_address_of_a_picture_is_passed_on(self, provider: Provider) -> None:
        """It is fetched by the provider, never by us; who fetches none gets no call at all."""

        async def case() -> None:
            url = "https://pictures.example/cat.png"
            content = [{"type": "image_url", "image_url": {"url": url}}]
            request = provider.request(messages=[{"role": "user", "content": content}])
            async with serving(provider, ScriptedAnswer()) as (model, server):
                if "image_url" in provider.cannot:
                    with pytest.raises(InvalidError):
                        await tell(model, request, "whole")
                    assert not server.received
                    return
                await tell(model, request, "whole")
                assert url in _strings(server.received[0].body)

        run(case())

    @BOTH
    def test_usage_counts_everything_once(self, provider: Provider, shape: Shape) -> None:
        """Input with what a cache held, output with reasoning; the parts beside them."""

        async def case() -> None:
            written = 0 if "cache_writes" in provider.cannot else 5
            reasoning = 0 if "reasoning_count" in provider.cannot else 12
            counts = ScriptedUsage(input=100, output=30, cached=60, written=written, reasoning=reasoning)
            async with serving(provider, ScriptedAnswer(usage=counts)) as (model, _):
                usage = (await tell(model, provider.request(), shape)).end.usage
                assert (usage.input_tokens, usage.output_tokens, usage.estimated) == (100, 30, False)
                assert (usage.cached_tokens, usage.cache_write_tokens) == (60, written)
                assert usage.reasoning_tokens == reasoning

        run(case())

    @BOTH
    def test_usage_that_is_missing_is_estimated(self, provider: Provider, shape: Shape) -> None:
        """And says so: a budget is never settled with nothing."""

        async def case() -> None:
            async with serving(provider, ScriptedAnswer(text="some words", usage=None)) as (model, _):
                usage = (await tell(model, provider.request("How are you?"), shape)).end.usage
                assert usage.estimated
                assert usage.input_tokens > 0
                assert usage.output_tokens > 0

        run(case())

    @BOTH
    @pytest.mark.parametrize("finish", ["stop", "length", "content_filter"])
    def test_why_it_ended(self, provider: Provider, shape: Shape, finish: str) -> None:
        """In OpenAI's words."""

        async def case() -> None:
            async with serving(provider, ScriptedAnswer(finish=finish)) as (model, _):
                told = await tell(model, provider.request(), shape)
                assert (told.end.finish_reason, told.choices[0]["finish_reason"]) == (finish, finish)

        run(case())

    @BOTH
    def test_several_choices(self, provider: Provider, shape: Shape) -> None:
        """Each with its number and its end; who gives only one says so, and is not asked."""

        async def case() -> None:
            async with serving(provider, ScriptedAnswer(text="a b", choices=2)) as (model, server):
                if "choices" in provider.cannot:
                    with pytest.raises(InvalidError):
                        await tell(model, provider.request(n=2), shape)
                    assert not server.received
                    return
                told = await tell(model, provider.request(n=2), shape)
                found = {index: (one["content"], one["finish_reason"]) for index, one in told.choices.items()}
                assert found == {0: ("a b", "stop"), 1: ("a b", "stop")}

        run(case())

    @BOTH
    def test_an_answer_without_text(self, provider: Provider, shape: Shape) -> None:
        """Is an answer, with its end and its usage."""

        async def case() -> None:
            async with serving(provider, ScriptedAnswer(text="")) as (model, _):
                told = await tell(model, provider.request(), shape)
                assert (told.text, told.end.finish_reason, told.end.usage.input_tokens) == ("", "stop", 11)

        run(case())

    @BOTH
    def test_fields_that_nobody_knows_are_passed_on(self, provider: Provider, shape: Shape) -> None:
        """They belong to the server."""

        async def case() -> None:
            async with serving(provider, ScriptedAnswer()) as (model, server):
                await tell(model, provider.request(field_of_tomorrow={"deep": "value of tomorrow"}), shape)
                assert "value of tomorrow" in _strings(server.received[0].body)

        run(case())

    def test_a_connection_is_used_again(self, provider: Provider) -> None:
        """Answers one after the other need one connection."""

        async def case() -> None:
            async with serving(provider, ScriptedAnswer()) as (model, server):
                for shape in ("whole", "stream", "whole"):
                    await tell(model, provider.request(), "whole" if shape == "whole" else "stream")
                assert (len(server.received), server.connections) == (3, 1)

        run(case())


def _strings(value: Any) -> list[str]:
    """Every text that stands anywhere in a JSON value, keys left out."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in inner for text in _strings(item)]
