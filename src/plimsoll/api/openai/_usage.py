"""Tokens in OpenAI's words."""

from msgspec import Struct

from plimsoll.models import Usage


class PromptDetails(Struct):
    """Of the tokens that went in."""

    cached_tokens: int = 0
    cache_write_tokens: int = 0
    audio_tokens: int = 0


class CompletionDetails(Struct):
    """Of the tokens that came out."""

    reasoning_tokens: int = 0
    audio_tokens: int = 0
    accepted_prediction_tokens: int = 0
    rejected_prediction_tokens: int = 0


class UsageOut(Struct):
    """Tokens of one answer: those from a cache and those of reasoning are counted in, and told beside."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptDetails
    completion_tokens_details: CompletionDetails


def usage_of(usage: Usage) -> UsageOut:
    """The `usage` object of a chat completion."""
    return UsageOut(
        usage.input_tokens,
        usage.output_tokens,
        usage.input_tokens + usage.output_tokens,
        PromptDetails(usage.cached_tokens, usage.cache_write_tokens, usage.audio_input_tokens),
        CompletionDetails(usage.reasoning_tokens, usage.audio_output_tokens),
    )
