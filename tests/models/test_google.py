"""OpenAI's form to Google's generateContent and back."""

import json
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.models.hostile import bodies, json_values

from plimsoll.kernel.errors import InvalidError
from plimsoll.models.providers._endpoint import ProviderEndpoint
from plimsoll.models.providers.google import GoogleTranslator
from plimsoll.models.providers.translated import Call, NonsenseError, RefusedError
from plimsoll.testing.models import Received, ScriptedAnswer, ScriptedCall
from plimsoll.testing.models.wires import GoogleWire

USER: Final[dict[str, Any]] = {"role": "user", "content": "Hello?"}
TOOL: Final[dict[str, Any]] = {
    "type": "function",
    "function": {"name": "weather", "description": "d", "parameters": {"type": "object", "properties": {}}},
}
NO_CALL: Final = Call("", (), b"")


def translator(model: str = "gemini-2.5-flash", *, most: int | None = None, **options: str) -> GoogleTranslator:
    endpoint = ProviderEndpoint(
        f"google/{model}", model, "https://g.example/v1beta", "k-1", max_output_tokens=most, options=options
    )
    return GoogleTranslator(endpoint)


def sent(model: str = "gemini-2.5-flash", *, most: int | None = None, **fields: Any) -> Any:
    call = translator(model, most=most).call({"messages": [USER], **fields}, streams=False)
    return json.loads(call.body)


def config(model: str = "gemini-2.5-flash", **fields: Any) -> Any:
    return sent(model, **fields).get("generationConfig", {})


def test_the_least_request() -> None:
    assert sent() == {"contents": [{"role": "user", "parts": [{"text": "Hello?"}]}]}
    assert sent(most=50)["generationConfig"] == {"maxOutputTokens": 50}


def test_the_key_is_a_header_and_never_in_the_address() -> None:
    whole = translator().call({"messages": [USER]}, streams=False)
    stream = translator().call({"messages": [USER]}, streams=True)
    assert whole.path == "/models/gemini-2.5-flash:generateContent"
    assert stream.path == "/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    assert dict(whole.headers) == {"content-type": "application/json", "x-goog-api-key": "k-1"}
    vertex = translator(auth="bearer").call({"messages": [USER]}, streams=False)
    assert dict(vertex.headers)["authorization"] == "Bearer k-1"
    tuned = translator("tunedModels/my model").call({"messages": [USER]}, streams=False)
    assert tuned.path == "/tunedModels/my%20model:generateContent"


def test_sampling_has_other_names_and_all_is_kept() -> None:
    found = config(
        temperature=0.3, top_p=0.9, seed=7, presence_penalty=1, frequency_penalty=-1, n=2, stop="END", max_tokens=9
    )
    assert found == {
        "temperature": 0.3,
        "topP": 0.9,
        "seed": 7,
        "presencePenalty": 1,
        "frequencyPenalty": -1,
        "candidateCount": 2,
        "maxOutputTokens": 9,
        "stopSequences": ["END"],
    }
    assert config(logprobs=True, top_logprobs=3) == {"responseLogprobs": True, "logprobs": 3}


def test_a_schema_is_passed_as_it_is() -> None:
    schema = {"type": "object", "properties": {"cap": {"type": "integer"}}, "additionalProperties": False}
    wanted = {"type": "json_schema", "json_schema": {"name": "cap", "schema": schema}}
    assert config(response_format=wanted) == {"responseMimeType": "application/json", "responseJsonSchema": schema}
    assert config(response_format={"type": "json_object"}) == {"responseMimeType": "application/json"}


@pytest.mark.parametrize(
    ("model", "fields", "thinking"),
    [
        ("gemini-2.5-pro", {"reasoning_effort": "low"}, {"thinkingBudget": 2048, "includeThoughts": True}),
        (
            "gemini-2.5-pro",
            {"reasoning_effort": "max", "max_tokens": 3000},
            {"thinkingBudget": 1500, "includeThoughts": True},
        ),
        ("gemini-2.5-flash", {"reasoning_effort": "none"}, {"thinkingBudget": 0}),
        ("gemini-3-pro", {"reasoning_effort": "xhigh"}, {"thinkingLevel": "high", "includeThoughts": True}),
        ("gemini-3-pro", {"reasoning_effort": "none"}, {"thinkingLevel": "minimal"}),
        ("gemini-3-pro", {"reasoning_effort": "wild"}, None),
    ],
)
def test_effort(model: str, fields: dict[str, Any], thinking: Any) -> None:
    assert config(model, **fields).get("thinkingConfig") == thinking


