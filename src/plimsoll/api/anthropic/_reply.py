"""The answer as a `message`, whole or event by event."""

from typing import Any

from plimsoll.flows.serve import Answer, AnswerDone, AnswerStarted
from plimsoll.models import Body, Chunks, Usage

from .._problems import Problem
from ..wire import event, facts, json_bytes
from ._count import tokens_by_length
from ._message import blocks_of, ending, usage_of
from ._stream import Blocks


class MessagesReply:
    """Writes one answer. Of several choices only the first exists in this API."""

    def __init__(
        self, started: AnswerStarted, model: str, *, asked: Body | None = None, stops: tuple[str, ...] = ()
    ) -> None:
        self._started = started
        self._asked = asked
        self._stops = stops
        self._head = {"id": f"msg_{started.trace_id}", "type": "message", "role": "assistant", "model": model}
        self._blocks = Blocks()
        self._last: Body = {}

    def whole(self, answer: Answer) -> bytes:
        """The `message` object."""
        choices = answer.body["choices"]
        choice: Body = choices[0] if choices else {}
        return json_bytes(
            {
                **self._head,
                "content": blocks_of(choice.get("message") or {}),
                **ending(answer.done, choice, self._stops),
                "usage": usage_of(answer.done.usage),
                "plimsoll": facts(answer.started, answer.done),
            }
        )

    def opening(self) -> bytes:
        """`message_start`, which can only say about how many tokens came in, and a ping.

        The model tells its usage at the end; then `message_delta` has it, and clients replace what was said here.
        """
        tokens = 0 if self._asked is None else tokens_by_length(self._asked, self._started.passages)
        usage = usage_of(Usage(tokens, 0))
        message: dict[str, Any] = {
            **self._head,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage,
        }
        return event("message_start", {"type": "message_start", "message": message}) + event("ping", {"type": "ping"})

    def pieces(self, chunks: Chunks) -> bytes:
        """The events for what arrived together."""
        events: list[bytes] = []
        for chunk in chunks.chunks:
            for choice in chunk["choices"]:
                if choice.get("index", 0) == 0:
                    if choice.get("finish_reason") is not None:
                        self._last = choice
                    self._take(choice.get("delta") or {}, events)
        return b"".join(events)

    def closing(self, done: AnswerDone) -> bytes:
        """The ends of the blocks, `message_delta` with the usage and Plimsoll's facts, and `message_stop`."""
        last: dict[str, Any] = {
            "type": "message_delta",
            "delta": ending(done, self._last, self._stops),
            "usage": usage_of(done.usage),
            "plimsoll": facts(self._started, done),
        }
        return self._blocks.end() + event("message_delta", last) + event("message_stop", {"type": "message_stop"})

    def broken(self, problem: Problem) -> bytes:
        """The event `error`, which the official SDK raises."""
        return b"event: error\ndata: %b\n\n" % problem.to_anthropic()

    def _take(self, delta: Body, events: list[bytes]) -> None:
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        if thought:
            events.append(self._blocks.add("thinking", thought))
        events += (self._blocks.sign(block) for block in delta.get("thinking_blocks") or ())
        text = delta.get("content") or delta.get("refusal")
        if text:
            events.append(self._blocks.add("text", text))
        for place, call in enumerate(delta.get("tool_calls") or ()):
            events.append(self._blocks.call(call.get("index", place), call))
