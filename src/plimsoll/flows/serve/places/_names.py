"""Where names stand in requests and answers, and the words that the wire formats are made of."""

from typing import Final

NAMES: Final = frozenset(
    tuple(path.split("."))
    for path in (
        *("id", "type", "role", "object", "finish_reason", "native_finish_reason", "stop_reason", "service_tier"),
        *("tool_call_id", "tool_choice", "function_call", "reasoning_effort", "verbosity", "modalities", "provider"),
        *("signature", "encrypted_content", "item_id", "call_id", "status"),
        *("tool_calls.id", "tool_calls.type", "tool_calls.function.name", "tool_calls.custom.name"),
        *("tool_calls.thought_signature", "tool_calls.extra_content.google.thought_signature"),
        *("extra_content.google.thought_signature", "thought_signature"),
        *("function_call.name", "functions.name", "tools.type", "tools.name", "tools.function.name"),
        *("tools.custom.name", "tool_choice.type", "tool_choice.name", "tool_choice.function.name"),
        *("tool_choice.custom.name", "response_format.type", "response_format.json_schema.name", "prediction.type"),
        *("thinking.type", "reasoning.effort", "audio.id", "audio.voice", "audio.format"),
        *("content.id", "content.type", "content.tool_use_id", "content.image_url.detail", "content.file.file_id"),
        *("content.source.type", "content.source.media_type", "content.source.file_id", "content.input_audio.format"),
        *("content.signature", "content.cache_control.type", "content.cache_control.ttl"),
        *("thinking_blocks.type", "thinking_blocks.signature", "thinking_blocks.data"),
        *("reasoning_details.type", "reasoning_details.id", "reasoning_details.format", "reasoning_details.data"),
        *("reasoning_details.signature", "annotations.type", "images.type"),
    )
)
"""Places at which a name stands, or a sign that only its maker reads: changed, it would be of no use."""
TYPED: Final = frozenset({"type", "role", "object", "finish_reason", "detail", "effort", "format", "status"})
"""Keys under which a word of the formats stands."""
_FIELDS: Final = """
allowed_tools annotations arguments array assistant audio audio_url auto base64 boolean bytes cache_control calls
citations cited_text const content custom data default definition description detail developer document effort
encrypted_content end_index enum ephemeral extra_content file file_data file_id filename finish_reason format
function function_call functions grammar id image image_url images include index input input_audio input_schema
integer is_error items json_object json_schema length max_completion_tokens max_tokens media_type message messages
metadata mode model n name null number object options output parallel_tool_calls parameters pattern prediction
properties provider reasoning reasoning_content reasoning_details reasoning_effort redacted_thinking refusal
required response_format result results role schema search_result seed service_tier signature source start_index
stop stop_reason strict string summary summary_text syntax system temperature text thinking thinking_blocks title
tool tool_call tool_call_id tool_calls tool_choice tool_result tool_use tool_use_id tools top_k top_p transcript
type url url_citation usage user value verbosity video video_url voice
"""
_VALUES: Final = """
additionalProperties allOf any anyOf completed content_filter failed flex high in_progress incomplete low max medium
minimal none oneOf priority scale standard xhigh
"""
WORDS: Final = frozenset((_FIELDS + _VALUES).split())
"""Plain words of the formats: as a key, or as the value of a typed key, they say nothing."""
MEDIA: Final = frozenset(
    {
        *(("image_url", "url"), ("video_url", "url"), ("audio_url", "url"), ("source", "url")),
        *(("file", "file_data"), ("source", "data"), ("input_audio", "data"), ("audio", "data")),
    }
)
"""The two innermost keys of places at which an image, a file or sound may stand."""
MEDIA_KEYS: Final = frozenset(key for _, key in MEDIA)
MEDIA_IN: Final = frozenset({"content", "images", "audio"})
"""The outermost key of such places: other fields hold no media."""
