"""Whether the answer of a cheap model may be sent, or a better one is asked instead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from plimsoll.kernel.digest import canonical_json

from .._types import Body, ChatEnd, ChatRequest, Chunks, Completion
from ._types import Check

NO_ANSWER = "the documents do not say"
"""What the usual prompt tells a model to say when the passages do not answer."""

_REFUSAL_LENGTH = 400
"""Longer texts that begin like a refusal usually go on to answer."""
_REFUSALS = (
    "i can't help",
    "i cannot help",
    "i can't assist",
    "i cannot assist",
    "i can't answer",
    "i cannot answer",
    "i can't provide",
    "i cannot provide",
    "i can't comply",
    "i cannot comply",
    "i'm unable to",
    "i am unable to",
    "i'm not able to",
    "i am not able to",
    "i'm sorry, but",
    "i am sorry, but",
    "sorry, i can't",
    "sorry, but i can't",
    "as an ai",
    "as a language model",
    "as a large language model",
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a whole answer is, as far as checks look at it."""

    text: str
    refusal: bool
    """The model itself marks its answer as a refusal."""
    calls: bool
    """It calls tools, so it need not say anything."""
    end: ChatEnd

    @classmethod
    def of_whole(cls, completion: Completion) -> "Said":
        """Of an answer that came at once."""
        choices = completion.body["choices"]
        message = choices[0]["message"] if choices else {}
        return cls(completion.text, bool(message.get("refusal")), bool(message.get("tool_calls")), completion.end)

    @classmethod
    def of_pieces(cls, pieces: Sequence[Chunks], end: ChatEnd) -> "Said":
        """Of an answer that came as a stream."""
        deltas = [
            choice.get("delta") or {} for piece in pieces for chunk in piece.chunks for choice in chunk["choices"]
        ]
        return cls(
            "".join(piece.text for piece in pieces),
            any(delta.get("refusal") for delta in deltas),
            any(delta.get("tool_calls") for delta in deltas),
            end,
        )


def failed_check(request: ChatRequest, said: Said, checks: Sequence[Check]) -> Check | None:
    """The first check that an answer fails; None when it may be sent."""
    return next((check for check in checks if _FAILS[check](request, said)), None)


def _is_empty(_request: ChatRequest, said: Said) -> bool:
    return not said.calls and not said.refusal and not said.text.strip()


def _is_refused(_request: ChatRequest, said: Said) -> bool:
    if said.refusal or said.end.finish_reason == "content_filter":
        return True
    start = said.text.strip().lower().replace("\u2019", "'")
    return len(start) <= _REFUSAL_LENGTH and start.startswith(_REFUSALS)


def _is_not_answered(request: ChatRequest, said: Said) -> bool:
    if said.end.answered is not None:
        return not said.end.answered
    return bool(request.passages) and NO_ANSWER in said.text.lower()


def _is_wrong_json(request: ChatRequest, said: Said) -> bool:
    wanted = request.body.get("response_format")
    kind = wanted.get("type") if isinstance(wanted, Mapping) else None
    if said.calls or kind not in {"json_object", "json_schema"}:
        return False
    try:
        value = msgspec.json.decode(said.text)
    except (msgspec.DecodeError, RecursionError):
        return True
    if kind == "json_object":
        return not isinstance(value, dict)
    return not _fits(value, (wanted.get("json_schema") or {}).get("schema") if wanted else None)


def _fits(value: Any, schema: Body | None) -> bool:
    if not isinstance(schema, Mapping):
        return True
    import jsonschema_rs

    try:
        return bool(_validator(canonical_json(schema)).is_valid(value))
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError):
        # The schema itself is wrong: no model can be blamed for that, and the next one would not do better.
        return True


@lru_cache(maxsize=64)
def _validator(schema: bytes) -> Any:
    """The compiled schema. References to other documents are not followed: they would be fetched from the network."""
    import jsonschema_rs

    return jsonschema_rs.validator_for(msgspec.json.decode(schema), retriever=_refuse_to_fetch)


def _refuse_to_fetch(uri: str) -> Any:
    raise ValueError(uri)


_FAILS = {
    "json_invalid": _is_wrong_json,
    "empty": _is_empty,
    "refused": _is_refused,
    "not_answered": _is_not_answered,
}
