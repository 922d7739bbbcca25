"""OpenAI's form to Amazon Bedrock's Converse and back; botocore is the judge of requests, signatures and streams."""

import json
from datetime import UTC, datetime
from typing import Any, Final
from unittest.mock import patch

import botocore.auth
import botocore.eventstream
import botocore.session
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st
from tests.models.hostile import bodies, json_values

from plimsoll.kernel.errors import InvalidError
from plimsoll.models.providers._endpoint import ProviderEndpoint
from plimsoll.models.providers.bedrock import BedrockTranslator
from plimsoll.models.providers.bedrock._frames import Frame, FrameDecoder, FrameError
from plimsoll.models.providers.translated import Call, NonsenseError, RefusedError
from plimsoll.testing.models import Received, ScriptedAnswer, ScriptedCall, ScriptedRefusal
from plimsoll.testing.models.wires import BedrockWire

CLAUDE: Final = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
OLD: Final = "anthropic.claude-3-5-sonnet-20241022-v2:0"
NOVA: Final = "amazon.nova-pro-v1:0"
PROFILE: Final = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc123"
USER: Final[dict[str, Any]] = {"role": "user", "content": "Hello?"}
TOOL: Final[dict[str, Any]] = {
    "type": "function",
    "function": {"name": "weather", "description": "d", "parameters": {"type": "object", "properties": {}}},
}
SCHEMA: Final[dict[str, Any]] = {
    "type": "json_schema",
    "json_schema": {"name": "cap", "schema": {"type": "object", "properties": {"cap": {"type": "integer"}}}},
}
NO_CALL: Final = Call("", (), b"")
NOW: Final = datetime(2026, 11, 21, 12, 30, 45, tzinfo=UTC)
SECRET: Final = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"  # noqa: S105 the example of AWS's own guide


@pytest.fixture(scope="module")
def shape() -> Any:
    """The form of a Converse request, as AWS publishes it."""
    service = botocore.session.get_session().get_service_model("bedrock-runtime")
    return service.operation_model("Converse").input_shape


def translator(model: str = CLAUDE, *, key: str = "bedrock-key", **options: str) -> BedrockTranslator:
    host = f"https://bedrock-runtime.{options.get('region', 'us-east-1')}.amazonaws.com"
    endpoint = ProviderEndpoint(f"bedrock/{model}", model, host, key, options=options)
    return BedrockTranslator(endpoint, clock=lambda: NOW)


def sent(model: str = CLAUDE, *, options: dict[str, str] | None = None, **fields: Any) -> Any:
    call = translator(model, **(options or {})).call({"messages": [USER], **fields}, streams=False)
    return json.loads(call.body)


def valid(shape: Any, body: Any) -> Any:
    """The same body; botocore has nothing against it."""
    report = ParamValidator().validate({"modelId": "m", **body}, shape)
    assert not report.has_errors(), report.generate_report()
    return body


def test_the_least_request(shape: Any) -> None:
    assert valid(shape, sent()) == {"messages": [{"role": "user", "content": [{"text": "Hello?"}]}]}


@pytest.mark.parametrize(
    ("model", "path"),
    [
        (NOVA, "/model/amazon.nova-pro-v1%3A0/converse"),
        (
            PROFILE,
            "/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Aapplication-inference-profile%2Fabc123/converse",
        ),
    ],
)
def test_names_are_escaped_once(model: str, path: str) -> None:
    assert translator(model).call({"messages": [USER]}, streams=False).path == path
    assert translator(model).call({"messages": [USER]}, streams=True).path == f"{path}-stream"


def test_an_api_key_is_a_bearer_token() -> None:
    call = translator(key="ABSKabc=").call({"messages": [USER]}, streams=False)
    assert dict(call.headers) == {"content-type": "application/json", "authorization": "Bearer ABSKabc="}


@pytest.mark.parametrize("model", [NOVA, CLAUDE, PROFILE])
@pytest.mark.parametrize("token", ["", "session/token+with=signs"])
@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_the_signature_is_botocores(model: str, token: str, region: str) -> None:
    key = f"AKIDEXAMPLE:{SECRET}" + (f":{token}" if token else "")
    made = translator(model, key=key, region=region).call({"messages": [USER]}, streams=True)
    assert SECRET not in repr(made)
    url = f"https://bedrock-runtime.{region}.amazonaws.com{made.path}"
    theirs = AWSRequest("POST", url, headers={"content-type": "application/json"}, data=made.body)
    signer = botocore.auth.SigV4Auth(Credentials("AKIDEXAMPLE", SECRET, token or None), "bedrock", region)
    with patch("botocore.auth.get_current_datetime", return_value=NOW.replace(tzinfo=None)):
        signer.add_auth(theirs)
    ours = dict(made.headers)
    assert ours["authorization"] == theirs.headers["Authorization"]
    assert ours["x-amz-date"] == theirs.headers["X-Amz-Date"]
    assert ours.get("x-amz-security-token", "") == token


