"""Which calls are the same, and which are the same but for their last question."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.json import Encoder

from .._types import Body
from ._types import Scope

_FORMAT = 1
"""Part of every key: a new way to make keys begins a new cache."""

_NO_MATTER = frozenset(
    {"user", "safety_identifier", "metadata", "stream", "stream_options", "store", "service_tier", "prompt_cache_key"}
)
"""Fields of a call that change who is told of it, how it is sent or what it costs, and not its answer."""
_ONLY_WITH_WORDS = ("tools", "functions", "modalities", "audio", "web_search_options", "prediction")
"""With one of these an answer depends on more than the meaning of the question."""
_encode = Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True)
class Keys:
    """Under what an answer is kept."""

    key: str
    partition: str
    question: str
    asked: str
    user_id: str


def keys_of(scope: Scope, body: Body, vectors: str = "") -> Keys | None:
    """The keys of a call: BLAKE2b over the JSON of scope and call with sorted names.

    `vectors` is the fingerprint of what makes vectors of questions: those of another one are not comparable.
    None for a call that cannot be written down (half of a surrogate pair in its text).
    """
    call = {name: value for name, value in body.items() if name not in _NO_MATTER}
    place = [_FORMAT, scope.tenant, scope.release, scope.route, scope.index]
    try:
        asked = _encode(call)
        head = _encode(place)
        question = _question(call)
        rest = None if question is None else _encode({**call, "messages": [*call["messages"][:-1], None]})
    except (UnicodeEncodeError, TypeError):
        return None
    return Keys(
        key=_digest(head, asked),
        partition="" if rest is None else _digest(_encode([*place, vectors]), rest),
        question=_storable(question or ""),
        asked=asked.decode(),
        user_id=_user(body),
    )


def _question(call: Mapping[str, Any]) -> str | None:
    """The last message, where it is the user's and text alone, and where its meaning is all that counts."""
    messages = call.get("messages")
    if not isinstance(messages, list | tuple) or not messages or any(call.get(name) for name in _ONLY_WITH_WORDS):
        return None
    last = messages[-1]
    if last.get("role") != "user" or set(last) - {"role", "content"}:
        return None
    content = last.get("content")
    if isinstance(content, list | tuple) and len(content) == 1 and set(content[0]) == {"type", "text"}:
        content = content[0]["text"]
    return content if isinstance(content, str) and content.strip() else None


def _user(body: Body) -> str:
    user = body.get("safety_identifier") or body.get("user") or ""
    return _storable(user) if isinstance(user, str) else ""


def _storable(text: str) -> str:
    """PostgreSQL keeps no zero characters."""
    return text.replace("\0", "\ufffd")


def _digest(head: bytes, rest: bytes) -> str:
    # The head is JSON, so that no text of a caller can move the border between the two.
    return hashlib.blake2b(head + b"\n" + rest, digest_size=32).hexdigest()
