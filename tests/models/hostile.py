"""What callers and servers may send: any JSON, near the shape that is expected."""

from typing import Any

from hypothesis import strategies as st

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)

_parts = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "image_url", "file", "input_audio", "refusal", "other"]) | json_values},
    optional={"text": json_values, "image_url": json_values, "file": json_values, "cache_control": json_values},
)
_messages = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant", "tool", "developer"]) | json_values},
    optional={
        "content": st.lists(_parts, max_size=2) | json_values,
        "tool_calls": json_values,
        "tool_call_id": json_values,
        "thinking_blocks": json_values,
    },
)

bodies: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"messages": st.lists(_messages, max_size=3) | json_values},
    optional={
        name: json_values | st.sampled_from(["auto", "none", "high", 5])
        for name in (
            "tools", "tool_choice", "stop", "response_format", "max_tokens", "thinking", "reasoning_effort", "n",
            "output_config", "outputConfig", "generationConfig", "additionalModelRequestFields", "temperature",
            "parallel_tool_calls", "modalities", "x",
        )
    },
)  # fmt: skip
"""Requests in OpenAI's form, and what is nearly one."""
