"""What an application does with the official `anthropic` client; prints what it got as JSON.

It runs by itself, with whichever version stands first on the path, and imports nothing of Plimsoll.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable
from typing import Any

import anthropic

ADDRESS = sys.argv[1]
KEY = "sesame"
ASK: Any = {"max_tokens": 100, "messages": [{"role": "user", "content": "How long is the notice period?"}]}
TOOLS: Any = [{"name": "weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}]


def client(**options: Any) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=ADDRESS, **{"api_key": KEY, "max_retries": 0, **options})


def plain() -> Any:
    with client() as api:
        answer = api.messages.create(model="ask", system="Be short.", **ASK)
    extra: Any = answer.model_extra
    return {
        "text": answer.content[0].text if answer.content[0].type == "text" else None,
        "stop": answer.stop_reason,
        "usage": [answer.usage.input_tokens, answer.usage.cache_read_input_tokens, answer.usage.output_tokens],
        "release": extra["plimsoll"]["release_name"],
        "id": answer.id.startswith("msg_") and answer.id.endswith(answer._request_id or "?"),
    }


def streamed() -> Any:
    with client() as api:
        told = [event.type for event in api.messages.create(model="ask", stream=True, **ASK)]
    return [told[0], told[-1], told.count("content_block_delta")]


def stream_helper() -> Any:
    with client() as api, api.messages.stream(model="thinker", **ASK) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    usage = [final.usage.input_tokens, final.usage.output_tokens]
    return [text, [block.type for block in final.content], final.stop_reason, usage[1]]


def tools() -> Any:
    with client() as api:
        answer = api.messages.create(model="ask", tools=TOOLS, **ASK)
        calls: Any = [block for block in answer.content if block.type == "tool_use"]
        results: Any = [{"type": "tool_result", "tool_use_id": call.id, "content": "rain"} for call in calls]
        said: Any = [
            *ASK["messages"],
            {"role": "assistant", "content": answer.content},
            {"role": "user", "content": results},
        ]
        last: Any = api.messages.create(model="ask", tools=TOOLS, max_tokens=9, messages=said)
        with api.messages.stream(model="ask", tools=TOOLS, **ASK) as stream:
            streamed: Any = stream.get_final_message().content
    return {
        "stop": answer.stop_reason,
        "calls": [call.input for call in calls],
        "last": last.content[0].text,
        "streamed": [block.input for block in streamed],
    }


def counted() -> Any:
    with client() as api:
        return api.messages.count_tokens(model="ask", messages=ASK["messages"]).input_tokens


def models() -> Any:
    with client() as api:
        return [[model.id for model in api.models.list()], api.models.retrieve("contracts/ask").type]


def errors() -> Any:
    found: dict[str, Any] = {}
    with client() as api:
        for name in ("blocked", "denied", "nothing", "changed", "limited", "quota", "damaged", "down", "late"):
            try:
                api.messages.create(model=name, **ASK)
            except anthropic.APIStatusError as error:
                body: Any = error.body
                found[name] = [
                    error.status_code,
                    body["error"]["type"],
                    bool(body["request_id"]),
                    bool(error.request_id),
                ]
        wrong: Any = {"max_tokens": 0}
        try:
            api.messages.create(model="ask", messages=ASK["messages"], **wrong)
        except anthropic.BadRequestError as error:
            found["field"] = "max_tokens" in str(error)
    with client(api_key="wrong") as api:
        try:
            api.messages.create(model="ask", **ASK)
        except anthropic.AuthenticationError as error:
            refused: Any = error.body
            found["key"] = [error.status_code, refused["error"]["type"]]
    return found


def retries() -> Any:
    with client(max_retries=2) as api:
        answer: Any = api.messages.create(model="limited-once", **ASK)
        with contextlib.suppress(anthropic.APIStatusError):
            api.messages.create(model="quota-again", **ASK)
    return answer.content[0].text


def raw() -> Any:
    with client() as api:
        response = api.messages.with_raw_response.create(model="ask", **ASK)
    return [
        response.headers["x-plimsoll-release-name"],
        response.headers["request-id"] == response.headers["x-request-id"],
    ]


def broken() -> Any:
    with client() as api:
        try:
            list(api.messages.create(model="breaks", stream=True, **ASK))
        except anthropic.APIStatusError as error:
            body: Any = error.body
            return body["error"]["type"]
    return None


def cancelled() -> Any:
    with client() as api, api.messages.create(model="endless", stream=True, **ASK) as stream:
        return next(iter(stream)).type


async def _asynchronous() -> Any:
    async with anthropic.AsyncAnthropic(base_url=ADDRESS, api_key=KEY, max_retries=0) as api:
        whole: Any = await api.messages.create(model="ask", **ASK)
        async with api.messages.stream(model="ask", **ASK) as stream:
            text = "".join([piece async for piece in stream.text_stream])
    return [whole.content[0].text, text]


def asynchronous() -> Any:
    return asyncio.run(_asynchronous())


SCENARIOS: list[Callable[[], Any]] = [
    plain, streamed, stream_helper, tools, counted, models, errors, retries, raw, broken, cancelled, asynchronous,
]  # fmt: skip


def main() -> None:
    found: dict[str, Any] = {"version": anthropic.__version__}
    for scenario in SCENARIOS:
        try:
            found[scenario.__name__] = scenario()
        except Exception as error:  # noqa: BLE001 (the test shows it)
            found[scenario.__name__] = f"{type(error).__name__}: {error}"
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