def test_a_whole_conversation_with_parallel_tools(shape: Any) -> None:
    function = {"name": "weather", "arguments": '{"town": "Bonn"}'}
    calls = [{"id": ident, "type": "function", "function": function} for ident in ("c1", "c2")]
    cached = {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "sig"}
    turns = [
        {"role": "system", "content": [cached]},
        USER,
        {"role": "assistant", "content": "", "tool_calls": calls, "thinking_blocks": [thought]},
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
        {"role": "tool", "tool_call_id": "c2", "content": "", "is_error": True},
        {"role": "user", "content": "And?"},
    ]
    body = valid(shape, sent(messages=turns, tools=[TOOL]))
    assert body["system"] == [{"text": "Be brief."}, {"cachePoint": {"type": "default", "ttl": "1h"}}]
    used = {"name": "weather", "input": {"town": "Bonn"}}
    assert body["messages"][1]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "sig"}}},
        {"toolUse": {**used, "toolUseId": "c1"}},
        {"toolUse": {**used, "toolUseId": "c2"}},
    ]
    assert body["messages"][2]["content"] == [
        {"toolResult": {"toolUseId": "c1", "content": [{"text": "rain"}]}},
        {"toolResult": {"toolUseId": "c2", "content": [{"text": "(empty)"}], "status": "error"}},
        {"text": "And?"},
    ]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", {"auto": {}}),
        ("required", {"any": {}}),
        ({"type": "function", "function": {"name": "weather"}}, {"tool": {"name": "weather"}}),
        (None, None),
    ],
)
def test_tool_choice(shape: Any, choice: Any, expected: Any) -> None:
    body = valid(shape, sent(tools=[TOOL], tool_choice=choice))
    assert body["toolConfig"].get("toolChoice") == expected
    assert body["toolConfig"]["tools"][0]["toolSpec"]["name"] == "weather"


def test_no_tool_means_that_none_is_offered() -> None:
    assert "toolConfig" not in sent(tools=[TOOL], tool_choice="none")