def test_a_whole_conversation_with_parallel_tools() -> None:
    function = {"name": "weather", "arguments": '{"town": "Bonn"}'}
    signed = {"google": {"thought_signature": "sig"}}
    calls = [
        {"id": "c1", "type": "function", "function": function, "extra_content": signed},
        {"id": "c2", "type": "function", "function": function},
    ]
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": "Be kind."},
        USER,
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "tool", "tool_call_id": "c1", "content": '{"rain": true}'},
        {"role": "tool", "tool_call_id": "c2", "content": "sun"},
    ]
    body = sent(messages=turns, tools=[TOOL])
    assert body["systemInstruction"] == {"parts": [{"text": "Be brief."}, {"text": "Be kind."}]}
    called = {"name": "weather", "args": {"town": "Bonn"}}
    assert body["contents"][1] == {
        "role": "model",
        "parts": [
            {"functionCall": {**called, "id": "c1"}, "thoughtSignature": "sig"},
            {"functionCall": {**called, "id": "c2"}},
        ],
    }
    assert body["contents"][2] == {
        "role": "user",
        "parts": [
            {"functionResponse": {"name": "weather", "response": {"rain": True}, "id": "c1"}},
            {"functionResponse": {"name": "weather", "response": {"result": "sun"}, "id": "c2"}},
        ],
    }
    with pytest.raises(InvalidError, match="names no call"):
        sent(messages=[USER, {"role": "tool", "tool_call_id": "c9", "content": "x"}])


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", {"mode": "AUTO"}),
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        (
            {"type": "function", "function": {"name": "weather"}},
            {"mode": "ANY", "allowedFunctionNames": ["weather"]},
        ),
        (
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "weather"}]},
            {"mode": "VALIDATED", "allowedFunctionNames": ["weather"]},
        ),
    ],
)
def test_tool_choice(choice: Any, expected: Any) -> None:
    body = sent(tools=[TOOL, {"googleSearch": {}}], tool_choice=choice)
    assert body["toolConfig"] == {"functionCallingConfig": expected}
    declared = {"name": "weather", "description": "d", "parametersJsonSchema": {"type": "object", "properties": {}}}
    assert body["tools"] == [{"functionDeclarations": [declared]}, {"googleSearch": {}}]


def test_pictures_files_and_sound() -> None:
    parts = [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}},
        {"type": "image_url", "image_url": {"url": "https://p.example/a.jpg?size=2"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,QUJD"}},
        {"type": "input_audio", "input_audio": {"format": "wav", "data": "QUJD"}},
        {"type": "video", "fileData": {"fileUri": "gs://b/v.mp4"}},
    ]
    assert sent(messages=[{"role": "user", "content": parts}])["contents"][0]["parts"] == [
        {"inlineData": {"mimeType": "image/png", "data": "QUJD"}},
        {"fileData": {"fileUri": "https://p.example/a.jpg?size=2", "mimeType": "image/jpeg"}},
        {"inlineData": {"mimeType": "application/pdf", "data": "QUJD"}},
        {"inlineData": {"mimeType": "audio/wav", "data": "QUJD"}},
        {"fileData": {"fileUri": "gs://b/v.mp4"}},
    ]


def test_googles_own_fields_go_before_ours() -> None:
    safety = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]
    body = sent(safetySettings=safety, temperature=0.3, generationConfig={"temperature": 0.5, "topK": 4}, user="u")
    assert body["safetySettings"] == safety
    assert body["generationConfig"] == {"temperature": 0.5, "topK": 4}
    assert "user" not in body


@given(bodies)
def test_no_request_breaks_the_translator(body: dict[str, Any]) -> None:
    try:
        call = translator().call(body, streams=False)
    except InvalidError:
        return
    assert isinstance(json.loads(call.body)["contents"], list)


def answered(**fields: Any) -> tuple[Any, Any]:
    body, facts = translator().whole(json.dumps(fields).encode(), NO_CALL)
    return body["choices"][0], facts


def test_a_whole_answer_with_thoughts_and_tools() -> None:
    parts = [
        {"text": "Hm.", "thought": True},
        {"text": "I look."},
        {"functionCall": {"name": "weather", "args": {"town": "Köln"}}, "thoughtSignature": "sig"},
    ]
    usage = {
        "promptTokenCount": 20,
        "cachedContentTokenCount": 5,
        "candidatesTokenCount": 7,
        "thoughtsTokenCount": 4,
        "toolUsePromptTokenCount": 2,
        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 3}],
    }
    candidate = {"content": {"parts": parts}, "finishReason": "STOP"}
    choice, facts = answered(candidates=[candidate], usageMetadata=usage, modelVersion="gemini-2.5-flash-001")
    message = choice["message"]
    assert (message["content"], message["reasoning_content"]) == ("I look.", "Hm.")
    call = message["tool_calls"][0]
    assert call["id"].startswith("call_")
    assert json.loads(call["function"]["arguments"]) == {"town": "Köln"}
    assert call["extra_content"] == {"google": {"thought_signature": "sig"}}
    assert (choice["finish_reason"], facts.model) == ("tool_calls", "gemini-2.5-flash-001")
    found = facts.usage
    assert (found.input_tokens, found.output_tokens, found.cached_tokens) == (22, 11, 5)
    assert (found.reasoning_tokens, found.audio_input_tokens) == (4, 3)


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("STOP", "stop"), ("MAX_TOKENS", "length"), ("SAFETY", "content_filter"), ("RECITATION", "content_filter")],
)
def test_finish_reasons(reason: str, finish: str) -> None:
    choice, facts = answered(candidates=[{"content": {"parts": [{"text": "x"}]}, "finishReason": reason}])
    assert (choice["finish_reason"], facts.usage) == (finish, None)


