"""What an application does with the official `openai` client; prints what it got as JSON.

It runs by itself, with whichever version stands first on the path, and imports nothing of Plimsoll.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable
from typing import Any

import openai
from pydantic import BaseModel

ADDRESS = sys.argv[1]
KEY = "sesame"
QUESTION: Any = [{"role": "user", "content": "How long is the notice period?"}]
TOOL: Any = {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}


class Period(BaseModel):
    """The answer as an object."""

    days: int
    unit: str


def client(**options: Any) -> openai.OpenAI:
    return openai.OpenAI(base_url=ADDRESS + "/v1", **{"api_key": KEY, "max_retries": 0, **options})


def plain() -> Any:
    with client() as api:
        answer = api.chat.completions.create(model="ask", messages=QUESTION, n=2, user="u-1", extra_body={"top_k": 3})
    extra: Any = answer.model_extra
    return {
        "texts": [choice.message.content for choice in answer.choices],
        "finish": answer.choices[0].finish_reason,
        "tokens": answer.usage and answer.usage.total_tokens,
        "cached": answer.usage
        and answer.usage.prompt_tokens_details
        and answer.usage.prompt_tokens_details.cached_tokens,
        "release": extra["plimsoll"]["release_name"],
        "id": answer.id.startswith("chatcmpl-") and answer.id.endswith(answer._request_id or "?"),
    }


def streamed() -> Any:
    with client() as api:
        options: Any = {"include_usage": True}
        chunks = list(api.chat.completions.create(model="ask", messages=QUESTION, stream=True, stream_options=options))
    return {
        "text": "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices),
        "role": chunks[0].choices[0].delta.role,
        "usage": chunks[-1].usage and chunks[-1].usage.total_tokens,
        "ids": len({chunk.id for chunk in chunks}),
    }


def tools() -> Any:
    with client() as api:
        tool: Any = {"type": "function", "function": TOOL}
        answer = api.chat.completions.create(model="ask", messages=QUESTION, tools=[tool])
        calls: Any = answer.choices[0].message.tool_calls
        results: Any = [{"role": "tool", "tool_call_id": call.id, "content": "rain"} for call in calls]
        said: Any = answer.choices[0].message
        last = api.chat.completions.create(model="ask", messages=[*QUESTION, said, *results], tools=[tool])
    return {"calls": [call.function.arguments for call in calls], "last": last.choices[0].message.content}


def parsed() -> Any:
    with client() as api:
        completions = getattr(api.chat.completions, "parse", None) or api.beta.chat.completions.parse
        answer: Any = completions(model="ask", messages=QUESTION, response_format=Period)
    return answer.choices[0].message.parsed.days


def stream_helper() -> Any:
    with client() as api:
        stream = getattr(api.chat.completions, "stream", None) or api.beta.chat.completions.stream
        with stream(model="ask", messages=QUESTION, response_format=Period) as events:
            for _ in events:
                pass
            final: Any = events.get_final_completion()
    return final.choices[0].message.parsed.days


def embeddings() -> Any:
    with client() as api:
        default = api.embeddings.create(model="vectors", input=["a", "b"])
        floats = api.embeddings.create(model="vectors", input="a", encoding_format="float")
    return [[row.embedding for row in default.data], floats.data[0].embedding, default.usage.prompt_tokens]


def models() -> Any:
    with client() as api:
        return [[model.id for model in api.models.list()], api.models.retrieve("contracts/ask").owned_by]


def errors() -> Any:
    found = {}
    with client() as api:
        for name in ("blocked", "denied", "nothing", "changed", "gate", "limited", "quota", "damaged", "down", "late"):
            try:
                api.chat.completions.create(model=name, messages=QUESTION)
            except openai.APIStatusError as error:
                found[name] = [type(error).__name__, error.status_code, error.code, bool(error.request_id)]
        wrong: Any = {"temperature": "hot"}
        try:
            api.chat.completions.create(model="ask", messages=QUESTION, extra_body=wrong)
        except openai.BadRequestError as error:
            found["field"] = [error.param, error.code]
    with client(api_key="wrong") as api:
        try:
            api.models.list()
        except openai.AuthenticationError as error:
            found["key"] = [error.status_code, error.code]
    return found


def retries() -> Any:
    with client(max_retries=2) as api:
        text = api.chat.completions.create(model="limited-once", messages=QUESTION).choices[0].message.content
        again = api.chat.completions.create(model="down-once", messages=QUESTION).choices[0].message.content
        for vain in ("quota-again", "damaged-again"):
            with contextlib.suppress(openai.APIStatusError):
                api.chat.completions.create(model=vain, messages=QUESTION)
    return [text, again]


def raw() -> Any:
    with client() as api:
        response = api.chat.completions.with_raw_response.create(model="ask", messages=QUESTION)
        answer = response.parse()
    headers = response.headers
    trace = headers["x-plimsoll-trace"]
    return {
        "release": headers["x-plimsoll-release-name"],
        "cost": headers["x-plimsoll-cost-usd"],
        "same": headers["x-request-id"] == trace and answer.id.endswith(trace),
    }


def broken() -> Any:
    with client() as api:
        try:
            list(api.chat.completions.create(model="breaks", messages=QUESTION, stream=True))
        except openai.APIError as error:
            return [error.message, error.code]
    return None


def cancelled() -> Any:
    with client() as api, api.chat.completions.create(model="endless", messages=QUESTION, stream=True) as stream:
        return next(iter(stream)).choices[0].delta.role


def responses() -> Any:
    with client() as api:
        answer = api.responses.create(model="thinker", input="How long?", instructions="Be short.")
        told = [event.type for event in api.responses.create(model="ask", input="How long?", stream=True)]
    extra: Any = answer.model_extra
    return {
        "text": answer.output_text,
        "types": [item.type for item in answer.output],
        "status": answer.status,
        "tokens": answer.usage and answer.usage.total_tokens,
        "release": extra["plimsoll"]["release_name"],
        "first": told[:2],
        "last": told[-1],
    }


def responses_tools() -> Any:
    tool: Any = {"type": "function", "strict": None, **TOOL}
    with client() as api:
        answer = api.responses.create(model="ask", input="Weather?", tools=[tool])
        calls: Any = answer.output
        results: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "rain"} for call in calls]
        asked: Any = [{"role": "user", "content": "Weather?"}, *calls, *results]
        last = api.responses.create(model="ask", input=asked, tools=[tool])
        with api.responses.stream(model="ask", input="Weather?", tools=[tool]) as stream:
            arguments = [event.arguments for event in stream if event.type == "response.function_call_arguments.done"]
    return {"calls": [call.arguments for call in calls], "last": last.output_text, "streamed": arguments}


def responses_parsed() -> Any:
    with client() as api:
        answer: Any = api.responses.parse(model="ask", input="How long?", text_format=Period)
        with api.responses.stream(model="ask", input="How long?", text_format=Period) as stream:
            for _ in stream:
                pass
            final: Any = stream.get_final_response()
    return [answer.output_parsed.days, final.output_parsed.days]


def responses_refused() -> Any:
    found = {}
    fields: Any = {
        "previous_response_id": "resp_1",
        "store": True,
        "background": True,
        "tools": [{"type": "web_search"}],
    }
    with client() as api:
        for name, value in fields.items():
            try:
                api.responses.create(model="ask", input="x", **{name: value})
            except openai.BadRequestError as error:
                found[name] = error.code
        try:
            list(api.responses.create(model="breaks", input="x", stream=True))
        except openai.APIError as error:
            found["breaks"] = error.code
    return found


async def _asynchronous() -> Any:
    async with openai.AsyncOpenAI(base_url=ADDRESS + "/v1", api_key=KEY, max_retries=0) as api:
        whole = await api.chat.completions.create(model="ask", messages=QUESTION)
        chunks = await api.chat.completions.create(model="ask", messages=QUESTION, stream=True)
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in chunks if chunk.choices])
        events = await api.responses.create(model="ask", input="x", stream=True)
        last = [event.type async for event in events][-1]
        vectors = await api.embeddings.create(model="vectors", input=["a", "b"])
    return [whole.choices[0].message.content, text, last, vectors.data[1].embedding]


def asynchronous() -> Any:
    return asyncio.run(_asynchronous())


SCENARIOS: list[Callable[[], Any]] = [
    plain, streamed, tools, parsed, stream_helper, embeddings, models, errors, retries, raw, broken, cancelled,
    responses, responses_tools, responses_parsed, responses_refused, asynchronous,
]  # fmt: skip


def main() -> None:
    found: dict[str, Any] = {"version": openai.__version__}
    for scenario in SCENARIOS:
        try:
            found[scenario.__name__] = scenario()
        except Exception as error:  # noqa: BLE001 (the test shows it)
            found[scenario.__name__] = f"{type(error).__name__}: {error}"
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
