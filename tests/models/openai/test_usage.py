from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.models import Usage
from plimsoll.models.providers.openai._usage import usage_of


def test_every_kind_of_token() -> None:
    reported = {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "total_tokens": 150,
        "prompt_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 20, "audio_tokens": 7, "text_tokens": 9},
        "completion_tokens_details": {"reasoning_tokens": 40, "audio_tokens": 5, "accepted_prediction_tokens": 1},
    }
    assert usage_of(reported, has_output=True) == Usage(
        100,
        50,
        cached_tokens=30,
        cache_write_tokens=20,
        reasoning_tokens=40,
        audio_input_tokens=7,
        audio_output_tokens=5,
    )


def test_reasoning_that_is_counted_beside_the_answer_is_added() -> None:
    reported = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "total_tokens": 115,
        "completion_tokens_details": {"reasoning_tokens": 100},
    }
    usage = usage_of(reported, has_output=True)
    assert usage is not None
    assert (usage.output_tokens, usage.reasoning_tokens) == (105, 100)


def test_another_name_for_cached_tokens() -> None:
    usage = usage_of({"prompt_tokens": 10, "completion_tokens": 5, "prompt_cache_hit_tokens": 8}, has_output=True)
    assert usage is not None
    assert usage.cached_tokens == 8


@pytest.mark.parametrize(
    "lie",
    [
        None,
        5,
        [],
        {},
        {"prompt_tokens": None, "completion_tokens": 1},
        {"prompt_tokens": 0, "completion_tokens": 1},
        {"prompt_tokens": 5, "completion_tokens": 0},
        {"prompt_tokens": 5},
        {"prompt_tokens": -1, "completion_tokens": 1},
        {"prompt_tokens": 1, "completion_tokens": -1},
        {"prompt_tokens": "12", "completion_tokens": 1},
        {"prompt_tokens": 1.5, "completion_tokens": 1},
        {"prompt_tokens": True, "completion_tokens": 1},
        {"prompt_tokens": 10**12, "completion_tokens": 1},
        {"prompt_tokens": 1, "completion_tokens": 10**30},
        {"prompt_tokens": 1, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": -3}},
    ],
)
def test_lies(lie: Any) -> None:
    assert usage_of(lie, has_output=True) is None


NUMBER = st.one_of(st.integers(), st.none(), st.text(max_size=3), st.floats(), st.integers(0, 1000))
DETAILS = st.dictionaries(
    st.sampled_from(["cached_tokens", "cache_write_tokens", "audio_tokens", "reasoning_tokens"]), NUMBER, max_size=4
)
REPORTED = st.fixed_dictionaries(
    {},
    optional={
        "prompt_tokens": NUMBER,
        "completion_tokens": NUMBER,
        "total_tokens": NUMBER,
        "prompt_tokens_details": st.one_of(st.none(), DETAILS),
        "completion_tokens_details": st.one_of(st.none(), DETAILS),
    },
)


@given(REPORTED, st.booleans())
def test_usage_is_possible_or_none(reported: dict[str, Any], has_output: bool) -> None:
    usage = usage_of(reported, has_output=has_output)
    if usage is not None:
        assert usage.input_tokens > 0
        assert max(usage.cached_tokens, usage.cache_write_tokens, usage.audio_input_tokens) <= usage.input_tokens
        assert max(usage.reasoning_tokens, usage.audio_output_tokens) <= usage.output_tokens
        assert usage.output_tokens >= int(has_output)