def test_a_prompt_that_is_blocked_is_an_answer_that_a_filter_ended() -> None:
    usage = {"promptTokenCount": 9}
    choice, facts = answered(promptFeedback={"blockReason": "SAFETY"}, usageMetadata=usage)
    assert (choice["message"]["content"], choice["finish_reason"]) == ("", "content_filter")
    assert facts.usage.input_tokens == 9
    reader = translator().reader(NO_CALL)
    event = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": usage}
    assert reader.feed(b"data: " + json.dumps(event).encode() + b"\n\n")
    assert (reader.is_whole, reader.facts.finish_reason) == (True, "content_filter")


def test_a_tool_call_that_google_cannot_read_is_no_answer() -> None:
    with pytest.raises(NonsenseError, match="tool call"):
        answered(candidates=[{"finishReason": "MALFORMED_FUNCTION_CALL"}])


def test_log_probabilities() -> None:
    token = {"token": "ü", "logProbability": -0.5}
    result = {"chosenCandidates": [token], "topCandidates": [{"candidates": [token]}]}
    candidate = {"content": {"parts": [{"text": "ü"}]}, "finishReason": "STOP", "logprobsResult": result}
    choice, _ = answered(candidates=[candidate])
    told = {"token": "ü", "logprob": -0.5, "bytes": [195, 188]}
    assert choice["logprobs"] == {"content": [{**told, "top_logprobs": [told]}]}


@given(st.lists(st.integers(1, 40), max_size=60))
def test_the_cut_of_packets_never_matters(sizes: list[int]) -> None:
    call = ScriptedCall("c1", "weather", '{"town": "東京"}')
    answer = ScriptedAnswer(text="", calls=(call,), thinking="Hm 🦄", finish="tool_calls")
    raw = b"".join(GoogleWire().events(answer, Received("POST", "", {}, {})))
    once = translator().reader(NO_CALL)
    expected = once.feed(raw)
    cut = translator().reader(NO_CALL)
    found: list[Any] = []
    at = 0
    for size in sizes:
        found += cut.feed(raw[at : at + size])
        at += size
    found += cut.feed(raw[at:])
    assert found == expected
    assert cut.facts == once.facts
    assert cut.is_whole


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (400, "API key not valid. Please pass a valid API key.", "denied"),
        (400, "The input token count (9) exceeds the maximum number of tokens allowed (8).", "too_long"),
        (400, "Invalid value", "rejected"),
        (403, "denied", "denied"),
        (404, "models/x is not found", "missing"),
        (429, "quota", "busy"),
        (500, "internal", "down"),
        (503, "The model is overloaded.", "busy"),
        (504, "deadline", "down"),
    ],
)
def test_refusals(status: int, said: str, kind: str) -> None:
    error = {"error": {"code": status, "message": said, "details": [{"retryDelay": "13.5s"}, 5, {"retryDelay": "xs"}]}}
    for raw in (json.dumps(error), json.dumps([error])):
        refusal = translator().refusal(status, {}, raw.encode())
        assert (refusal.kind, refusal.said) == (kind, said)
        assert refusal.retry_after_s == (13.5 if kind in {"busy", "down"} else None)
    assert translator().refusal(502, {}, b"<html>").kind == "down"
    with pytest.raises(RefusedError):
        translator().reader(NO_CALL).feed(b"data: " + json.dumps(error).encode() + b"\n\n")


@given(st.binary(max_size=200) | json_values.map(msgspec.json.encode))
def test_hostile_bytes_are_nonsense_and_nothing_else(raw: bytes) -> None:
    for read in (
        lambda: translator().whole(raw, NO_CALL),
        lambda: translator().reader(NO_CALL).feed(b"data: " + raw + b"\n\n"),
        lambda: translator().refusal(500, {}, raw),
    ):
        try:
            read()
        except (NonsenseError, RefusedError):
            continue
