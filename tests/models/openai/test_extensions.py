"""What Anthropic's clients send is left out, or said in another way, for servers that know only OpenAI's form."""

import json
from typing import Any

import pytest

from plimsoll.models.providers.openai._request import encoded

MESSAGES: list[dict[str, Any]] = [
    {
        "role": "assistant",
        "content": None,
        "thinking_blocks": [{"type": "thinking", "thinking": "t", "signature": "s"}],
        "tool_calls": [
            {
                "id": "c1",
                "type": "function",
                "function": {"name": "f", "arguments": "{}"},
                "cache_control": {"type": "ephemeral"},
                "extra_content": {"google": {"thought_signature": "x"}},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "content": "boom", "is_error": True},
]
TOOL: dict[str, Any] = {"type": "function", "function": {"name": "f"}, "cache_control": {"type": "ephemeral"}}
BODY: dict[str, Any] = {"model": "gpt-4.1-mini", "messages": MESSAGES, "tools": [TOOL], "top_k": 5}


def sent(strict: str = "openai", **fields: Any) -> Any:
    return json.loads(encoded({**BODY, **fields}, strict=strict))


def test_a_strict_server_gets_nothing_that_openai_does_not_have() -> None:
    body = sent(thinking={"type": "enabled", "budget_tokens": 1024})
    assert body == {
        "model": "gpt-4.1-mini",
        "messages": [
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "boom"},
        ],
        "tools": [{"type": "function", "function": {"name": "f"}}],
    }


@pytest.mark.parametrize(
    ("model", "thinking", "effort"),
    [
        ("gpt-5-mini", {"type": "enabled", "budget_tokens": 1024}, "low"),
        ("gpt-5-mini", {"type": "enabled", "budget_tokens": 8192}, "medium"),
        ("o3", {"type": "enabled", "budget_tokens": 30_000}, "high"),
        ("openai/gpt-oss-120b", {"type": "enabled", "budget_tokens": 8192}, "medium"),
        ("gpt-5-mini", {"type": "adaptive"}, None),
        ("gpt-5-mini", {"type": "disabled"}, None),
        ("gpt-5-mini", "much", None),
        ("gpt-5-chat-latest", {"type": "enabled", "budget_tokens": 1024}, None),
        ("gpt-4o", {"type": "enabled", "budget_tokens": 1024}, None),
    ],
)
def test_thinking_is_an_effort_for_models_that_take_one(model: str, thinking: Any, effort: str | None) -> None:
    body = sent(model=model, thinking=thinking)
    assert body.get("reasoning_effort") == effort
    assert "thinking" not in body


def test_an_effort_that_is_named_goes_before_thinking() -> None:
    body = sent(model="o3", thinking={"type": "enabled", "budget_tokens": 1024}, reasoning_effort="high")
    assert body["reasoning_effort"] == "high"


def test_top_k_stays_where_it_is_known() -> None:
    assert sent("fireworks")["top_k"] == 5
    assert "top_k" not in sent("groq")
    assert sent("")["top_k"] == 5


def test_a_server_that_takes_extensions_gets_them_all() -> None:
    assert sent("") == BODY


DOCUMENTS: list[dict[str, Any]] = [
    {
        "type": "document",
        "title": "T",
        "context": "about",
        "citations": {"enabled": True},
        "source": {"type": "base64", "media_type": "application/pdf", "data": "QUJD"},
    },
    {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "plain"}},
    {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "part"}]}},
    {"type": "search_result", "source": "u", "title": "t", "content": [{"type": "text", "text": "found"}]},
]


@pytest.mark.parametrize("strict", ["", "openai"])
def test_documents_and_results_of_searches_are_texts_and_files(strict: str) -> None:
    body = sent(strict, messages=[{"role": "user", "content": DOCUMENTS}])
    assert body["messages"][0]["content"] == [
        {"type": "text", "text": "T\nabout"},
        {"type": "file", "file": {"filename": "T", "file_data": "data:application/pdf;base64,QUJD"}},
        {"type": "text", "text": "plain"},
        {"type": "text", "text": "part"},
        {"type": "text", "text": "t\nu"},
        {"type": "text", "text": "found"},
    ]


def test_a_block_that_nobody_can_say_otherwise_is_left_to_the_server() -> None:
    parts = [{"type": "document", "source": {"type": "file", "file_id": "f"}}, {"type": "web_search_tool_result"}]
    assert sent(messages=[{"role": "user", "content": parts}])["messages"][0]["content"] == parts


def test_a_text_that_only_looks_like_a_block_stays() -> None:
    text = '{"type":"document"}'
    assert sent(messages=[{"role": "user", "content": text}])["messages"][0]["content"] == text