def test_pictures_and_documents() -> None:
    parts = [
        {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,QUJD"}},
        {"type": "image_url", "image_url": {"url": "s3://bucket/a.jpg"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,QUJD"}},
        {"type": "guard", "guardContent": {"text": {"text": "x"}}},
    ]
    assert sent(messages=[{"role": "user", "content": parts}])["messages"][0]["content"] == [
        {"image": {"format": "jpeg", "source": {"bytes": "QUJD"}}},
        {"image": {"format": "jpeg", "source": {"s3Location": {"uri": "s3://bucket/a.jpg"}}}},
        {"document": {"format": "pdf", "source": {"bytes": "QUJD"}, "name": "messages[0] content[2]"}},
        {"guardContent": {"text": {"text": "x"}}},
    ]


@pytest.mark.parametrize("url", ["https://p.example/a.png", "data:image/tiff;base64,QUJD", "s3://bucket/a.exe"])
def test_pictures_that_bedrock_does_not_take(url: str) -> None:
    with pytest.raises(InvalidError, match=r"messages\[0\]"):
        sent(messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}])


def test_sampling(shape: Any) -> None:
    body = valid(shape, sent(NOVA, temperature=1.5, top_p=0.5, stop="END", max_tokens=9))
    assert body["inferenceConfig"] == {"stopSequences": ["END"], "maxTokens": 9, "temperature": 1, "topP": 0.5}
    assert sent(temperature=0.2, top_p=0.5)["inferenceConfig"] == {"temperature": 0.2}


def test_structured_output_where_it_exists_and_a_tool_where_not(shape: Any) -> None:
    native = valid(shape, sent(response_format=SCHEMA))
    text = native["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"]
    assert json.loads(text)["additionalProperties"] is False
    for model in (OLD, NOVA):
        body = valid(shape, sent(model, response_format=SCHEMA))
        assert body["toolConfig"]["toolChoice"] == {"tool": {"name": "answer_as_json"}}
    assert "outputConfig" in sent(NOVA, response_format=SCHEMA, options={"structured_output": "native"})


def test_effort_is_the_models_own_business(shape: Any) -> None:
    field = "additionalModelRequestFields"
    budget = valid(shape, sent(reasoning_effort="low", max_tokens=9000, temperature=0))
    assert budget[field] == {"thinking": {"type": "enabled", "budget_tokens": 2048}}
    assert "temperature" not in budget["inferenceConfig"]
    assert sent("openai.gpt-oss-120b-1:0", reasoning_effort="low")[field] == {"reasoning_effort": "low"}
    newest = sent("anthropic.claude-opus-5-v1:0", reasoning_effort="max")[field]
    assert newest == {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}}
    assert field not in sent(NOVA, reasoning_effort="low")
    assert field not in sent(reasoning_effort="low", tools=[TOOL], tool_choice="required")
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    turns = [USER, {"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "c1", "content": "x"}]
    assert field not in sent(reasoning_effort="low", tools=[TOOL], messages=turns)
    turns[1]["thinking_blocks"] = [{"type": "thinking", "thinking": "Hm.", "signature": "sig"}]
    assert field in sent(reasoning_effort="low", tools=[TOOL], messages=turns)


def test_unknown_fields_belong_to_the_model_but_for_those_of_converse(shape: Any) -> None:
    guard = {"guardrailIdentifier": "g", "guardrailVersion": "1"}
    body = valid(shape, sent(top_k=5, guardrailConfig=guard, additionalModelRequestFields={"x": 1}, user="u"))
    assert body["guardrailConfig"] == guard
    assert body["additionalModelRequestFields"] == {"top_k": 5, "x": 1}


@given(bodies)
def test_no_request_breaks_the_translator(body: dict[str, Any]) -> None:
    for model in (CLAUDE, NOVA):
        try:
            call = translator(model).call(body, streams=False)
        except InvalidError:
            continue
        assert isinstance(json.loads(call.body)["messages"], list)


def test_a_whole_answer_with_thoughts_and_tools() -> None:
    content = [
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "sig"}}},
        {"reasoningContent": {"redactedContent": "eHl6"}},
        {"text": "I look."},
        {"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"town": "Köln"}}},
    ]
    usage = {"inputTokens": 10, "outputTokens": 9, "cacheReadInputTokens": 5, "cacheWriteInputTokens": 3}
    raw = {"output": {"message": {"content": content}}, "stopReason": "tool_use", "usage": usage}
    body, facts = translator().whole(json.dumps(raw).encode(), NO_CALL)
    message = body["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"]) == ("I look.", "Hm.")
    assert message["thinking_blocks"] == [
        {"type": "thinking", "thinking": "Hm.", "signature": "sig"},
        {"type": "redacted_thinking", "data": "eHl6"},
    ]
    assert message["tool_calls"][0]["id"] == "t1"
    assert facts.usage is not None
    assert (facts.usage.input_tokens, facts.usage.cached_tokens, facts.usage.cache_write_tokens) == (18, 5, 3)


def test_what_the_model_garbled_is_no_answer() -> None:
    raw = {"output": {"message": {"content": []}}, "stopReason": "malformed_tool_use"}
    with pytest.raises(NonsenseError):
        translator().whole(json.dumps(raw).encode(), NO_CALL)


CALLS: Final = (ScriptedCall("c1", "weather", '{"town": "東京"}'), ScriptedCall("c2", "weather", "{}"))
ANSWER: Final = ScriptedAnswer(text="", calls=CALLS, thinking="Hm 🦄", signature="sig", finish="tool_calls")
RAW: Final = b"".join(BedrockWire().events(ANSWER, Received("POST", "", {}, {})))


def test_frames_are_read_as_botocore_reads_them() -> None:
    theirs = botocore.eventstream.EventStreamBuffer()
    theirs.add_data(RAW)
    expected = [(event.headers, event.payload) for event in theirs]
    assert [(frame.headers, frame.payload) for frame in FrameDecoder(most_bytes=10_000).feed(RAW)] == expected
    assert len(expected) > 10


