"""Whose answers may be billed for more than their streams show."""

from typing import Any

import pytest

from plimsoll.models.prices import hides_output


@pytest.mark.parametrize(
    "model",
    [
        "builtin/reader",
        "ollama/qwen3",
        "openai/gpt-4.1-mini",
        "openai/gpt-4o",
        "openai/ft:gpt-4o-mini:harbour",
        "anthropic/claude-sonnet-4-5",
        "google/gemini-2.0-flash",
        "bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "bedrock/meta.llama3-1-8b-instruct-v1:0",
    ],
)
def test_models_that_show_everything_are_known_by_name(model: str) -> None:
    assert not hides_output(model, {"messages": []})
    assert not hides_output(model, {"messages": [], "thinking": None})


@pytest.mark.parametrize(
    "model",
    [
        "openai/o3",
        "openai/gpt-5-mini",
        "azure/gpt-5",
        "google/gemini-2.5-flash",
        "google/gemini-2.0-flash-thinking-exp",
        "bedrock/deepseek.r1-v1:0",
        "vllm/gpt-4o",
        "openai_compatible/anything",
        "nobody/knows",
    ],
)
def test_of_all_others_it_is_taken_for_granted(model: str) -> None:
    assert hides_output(model, {"messages": []})


@pytest.mark.parametrize(
    "asked",
    [
        {"thinking": {"type": "enabled", "budget_tokens": 5000}},
        {"thinking": {"type": "adaptive"}},
        {"reasoning_effort": "low"},
        {"generationConfig": {"thinkingConfig": {}}},
        {"additionalModelRequestFields": {"thinking": {}}},
    ],
)
def test_a_call_may_ask_for_reasoning(asked: dict[str, Any]) -> None:
    assert hides_output("anthropic/claude-sonnet-4-5", {"messages": [], **asked})
