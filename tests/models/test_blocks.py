"""What only Anthropic's Messages API has, at other providers: said in their words, or refused by its name."""

import json
from typing import Any

import pytest

from plimsoll.kernel.errors import InvalidError
from plimsoll.models.providers._endpoint import ProviderEndpoint
from plimsoll.models.providers.anthropic import AnthropicTranslator
from plimsoll.models.providers.bedrock import BedrockTranslator
from plimsoll.models.providers.google import GoogleTranslator

THINKING = {"type": "enabled", "budget_tokens": 8192}
PDF = {
    "type": "document",
    "title": "T",
    "context": "about",
    "citations": {"enabled": True},
    "cache_control": {"type": "ephemeral"},
    "source": {"type": "base64", "media_type": "application/pdf", "data": "QUJD"},
}
PLAIN = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "plain"}}
FOUND = {"type": "search_result", "source": "u", "title": "t", "content": [{"type": "text", "text": "found"}]}
FILE = {"type": "document", "source": {"type": "file", "file_id": "f"}}
OTHERS = [FILE, {"type": "web_search_tool_result", "content": []}, {"type": "container_upload"}]
GEMINI = "google/gemini-3-pro"
NOVA = "bedrock/amazon.nova-pro-v1:0"
SONNET = "anthropic/claude-sonnet-4-5"
USER = {"role": "user", "content": "Hello?"}


def sent(model: str, **fields: Any) -> Any:
    """What the provider of this model is sent."""
    provider, _, name = model.partition("/")
    endpoint = ProviderEndpoint(model, name, "https://x.example", "k")
    makes: dict[str, Any] = {"google": GoogleTranslator, "bedrock": BedrockTranslator, "anthropic": AnthropicTranslator}
    return json.loads(makes[provider](endpoint).call({"messages": [USER], **fields}, streams=False).body)


def spoken(model: str, *parts: Any) -> Any:
    """The content of a user's message of these parts."""
    body = sent(model, messages=[{"role": "user", "content": list(parts)}])
    turn = (body.get("contents") or body["messages"])[0]
    return turn.get("parts") or turn["content"]


def test_google_reads_documents_and_results_of_searches() -> None:
    assert spoken(GEMINI, PDF, PLAIN, FOUND) == [
        {"text": "T\nabout"},
        {"inlineData": {"mimeType": "application/pdf", "data": "QUJD"}},
        {"text": "plain"},
        {"text": "t\nu"},
        {"text": "found"},
    ]
    web = {"type": "document", "source": {"type": "url", "url": "https://e.example/a.pdf"}}
    assert spoken(GEMINI, web) == [{"fileData": {"fileUri": "https://e.example/a.pdf", "mimeType": "application/pdf"}}]


def test_bedrock_reads_documents_and_results_of_searches() -> None:
    found = spoken("bedrock/openai.gpt-oss-120b", PDF, PLAIN, FOUND)
    name = found[1]["document"].pop("name")
    assert found == [
        {"text": "T\nabout"},
        {"document": {"format": "pdf", "source": {"bytes": "QUJD"}}},
        {"text": "plain"},
        {"text": "t\nu"},
        {"text": "found"},
    ]
    assert name == "messages[0] content[0]"


def test_anthropic_gets_its_own_blocks_as_they_are() -> None:
    assert spoken(SONNET, PDF, PLAIN, FOUND, FILE) == [PDF, PLAIN, FOUND, FILE]


@pytest.mark.parametrize("model", [GEMINI, NOVA])
@pytest.mark.parametrize(
    "part", [FILE, {"type": "web_search_tool_result", "content": []}, {"type": "container_upload"}]
)
def test_a_block_that_a_provider_cannot_read_is_refused_by_its_name(model: str, part: dict[str, Any]) -> None:
    with pytest.raises(InvalidError) as caught:
        spoken(model, {"type": "text", "text": "a"}, part)
    assert caught.value.code == "not_for_this_provider"
    assert part["type"] in caught.value.message
    assert "messages[0].content[1]" in caught.value.message


@pytest.mark.parametrize(
    ("model", "part"),
    [
        (GEMINI, {"inlineData": {"mimeType": "image/png", "data": "QUJD"}}),
        (NOVA, {"video": {"format": "mp4", "source": {"bytes": "QUJD"}}}),
    ],
)
def test_a_part_in_the_providers_own_form_is_passed_on(model: str, part: dict[str, Any]) -> None:
    assert spoken(model, part) == [part]


def test_a_tool_of_anthropics_own_is_refused_by_google() -> None:
    with pytest.raises(InvalidError, match="web_search_20250305"):
        sent(GEMINI, tools=[{"type": "web_search_20250305", "name": "web_search"}])


def test_google_thinks_and_samples_as_anthropics_callers_say() -> None:
    body = sent(GEMINI, thinking=THINKING, top_k=5)
    assert body.keys() == {"contents", "generationConfig"}
    assert body["generationConfig"] == {
        "topK": 5,
        "thinkingConfig": {"thinkingLevel": "medium", "includeThoughts": True},
    }
    assert (
        sent("google/gemini-2.5-pro", thinking=THINKING)["generationConfig"]["thinkingConfig"]["thinkingBudget"] == 8192
    )
    assert "generationConfig" not in sent(GEMINI, thinking={"type": "disabled"})


def test_on_bedrock_only_claude_has_these_fields_under_their_names() -> None:
    fields = "additionalModelRequestFields"
    claude = sent("bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0", thinking=THINKING, top_k=5)
    assert claude[fields] == {"thinking": THINKING, "top_k": 5}
    assert sent("bedrock/openai.gpt-oss-120b", thinking=THINKING, top_k=5)[fields] == {"reasoning_effort": "medium"}
    assert fields not in sent(NOVA, thinking=THINKING, top_k=5)


@pytest.mark.parametrize("model", [GEMINI, NOVA, SONNET])
def test_a_conversation_without_a_word_is_refused(model: str) -> None:
    with pytest.raises(InvalidError, match="says nothing to answer"):
        sent(model, messages=[{"role": "user", "content": ""}])


def test_bedrock_is_told_what_to_cache_only_where_the_model_takes_it() -> None:
    tool = {"type": "function", "function": {"name": "f"}, "cache_control": {"type": "ephemeral"}}
    for model, is_told in {NOVA: True, "bedrock/openai.gpt-oss-120b": False, "bedrock/arn:aws:bedrock:x": True}.items():
        tools = sent(model, tools=[tool])["toolConfig"]["tools"]
        assert ({"cachePoint": {"type": "default"}} in tools) == is_told


@pytest.mark.parametrize(("is_error", "response"), [(True, {"error": "boom"}), (False, {"result": "boom"})])
def test_google_is_told_that_a_tool_failed(*, is_error: bool, response: dict[str, str]) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    result = {"role": "tool", "tool_call_id": "c", "content": "boom", "is_error": is_error}
    body = sent(GEMINI, messages=[USER, {"role": "assistant", "content": None, "tool_calls": [call]}, result])
    assert body["contents"][-1]["parts"] == [{"functionResponse": {"name": "f", "id": "c", "response": response}}]