@given(st.lists(st.integers(1, 60), max_size=60))
def test_the_cut_of_packets_never_matters(sizes: list[int]) -> None:
    once = translator().reader(NO_CALL)
    expected = once.feed(RAW)
    cut = translator().reader(NO_CALL)
    found: list[Any] = []
    at = 0
    for size in sizes:
        found += cut.feed(RAW[at : at + size])
        at += size
    found += cut.feed(RAW[at:])
    assert found == expected
    assert cut.facts == once.facts
    assert cut.is_done


@given(st.integers(0, len(RAW) - 1), st.integers(1, 255))
def test_one_changed_byte_is_always_noticed(at: int, change: int) -> None:
    damaged = RAW[:at] + bytes([RAW[at] ^ change]) + RAW[at + 1 :]
    reader = translator().reader(NO_CALL)
    try:
        reader.feed(damaged)
    except NonsenseError:
        return
    # A longer length waits for bytes that never come: the answer never becomes whole.
    assert not reader.is_done


def test_a_frame_that_is_too_long_is_not_waited_for() -> None:
    with pytest.raises(FrameError, match="longer"):
        FrameDecoder(most_bytes=50).feed(RAW)


@pytest.mark.parametrize(
    ("kind", "meaning"),
    [("denied", "denied"), ("busy", "busy"), ("too_long", "too_long"), ("late", "down"), ("down", "down")],
)
def test_exceptions_in_a_stream(kind: Any, meaning: str) -> None:
    event = BedrockWire().error_event(ScriptedRefusal(kind, "so it is"))
    with pytest.raises(RefusedError) as caught:
        translator().reader(NO_CALL).feed(event)
    assert caught.value.refusal.kind == meaning
    assert "so it is" in caught.value.refusal.said


@pytest.mark.parametrize(
    ("status", "name", "said", "kind"),
    [
        (400, "ValidationException:http://internal.amazon.com/", "Input is too long for requested model.", "too_long"),
        (400, "ValidationException", "bad", "rejected"),
        (400, "ServiceQuotaExceededException", "quota", "busy"),
        (403, "UnrecognizedClientException", "token", "denied"),
        (403, "AccessDeniedException", "no access", "denied"),
        (404, "ResourceNotFoundException", "no model", "missing"),
        (408, "ModelTimeoutException", "late", "down"),
        (424, "ModelErrorException", "model", "down"),
        (429, "ModelNotReadyException", "wait", "busy"),
        (500, "", "", "down"),
    ],
)
def test_refusals(status: int, name: str, said: str, kind: str) -> None:
    raw = json.dumps({"message": said}).encode()
    refusal = translator().refusal(status, {"x-amzn-errortype": name, "retry-after": "4"}, raw)
    assert refusal.kind == kind
    assert refusal.retry_after_s == (4.0 if kind in {"busy", "down"} else None)


@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_hostile_bytes_are_nonsense_and_nothing_else(raw: bytes) -> None:
    for read in (
        lambda: translator().whole(raw, NO_CALL),
        lambda: translator().reader(NO_CALL).feed(raw),
        lambda: translator().refusal(500, {}, raw),
    ):
        try:
            read()
        except (NonsenseError, RefusedError):
            continue


@pytest.mark.parametrize(
    ("reason", "fields", "told"),
    [
        ("stop_sequence", {"stop_sequence": "END"}, "END"),
        ("stop_sequence", None, "stop_sequence"),
        ("end_turn", {"stop_sequence": None}, None),
    ],
)
def test_the_text_at_which_a_model_stopped_is_told(reason: str, fields: Any, told: str | None) -> None:
    said = {"stopReason": reason, "additionalModelResponseFields": fields}
    raw = json.dumps({"output": {"message": {"content": [{"text": "a"}]}}, **said}).encode()
    body, _ = translator().whole(raw, NO_CALL)
    event = Frame({":message-type": "event", ":event-type": "messageStop"}, json.dumps(said).encode())
    reader = translator().reader(NO_CALL)
    with patch.object(FrameDecoder, "feed", return_value=[event]):
        chunks = reader.feed(b"?")
    for choice in (body["choices"][0], chunks[0]["choices"][0]):
        assert (choice["finish_reason"], choice.get("stop_reason")) == ("stop", told)


def test_a_claude_is_asked_at_which_text_it_stopped(shape: Any) -> None:
    assert valid(shape, sent(stop="END"))["additionalModelResponseFieldPaths"] == ["/stop_sequence"]
    assert "additionalModelResponseFieldPaths" not in sent(NOVA, stop="END")
    assert "additionalModelResponseFieldPaths" not in sent()
