"""The events of ConverseStream, as chunks in OpenAI's form."""

from typing import Any

import msgspec

from ..translated import Facts, NonsenseError, RefusedError
from ._frames import Frame, FrameDecoder, FrameError
from ._wire import Block, Event, Reasoning, event_decoder, finish_of, matched_by, refusal_of, thinking_block, usage_of


class EventReader:
    """One streamed answer. Events that nobody knows yet are passed over; a damaged frame ends it."""

    def __init__(self, *, model: str, answer_tool: str, most_event_bytes: int) -> None:
        self._frames = FrameDecoder(most_bytes=most_event_bytes)
        self._model = model
        self._answer_tool = answer_tool
        self._calls: dict[int, int] = {}
        self._answer_index = -1
        self._has_answer = False
        self._thought: list[str] | None = None
        self._signature: list[str] = []
        self._redacted: list[str] = []
        self._usage: Any = None
        self._finish = ""
        self.is_done = False
        """Whether the server said that nothing comes any more."""

    @property
    def facts(self) -> Facts:
        """What is known so far."""
        return Facts(usage_of(self._usage), self._finish, self._model)

    @property
    def is_whole(self) -> bool:
        """Whether all text is there."""
        return bool(self._finish)

    def feed(self, piece: bytes) -> list[dict[str, Any]]:
        """Chunks that became complete with these bytes. Raises RefusedError or NonsenseError."""
        try:
            frames = self._frames.feed(piece)
        except FrameError as error:
            raise NonsenseError(str(error)) from None
        return [chunk for frame in frames if (chunk := self._take(frame)) is not None]

    def close(self) -> list[dict[str, Any]]:
        """Nothing: a frame that was not ended has no CRC that could be right."""
        return []

    def _take(self, frame: Frame) -> dict[str, Any] | None:
        kind = frame.headers.get(":message-type", "event")
        if kind == "error":
            said = frame.headers.get(":error-message", "")
            raise RefusedError(refusal_of(500, frame.headers.get(":error-code", ""), said))
        try:
            event = event_decoder.decode(frame.payload or b"{}")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise NonsenseError("the server sent an event that is not of Converse's form") from None
        if kind == "exception":
            raise RefusedError(refusal_of(500, frame.headers.get(":exception-type", ""), event.message))
        return self._step(frame.headers.get(":event-type", ""), event)

    def _step(self, name: str, event: Event) -> dict[str, Any] | None:
        delta: dict[str, Any] = {}
        if name == "contentBlockDelta" and event.delta is not None:
            delta = self._add(event.content_block_index, event.delta)
        elif name == "contentBlockStart" and event.start is not None:
            delta = self._start(event.content_block_index, event.start)
        elif name == "contentBlockStop":
            delta = self._stop(event.content_block_index)
        elif name == "messageStart":
            delta = {"role": "assistant", "content": ""}
        elif name == "messageStop":
            is_answer = self._answer_index >= 0 and not self._calls
            self._finish = finish_of(event.stop_reason, is_answer=is_answer)
            return _chunk({}, self._finish, **matched_by(event.stop_reason, event.additional_model_response_fields))
        elif name == "metadata":
            self._usage = event.usage
            self.is_done = self.is_whole
        return _chunk(delta) if delta else None

    def _start(self, index: int, block: Block) -> dict[str, Any]:
        use = block.tool_use
        if use is None:
            return {}
        if self._answer_tool and use.name == self._answer_tool:
            self._answer_index = index
            return {}
        self._calls[index] = len(self._calls)
        call = {"index": self._calls[index], "id": use.tool_use_id, "type": "function"}
        return {"tool_calls": [{**call, "function": {"name": use.name, "arguments": ""}}]}

    def _add(self, index: int, delta: Block) -> dict[str, Any]:
        if delta.text:
            return {"content": delta.text}
        if delta.reasoning_content is not None:
            return self._think(delta.reasoning_content)
        text = delta.tool_use.input if delta.tool_use is not None else None
        if not isinstance(text, str) or not text:
            return {}
        if index == self._answer_index:
            self._has_answer = True
            return {"content": text}
        if index not in self._calls:
            return {}
        return {"tool_calls": [{"index": self._calls[index], "function": {"arguments": text}}]}

    def _think(self, thought: Reasoning) -> dict[str, Any]:
        self._thought = self._thought or []
        self._thought.append(thought.text)
        self._signature.append(thought.signature)
        self._redacted.append(thought.redacted_content)
        return {"reasoning_content": thought.text} if thought.text else {}

    def _stop(self, index: int) -> dict[str, Any]:
        if index == self._answer_index and not self._has_answer:
            return {"content": "{}"}
        if self._thought is None:
            return {}
        block = thinking_block(
            text="".join(self._thought), signature="".join(self._signature), redacted="".join(self._redacted)
        )
        self._thought, self._signature, self._redacted = None, [], []
        return {"thinking_blocks": [block]}


def _chunk(delta: dict[str, Any], finish: str | None = None, **more: str) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish, **more}]}
