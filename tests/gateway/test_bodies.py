"""What stands in requests: passed on as it came where it is not ours, refused where it cannot be read."""

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.gateway.echo import Echo
from tests.gateway.port import WAIT_S, Gateway, gateway
from tests.gateway.surfaces import CHAT, MESSAGES, RESPONSES, Surface, read_stream
from tests.gateway.test_faults import streams, surfaces

PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
WEATHER: dict[str, Any] = {
    "name": "weather",
    "description": "The weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"days": {"type": "integer"}},
    "required": ["days"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, echo_server: Echo) -> Iterator[Gateway]:
    target = f"model: vllm/e\nbase_url: {echo_server.url}/v1\nretries: {{attempts: 0}}\n"
    files = {
        "routes/default.yaml": f"{target}serves: [e]\n",
        "routes/vectors.yaml": f"{target}serves: [vectors]\nembeds: true\n",
    }
    with gateway(tmp_path_factory.mktemp("bodies") / "harbour", files) as found:
        yield found


def _answer_to(url: str, request: bytes) -> tuple[int, bytes]:
    """Status and body of what is said to the beginning of a request, of which nothing more comes."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=WAIT_S) as connection:
        connection.sendall(request)
        reader = connection.makefile("rb")
        with reader:
            status, length = int(reader.readline().split()[1]), 0
            while line := reader.readline().strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            return status, reader.read(length)


@surfaces
@pytest.mark.parametrize("declared", [True, False])
def test_a_body_of_a_hundred_megabytes_is_not_waited_for(
    port: Gateway, heard: Echo, surface: Surface, *, declared: bool
) -> None:
    """It is refused by its declared length alone; without one, as soon as it is longer than 8 MiB."""
    head = f"POST {surface.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    megabyte = b"%x\r\n" % 1_048_576 + b" " * 1_048_576 + b"\r\n"
    begun = (
        f"{head}Content-Length: 104857600\r\n\r\n{{".encode()
        if declared
        else f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + megabyte * 9
    )
    status, body = _answer_to(port.url, begun)
    assert status == 413
    assert json.loads(body)["error"]["type"] == (
        "request_too_large" if surface is MESSAGES else "invalid_request_error"
    )
    assert not heard.heard
    assert port.ask(surface, "e").status_code == 200


BAD: dict[str, bytes] = {
    "nothing": b"",
    "half": b'{"model": "e", ',
    "a list": b"[]",
    "invalid UTF-8": b'{"model":"e","input":"\xff","messages":[{"role":"user","content":"\xff"}],"max_tokens":5}',
    "deep": b'{"model":"e","x":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "deep objects": b'{"model":"e","x":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}",
    "twins": b'{"model":"e","model":"f","input":"?","messages":[{"role":"user","content":"?"}],"max_tokens":5}',
    "a surrogate": b'{"model":"e","input":"\\ud800","messages":[{"role":"user","content":"\\ud800"}],"max_tokens":5}',
    "infinity": b'{"model":"e","input":"?","messages":[{"role":"user","content":"?"}],"max_tokens":5,"top_p":1e999}',
    "nan": b'{"model":"e","input":"?","messages":[{"role":"user","content":"?"}],"max_tokens":5,"top_p":NaN}',
}


@surfaces
@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
def test_a_body_that_cannot_be_read(port: Gateway, heard: Echo, surface: Surface, body: bytes) -> None:
    response = port._client.post(surface.path, content=body, headers={"content-type": "application/json"})
    assert response.status_code == 400, response.text
    error = response.json()["error"]
    assert error["type"] == "invalid_request_error"
    if surface is not MESSAGES:
        assert set(error) == {"message", "type", "param", "code"}
    assert not heard.heard


def test_what_nobody_here_has_heard_of_goes_on(port: Gateway, heard: Echo) -> None:
    unknown: dict[str, Any] = {
        "top_k": 40,
        "min_p": 0.05,
        "guided_json": SCHEMA,
        "chat_template_kwargs": {"enable_thinking": False},
        "prediction": {"type": "content", "content": "x"},
        "x_vendor": [None, True, {"a": 1.5}],
        "big": 9007199254740993,
    }
    assert port.ask(CHAT, "e", **unknown).status_code == 200
    (sent,) = heard.heard
    assert {name: sent.get(name) for name in unknown} == unknown
    assert sent["model"] == "e"


def test_what_only_a_model_knows_of_a_message_goes_on(port: Gateway, heard: Echo) -> None:
    messages = [
        {"role": "developer", "content": "Be short."},
        {"role": "user", "name": "ana", "content": [{"type": "text", "text": "?", "vendor": 1}]},
        {"role": "assistant", "content": "Well.", "refusal": None, "audio": {"id": "a1"}},
        {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}}]},
    ]
    assert port.post(CHAT.path, {"model": "e", "messages": messages}).status_code == 200
    assert heard.heard[0]["messages"] == messages


def test_parameters_of_openai_go_on(port: Gateway, heard: Echo) -> None:
    fields: dict[str, Any] = {
        "n": 2,
        "seed": 7,
        "logprobs": True,
        "top_logprobs": 2,
        "temperature": 0.25,
        "stop": ["END"],
        "logit_bias": {"50256": -100},
        "response_format": {"type": "json_schema", "json_schema": {"name": "leave", "strict": True, "schema": SCHEMA}},
        "parallel_tool_calls": False,
        "reasoning_effort": "low",
    }
    heard.more = {"logprobs": {"content": [{"token": "Good", "logprob": -0.1, "bytes": None, "top_logprobs": []}]}}
    response = port.ask(CHAT, "e", **fields)
    assert response.status_code == 200, response.text
    assert {name: heard.heard[0].get(name) for name in fields} == fields
    choices = response.json()["choices"]
    assert [choice["index"] for choice in choices] == [0, 1]
    assert [choice["message"]["content"] for choice in choices] == ["Good day."] * 2
    assert choices[0]["logprobs"] == heard.more["logprobs"]


@pytest.mark.parametrize("asked", [None, False, True])
def test_usage_of_a_stream_is_always_asked_of_the_model(port: Gateway, heard: Echo, *, asked: bool | None) -> None:
    more: dict[str, Any] = {} if asked is None else {"stream_options": {"include_usage": asked}}
    response = port.ask(CHAT, "e", stream=True, **more)
    assert heard.heard[0]["stream_options"]["include_usage"] is True
    usages = [event["usage"] for event in read_stream(CHAT, response.text).events if event.get("usage")]
    assert [usage["total_tokens"] for usage in usages] == ([110] if asked else [])


FUNCTION = {"type": "function", "function": WEATHER}
TOOLS: dict[Surface, dict[str, Any]] = {
    CHAT: {
        "messages": [
            {"role": "user", "content": "Weather in Oslo?"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "7 degrees"},
        ],
        "tools": [FUNCTION],
        "tool_choice": "auto",
    },
    RESPONSES: {
        "input": [
            {"role": "user", "content": "Weather in Oslo?"},
            {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"city":"Oslo"}'},
            {"type": "function_call_output", "call_id": "c1", "output": "7 degrees"},
        ],
        "tools": [{"type": "function", **WEATHER}],
        "tool_choice": "auto",
    },
    MESSAGES: {
        "max_tokens": 50,
        "messages": [
            {"role": "user", "content": "Weather in Oslo?"},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "c1", "name": "weather", "input": {"city": "Oslo"}}],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "7 degrees"}]},
        ],
        "tools": [{"name": "weather", "description": WEATHER["description"], "input_schema": WEATHER["parameters"]}],
        "tool_choice": {"type": "auto"},
    },
}


@surfaces
def test_tools_and_what_they_said_reach_the_model(port: Gateway, heard: Echo, surface: Surface) -> None:
    response = port.post(surface.path, {"model": "e", **TOOLS[surface]})
    assert response.status_code == 200, response.text
    (sent,) = heard.heard
    asked, called, said = sent["messages"]
    assert (asked["role"], "Oslo" in json.dumps(asked["content"])) == ("user", True)
    (call,) = called["tool_calls"]
    assert (call["id"], call["function"]["name"]) == ("c1", "weather")
    assert json.loads(call["function"]["arguments"]) == {"city": "Oslo"}
    assert (said["role"], said["tool_call_id"]) == ("tool", "c1")
    assert "7 degrees" in json.dumps(said["content"])
    (tool,) = sent["tools"]
    assert {name: tool["function"][name] for name in WEATHER} == WEATHER
    assert sent["tool_choice"] == "auto"


@surfaces
@streams
def test_a_call_of_a_tool_reaches_the_caller(port: Gateway, heard: Echo, surface: Surface, *, stream: bool) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}
    heard.message = {"role": "assistant", "content": None, "tool_calls": [call]}
    heard.finish = "tool_calls"
    body = {**surface.body("e", "Weather?", stream=stream), "tools": TOOLS[surface]["tools"]}
    response = port.post(surface.path, body)
    assert response.status_code == 200, response.text
    assert "weather" in response.text
    assert "Oslo" in response.text
    noted: Any = port.trace(response).spans[-1].attributes
    assert noted["gen_ai.request.stream"] is stream
    ((said,),) = [message["parts"] for message in noted["gen_ai.output.messages"]]
    assert (said["id"], said["name"], json.loads(said["arguments"])) == ("c1", "weather", {"city": "Oslo"})
    if stream:
        assert read_stream(surface, response.text).error is None
        return
    assert _called(surface, response.json()) == {"city": "Oslo"}


def _called(surface: Surface, answer: dict[str, Any]) -> Any:
    """The arguments of the only call in an answer that ended with it."""
    if surface is CHAT:
        (choice,) = answer["choices"]
        assert choice["finish_reason"] == "tool_calls"
        return json.loads(choice["message"]["tool_calls"][0]["function"]["arguments"])
    if surface is RESPONSES:
        (call,) = [item for item in answer["output"] if item["type"] == "function_call"]
        return json.loads(call["arguments"])
    assert answer["stop_reason"] == "tool_use"
    return next(part["input"] for part in answer["content"] if part["type"] == "tool_use")


IMAGES: dict[Surface, dict[str, Any]] = {
    CHAT: {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is it?"},
                    {"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}},
                ],
            }
        ]
    },
    RESPONSES: {
        "input": [
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "What is it?"},
                    {"type": "input_image", "image_url": PIXEL, "detail": "low"},
                ],
            }
        ]
    },
    MESSAGES: {
        "max_tokens": 50,
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is it?"},
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/gif", "data": PIXEL.partition(",")[2]},
                    },
                ],
            }
        ],
    },
}


@surfaces
def test_pictures_reach_the_model(port: Gateway, heard: Echo, surface: Surface) -> None:
    response = port.post(surface.path, {"model": "e", **IMAGES[surface]})
    assert response.status_code == 200, response.text
    (message,) = heard.heard[0]["messages"]
    text, picture = message["content"]
    assert text["text"] == "What is it?"
    assert (picture["type"], picture["image_url"]["url"]) == ("image_url", PIXEL)


@pytest.mark.parametrize("encoding", [None, "float", "base64"])
def test_vectors(port: Gateway, heard: Echo, encoding: str | None) -> None:
    body = {"model": "vectors", "input": ["a", "b"], **({"encoding_format": encoding} if encoding else {})}
    response = port.post("/v1/embeddings", body)
    assert response.status_code == 200, response.text
    found = response.json()
    assert found["usage"] == {"prompt_tokens": 100, "total_tokens": 100}
    assert [item["index"] for item in found["data"]] == [0, 1]
    assert isinstance(found["data"][0]["embedding"], str if encoding == "base64" else list)
    assert heard.heard[0]["input"] == ["a", "b"]


def test_a_route_is_called_where_it_belongs(port: Gateway, heard: Echo) -> None:
    chat = port.ask(CHAT, "vectors")
    vectors = port.post("/v1/embeddings", {"model": "e", "input": "a"})
    for response, where in ((chat, "/v1/embeddings"), (vectors, "/v1/chat/completions")):
        assert response.status_code == 400, response.text
        assert response.json()["error"]["code"] == "wrong_surface"
        assert where in response.json()["error"]["message"]
    assert not heard.heard
