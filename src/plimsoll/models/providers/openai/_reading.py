"""An answer as far as it has come: bytes of a stream in, chunks out, and what is known about the whole."""

from typing import Any, Final

import msgspec

from .._sse import BodyDecoder, BodyTooLargeError
from ._calls import CallNumbers
from ._halves import Halves

_DONE: Final = b"[DONE]"
_NONSENSE: Final = "the server sent something that is not a chat completion"
_NO_CHOICE: Final = "the server sent an answer without any choice"
_FAILED: Final = "error"
"""How a choice ends whose model failed."""
_FINISHES: Final = {
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "max_tokens": "length",
    "model_length": "length",
    "tool_use": "tool_calls",
}
"""Words of other servers for the ends that OpenAI knows."""

_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


class NonsenseError(Exception):
    """What came is no answer. It never leaves this room; `args[0]` says what is wrong."""


class ErrorEventError(Exception):
    """What came is an error object, in `error`. It never leaves this room."""

    def __init__(self, error: Any) -> None:
        super().__init__("error")
        self.error = error


class Reading:
    """Reads one answer, streamed or whole. Chunks are handed on as the server sent them, without usage."""

    def __init__(self, *, event_bytes: int = 1_048_576, body_bytes: int = 8_388_608) -> None:
        self._limits = event_bytes, body_bytes
        self._decoder: BodyDecoder | None = None
        """Made when the first bytes of a stream come: a whole answer needs none."""
        self._seen: set[int] = set()
        self._finishes: dict[int, str] = {}
        self._calls: dict[int, CallNumbers] = {}
        self._halves: Halves | None = None
        self.texts: list[str] = []
        """Everything that the model wrote: text, reasoning, arguments of tool calls."""
        self.usage: Any = None
        """As it was reported last."""
        self.model = ""
        self.service_tier = ""
        self.is_done = False
        """Whether the server said that nothing comes any more."""

    @property
    def is_whole(self) -> bool:
        """Whether every choice has ended; usage may still come."""
        return self.is_done or (bool(self._finishes) and self._seen == self._finishes.keys())

    @property
    def finish_reason(self) -> str:
        """Of the first choice."""
        reason = self._finishes.get(0, "") or next(iter(self._finishes.values()), "")
        return reason or ("tool_calls" if self._calls else "stop")

    def feed(self, piece: bytes) -> list[dict[str, Any]]:
        """Chunks that end in this piece. Raises NonsenseError and ErrorEventError."""
        try:
            events = (self._decoder or self._begun()).feed(piece)
        except BodyTooLargeError:
            raise NonsenseError("the server sent more than fits into an answer") from None
        return self._chunks(events)

    def close(self) -> list[dict[str, Any]]:
        """Chunks that were not ended when the bytes did. Raises NonsenseError and ErrorEventError."""
        return self._chunks((self._decoder or self._begun()).close())

    def whole(self, raw: bytes) -> dict[str, Any]:
        """A whole answer, as the server sent it, but for its ends, which are told in OpenAI's words.

        Raises NonsenseError and ErrorEventError.
        """
        body = self._object(raw)
        if body.get("error") is not None:
            raise ErrorEventError(body["error"])
        choices = body.get("choices")
        if not isinstance(choices, list):
            self._no_choices(body)
            raise NonsenseError(_NONSENSE)
        if not choices:
            raise NonsenseError(_NO_CHOICE)
        for choice in choices:
            if not isinstance(choice, dict) or not isinstance(choice.get("message"), dict):
                raise NonsenseError(_NONSENSE)
            if not choice.get("finish_reason"):
                choice["finish_reason"] = "tool_calls" if choice["message"].get("tool_calls") else "stop"
            self._take_choice(choice, choice["message"])
        self._take_facts(body)
        self.usage = body.get("usage")
        return body

    def _begun(self) -> BodyDecoder:
        event_bytes, body_bytes = self._limits
        decoder = self._decoder = BodyDecoder(max_event_bytes=event_bytes, max_body_bytes=body_bytes)
        return decoder

    def _chunks(self, events: list[bytes]) -> list[dict[str, Any]]:
        chunks: list[dict[str, Any]] = []
        for data in events:
            if data == _DONE:
                if not self._seen:
                    raise NonsenseError(_NO_CHOICE)
                self.is_done = True
                break
            chunk = self._object(data)
            if self._take(chunk):
                chunks.append(chunk)
        return chunks

    def _take(self, chunk: dict[str, Any]) -> bool:
        """Note what a chunk says; whether it says anything to the caller."""
        if chunk.get("error"):
            self._fail(chunk["error"], chunk.get("choices"))
            return False
        choices = chunk.get("choices")
        if choices.__class__ is not list:
            choices = chunk["choices"] = self._no_choices(chunk)
        for choice in choices:
            if choice.__class__ is not dict:
                raise NonsenseError(_NONSENSE)
            self._take_choice(choice, choice.get("delta"))
        if not self.model:
            self._take_facts(chunk)
        usage = chunk.pop("usage", None)
        if usage is None:
            return True
        self.usage = usage
        # Which treatment the call got in the end is said with what it used.
        tier = chunk.get("service_tier")
        if isinstance(tier, str):
            self.service_tier = tier
        return bool(choices)

    def _take_choice(self, choice: dict[str, Any], said: Any) -> None:
        index = choice.get("index", 0)
        if index.__class__ is not int:
            raise NonsenseError(_NONSENSE)
        if said.__class__ is not dict:
            said = _as_delta(choice)
        if said:
            self._take_words(said, index)
        self._seen.add(index)
        if choice.get("error"):
            self._fail(choice["error"], [choice])
        reason = choice.get("finish_reason")
        if reason:
            self._take_end(choice, index, str(reason))

    def _take_end(self, choice: dict[str, Any], index: int, reason: str) -> None:
        if reason == _FAILED:
            self._fail({"message": "the model failed"}, [choice])
            choice["finish_reason"] = self._finishes[index]
            return
        known = _FINISHES.get(reason, reason)
        if known is not choice["finish_reason"]:
            choice["finish_reason"] = known
        self._finishes[index] = known

    def _take_words(self, said: dict[str, Any], index: int) -> None:
        content = said.get("content")
        if content.__class__ is not str:
            self._take_rest(said, index)
            return
        if content:
            self.texts.append(content)
        if len(said) > 1:
            self._take_rest(said, index)

    def _take_rest(self, said: dict[str, Any], index: int) -> None:
        content = said.get("content")
        if content.__class__ is list:
            content = _flatten(said)
            self.texts.append(content)
        elif content is not None and content.__class__ is not str:
            raise NonsenseError(_NONSENSE)
        reasoning = said.get("reasoning")
        if isinstance(reasoning, str) and "reasoning_content" not in said:
            said["reasoning_content"] = reasoning
        reasoning = said.get("reasoning_content")
        if isinstance(reasoning, str):
            self.texts.append(reasoning)
        if said.get("tool_calls"):
            self._take_calls(said["tool_calls"], index)

    def _take_calls(self, calls: Any, index: int) -> None:
        if calls.__class__ is not list or not all(map(_is_call, calls)):
            raise NonsenseError(_NONSENSE)
        numbers = self._calls.get(index) or self._calls.setdefault(index, CallNumbers())
        if self._decoder is not None:
            numbers.give(calls)
        self.texts.append(msgspec.json.encode(calls).decode())

    def _take_facts(self, body: dict[str, Any]) -> None:
        model, tier = body.get("model"), body.get("service_tier")
        self.model = model if isinstance(model, str) else ""
        self.service_tier = tier if isinstance(tier, str) else ""

    def _no_choices(self, chunk: dict[str, Any]) -> list[Any]:
        if chunk.get("choices") is not None:
            raise NonsenseError(_NONSENSE)
        error = _flat_error(chunk)
        if error is not None:
            self._fail(error, ())
        return []

    def _fail(self, error: Any, choices: Any) -> None:
        """The server says that it failed. After the last word that is no harm, and the answer is over.

        Raises ErrorEventError.
        """
        listed = choices if isinstance(choices, list | tuple) else ()
        concerned = [choice.get("index", 0) for choice in listed if choice.__class__ is dict]
        if not self.is_whole or any(index.__class__ is not int or index not in self._finishes for index in concerned):
            raise ErrorEventError(error)
        self.is_done = True

    def _object(self, data: bytes) -> dict[str, Any]:
        try:
            return _decode(data)
        except msgspec.MsgspecError:
            pass
        except RecursionError:
            raise NonsenseError(_NONSENSE) from None
        except UnicodeDecodeError:
            # Half a character at the end of an event: the server cut between two tokens.
            return self._object(data.decode("utf-8", "replace").encode())
        self._halves = self._halves or Halves()
        mended = self._halves.mended(data)
        if mended == data:
            raise NonsenseError(_NONSENSE)
        return self._object(mended)


