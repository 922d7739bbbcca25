"""Anthropic's events, as chunks in OpenAI's form."""

from typing import Any, Final

import msgspec

from .._sse import BodyTooLargeError, SseDecoder
from ..translated import Facts, NonsenseError
from ._wire import Block, Counts, Delta, Event, event_decoder, finish_of, matched_by, refused, thinking_block

_NO_EVENT: Final = "the server sent something that is not an event of Anthropic's form"


class EventReader:
    """One streamed answer. Pings and events that nobody knows yet are passed over."""

    def __init__(self, *, answer_tool: str, most_event_bytes: int) -> None:
        self._decoder = SseDecoder(max_event_bytes=most_event_bytes)
        self._answer_tool = answer_tool
        self._counts = Counts()
        self._blocks: dict[int, Block] = {}
        self._thoughts: list[str] = []
        self._signature: list[str] = []
        self._calls: dict[int, int] = {}
        self._answer_index = -1
        self._has_answer = False
        self._finish = ""
        self._model = ""
        self.is_done = False
        """Whether the server said that nothing comes any more."""

    @property
    def facts(self) -> Facts:
        """What is known so far."""
        return Facts(self._counts.usage(), self._finish, self._model, self._counts.service_tier)

    @property
    def is_whole(self) -> bool:
        """Whether all text is there."""
        return bool(self._finish)

    def feed(self, piece: bytes) -> list[dict[str, Any]]:
        """Chunks that became complete with these bytes. Raises RefusedError or NonsenseError."""
        try:
            events = self._decoder.feed(piece)
        except BodyTooLargeError:
            raise NonsenseError("the server sent more than fits into an answer") from None
        return [chunk for data in events if (chunk := self._take(data)) is not None]

    def close(self) -> list[dict[str, Any]]:
        """Chunks of an event that was not ended. Raises RefusedError or NonsenseError."""
        return [chunk for data in self._decoder.close() if (chunk := self._take(data)) is not None]

    def _take(self, data: bytes) -> dict[str, Any] | None:
        try:
            event = event_decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise NonsenseError(_NO_EVENT) from None
        if event.error is not None:
            raise refused(event.error)
        if event.type == "content_block_delta" and event.delta is not None:
            delta = self._add(event.index, event.delta)
            return _chunk(delta) if delta else None
        return self._step(event)

    def _step(self, event: Event) -> dict[str, Any] | None:
        if event.type == "content_block_start" and event.content_block is not None:
            delta = self._start(event.index, event.content_block)
            return _chunk(delta) if delta else None
        if event.type == "content_block_stop":
            return self._stop(event.index)
        if event.type == "message_delta":
            return self._end(event)
        if event.type == "message_start" and event.message is not None:
            self._model = event.message.model
            self._counts.take(event.message.usage)
            return _chunk({"role": "assistant", "content": ""})
        self.is_done = self.is_done or event.type == "message_stop"
        return None

    def _start(self, index: int, block: Block) -> dict[str, Any]:
        self._blocks[index] = block
        if block.type == "text":
            return {"content": block.text} if block.text else {}
        if block.type != "tool_use":
            return {}
        if self._answer_tool and block.name == self._answer_tool:
            self._answer_index = index
            return {}
        self._calls[index] = len(self._calls)
        call = {"index": self._calls[index], "id": block.id, "type": "function"}
        return {"tool_calls": [{**call, "function": {"name": block.name, "arguments": ""}}]}

    def _add(self, index: int, delta: Delta) -> dict[str, Any]:
        if delta.type == "text_delta":
            return {"content": delta.text}
        if delta.type == "input_json_delta":
            return self._add_json(index, delta.partial_json)
        if delta.type == "thinking_delta":
            self._thoughts.append(delta.thinking)
            return {"reasoning_content": delta.thinking}
        if delta.type == "signature_delta":
            self._signature.append(delta.signature)
        return {}

    def _add_json(self, index: int, text: str) -> dict[str, Any]:
        if not text:
            return {}
        if index == self._answer_index:
            self._has_answer = True
            return {"content": text}
        if index not in self._calls:
            return {}  # a tool that the server runs itself
        return {"tool_calls": [{"index": self._calls[index], "function": {"arguments": text}}]}

    def _stop(self, index: int) -> dict[str, Any] | None:
        if index == self._answer_index and not self._has_answer:
            return _chunk({"content": "{}"})
        block = self._blocks.pop(index, None)
        if block is None or block.type not in {"thinking", "redacted_thinking"}:
            return None
        block.thinking += "".join(self._thoughts)
        block.signature += "".join(self._signature)
        self._thoughts, self._signature = [], []
        return _chunk({"thinking_blocks": [thinking_block(block)]})

    def _end(self, event: Event) -> dict[str, Any] | None:
        self._counts.take(event.usage)
        delta = event.delta
        if delta is None or delta.stop_reason is None:
            return None
        reason = delta.stop_reason
        self._finish = finish_of(reason, is_answer=self._answer_index >= 0 and not self._calls)
        return _chunk({}, self._finish, **matched_by(reason, delta.stop_sequence))


def _chunk(delta: dict[str, Any], finish: str | None = None, **more: str) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish, **more}]}
