"""The parts of Google's generateContent that an answer is made of, and what its words mean in OpenAI's."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from ..._types import Usage
from ..translated import Kind, NonsenseError, Refusal, RefusedError, sort_refusal

_FINISH: Final = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
}
_BROKEN: Final = frozenset({"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MALFORMED_RESPONSE"})
_WORDS: Final[Mapping[str, Kind]] = {
    "exceeds the maximum number of tokens": "too_long",
    "input context is too long": "too_long",
    "api key not valid": "denied",
    "api key expired": "denied",
    "safety": "refused",
}
_NOT_AN_ANSWER: Final = "the server sent something that is not an answer of Google's form"

_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class _Modality(msgspec.Struct):
    modality: str = ""
    tokens: _Count = msgspec.field(default=0, name="tokenCount")


class _Usage(msgspec.Struct, rename="camel"):
    prompt_token_count: _Count | None = None
    cached_content_token_count: _Count = 0
    candidates_token_count: _Count = 0
    thoughts_token_count: _Count = 0
    tool_use_prompt_token_count: _Count = 0
    prompt_tokens_details: list[_Modality] = []
    candidates_tokens_details: list[_Modality] = []


class FunctionCall(msgspec.Struct):
    """A call of a tool."""

    name: str = ""
    id: str = ""
    args: Any = None


class Part(msgspec.Struct, rename="camel"):
    """A piece of an answer: text, thought, or a tool call."""

    text: str = ""
    thought: bool = False
    thought_signature: str = ""
    function_call: FunctionCall | None = None


class Content(msgspec.Struct):
    """What one candidate says."""

    parts: list[Part] = []


class Candidate(msgspec.Struct, rename="camel"):
    """One choice, or what a stream adds to it."""

    index: int = 0
    content: Content | None = None
    finish_reason: str | None = None
    logprobs_result: Any = None


class _Feedback(msgspec.Struct, rename="camel"):
    block_reason: str | None = None


class _Error(msgspec.Struct):
    code: int = 500
    message: str = ""
    status: str = ""
    details: list[Any] = []


class Answer(msgspec.Struct, rename="camel"):
    """A whole answer, or one event of a stream, or an error in its place."""

    candidates: list[Candidate] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: Any = None
    model_version: str = ""
    response_id: str = ""
    error: _Error | None = None

    @property
    def is_blocked(self) -> bool:
        """Whether Google refuses the prompt itself."""
        return self.prompt_feedback is not None and bool(self.prompt_feedback.block_reason)


_answer = msgspec.json.Decoder(Answer)
_answers = msgspec.json.Decoder(list[Answer])


def read(raw: bytes) -> Answer:
    """One answer or event. Raises RefusedError when it carries an error, NonsenseError when it is no answer."""
    try:
        answer = _answer.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise NonsenseError(_NOT_AN_ANSWER) from None
    if answer.error is not None:
        raise RefusedError(_refusal(answer.error, answer.error.code, None))
    return answer


def refusal_of(status: int, raw: bytes, retry_after_s: float | None) -> Refusal | None:
    """What an error object means; None when the body holds none. Some servers wrap it into a list."""
    for decode in (_answer.decode, lambda body: (_answers.decode(body) or [Answer()])[0]):
        try:
            error = decode(raw).error
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        if error is not None:
            return _refusal(error, status, retry_after_s)
    return None


def plain_refusal(status: int, said: str, retry_after_s: float | None) -> Refusal:
    """What a status means that comes without an error object."""
    return sort_refusal(status, said, words=_WORDS, retry_after_s=retry_after_s)


def _refusal(error: _Error, status: int, retry_after_s: float | None) -> Refusal:
    later = retry_after_s if retry_after_s is not None else _retry_delay_s(error.details)
    return plain_refusal(status, error.message or error.status, later)


def _retry_delay_s(details: list[Any]) -> float | None:
    """Seconds of google.rpc.RetryInfo, such as `"13.5s"`."""
    for detail in details:
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str) and delay.endswith("s"):
            try:
                return min(max(float(delay[:-1]), 0.0), 86_400.0)
            except ValueError:
                continue
    return None


def finish_of(reason: str, *, calls: bool) -> str:
    """OpenAI's word for the end of a candidate. Raises NonsenseError for a tool call that Google itself cannot read."""
    if reason in _BROKEN:
        raise NonsenseError("the model wrote a tool call that cannot be read")
    finish = _FINISH.get(reason, "stop")
    return "tool_calls" if calls and finish == "stop" else finish


def usage_of(value: Any) -> Usage | None:
    """Google counts thoughts beside the answer, and cached tokens within the prompt."""
    try:
        found = msgspec.convert(value, _Usage | None)
    except msgspec.ValidationError:
        return None
    if found is None or found.prompt_token_count is None:
        return None
    return Usage(
        input_tokens=found.prompt_token_count + found.tool_use_prompt_token_count,
        output_tokens=found.candidates_token_count + found.thoughts_token_count,
        cached_tokens=found.cached_content_token_count,
        reasoning_tokens=found.thoughts_token_count,
        audio_input_tokens=_audio(found.prompt_tokens_details),
        audio_output_tokens=_audio(found.candidates_tokens_details),
    )


def _audio(details: list[_Modality]) -> int:
    return sum(detail.tokens for detail in details if detail.modality == "AUDIO")