def _flat_error(chunk: dict[str, Any]) -> Any:
    """What stands where choices should, and is an error: in words of its own, or of the server's framework."""
    if chunk.get("message") or chunk.get("code") or chunk.get("object") == "error":
        return chunk
    return chunk.get("detail") or None


def _is_call(value: Any) -> bool:
    if value.__class__ is not dict:
        return False
    return all(value.get(name) is None or value[name].__class__ is dict for name in ("function", "custom"))


def _as_delta(choice: dict[str, Any]) -> dict[str, Any]:
    """What a choice adds, where it has no delta: a whole message, from a server that does not stream, or nothing."""
    message = choice.pop("message", None)
    delta = message if isinstance(message, dict) else {}
    calls = delta.get("tool_calls")
    if isinstance(calls, list):
        delta["tool_calls"] = [{"index": number, **call} for number, call in enumerate(calls) if isinstance(call, dict)]
    choice["delta"] = delta
    return delta


def _flatten(said: dict[str, Any]) -> str:
    """Content in parts, as Mistral's reasoning models send it, becomes text; thoughts go where others put them."""
    texts: dict[str, list[str]] = {"text": [], "thinking": []}
    for part in said["content"]:
        if not isinstance(part, dict):
            raise NonsenseError(_NONSENSE)
        kind = part.get("type")
        inner = part.get(kind) if kind in texts else None
        for text in inner if isinstance(inner, list) else [part]:
            value = text.get("text") if isinstance(text, dict) else None
            if kind in texts and isinstance(value, str):
                texts[kind].append(value)
    said["content"] = "".join(texts["text"])
    if texts["thinking"]:
        said["reasoning_content"] = "".join(texts["thinking"])
    return str(said["content"])
