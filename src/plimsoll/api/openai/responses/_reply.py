"""The answer as a `response` object, whole or event by event."""

from typing import Any, Final

from plimsoll.flows.serve import Answer, AnswerDone, AnswerStarted
from plimsoll.models import Body, Chunks

from ..._call_ids import signed_id
from ..._problems import Problem
from ...wire import json_bytes
from ._object import Echo, ResponseObject
from ._output import (
    EventLog,
    OpenCall,
    OpenItem,
    OpenMessage,
    OpenReasoning,
    call_item,
    logprobs_of,
    message_item,
    reasoning_item,
    refusal_part,
    text_part,
)

_CUT: Final = frozenset({"length", "content_filter"})


class ResponsesReply:
    """Writes one answer. Of several choices only the first exists in this API."""

    def __init__(self, started: AnswerStarted, model: str, created: int, *, echo: Echo) -> None:
        self._trace_id = started.trace_id
        self._seals = echo.seals_thinking
        self._object = ResponseObject(started, model, created, echo)
        self._log = EventLog()
        self._items: list[OpenItem] = []
        self._finished: dict[int, dict[str, Any]] = {}
        self._message: OpenMessage | None = None
        self._reasoning: OpenReasoning | None = None
        self._calls: dict[int, OpenCall] = {}

    def whole(self, answer: Answer) -> bytes:
        """The `response` object."""
        choices = answer.body["choices"]
        output = self._output(choices[0], answer.done.finish_reason) if choices else ()
        return json_bytes(self._object.ended(answer.done, tuple(output)))

    def opening(self) -> bytes:
        """`response.created` and `response.in_progress`."""
        begun = self._object.begun()
        log = self._log
        return log.event("response.created", response=begun) + log.event("response.in_progress", response=begun)

    def pieces(self, chunks: Chunks) -> bytes:
        """The events for what arrived together."""
        events: list[bytes] = []
        for chunk in chunks.chunks:
            for choice in chunk["choices"]:
                if choice.get("index", 0) == 0:
                    self._take(choice, choice.get("delta") or {}, events)
        return b"".join(events)

    def closing(self, done: AnswerDone) -> bytes:
        """The events that end what is open, and `response.completed` or `response.incomplete`."""
        status = "incomplete" if done.finish_reason in _CUT else "completed"
        events = self._close_all(status)
        response = self._object.ended(done, self._values(status))
        events.append(self._log.event(f"response.{status}", response=response))
        return b"".join(events)

    def broken(self, problem: Problem) -> bytes:
        """`error`, which the official SDK raises, and `response.failed` with what had come."""
        said = {"type": problem.type, "code": problem.code, "message": problem.whole_message, "param": problem.param}
        flat = {name: said[name] for name in ("code", "message", "param")}
        response = self._object.failed(problem, self._values("incomplete"))
        return self._log.event("error", **flat, error=said) + self._log.event("response.failed", response=response)

    def _take(self, choice: Body, delta: Body, events: list[bytes]) -> None:
        text = delta.get("content")
        if text:
            events.append(self._words(events).say(self._log, text, logprobs_of(choice)))
        if len(delta) == 1 and text is not None:
            return
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        if thought:
            events.append(self._thoughts(events).think(self._log, thought))
        if delta.get("thinking_blocks") and self._seals:
            self._thoughts(events).blocks += delta["thinking_blocks"]
        if delta.get("refusal"):
            events.append(self._words(events).refuse(self._log, delta["refusal"]))
        for place, call in enumerate(delta.get("tool_calls") or ()):
            self._call(call, call.get("index", place), events)

    def _words(self, events: list[bytes]) -> OpenMessage:
        if self._message is None:
            self._end_thoughts(events)
            self._message = OpenMessage(self._trace_id, len(self._items))
            self._items.append(self._message)
            events.append(self._message.added(self._log))
        return self._message

    def _thoughts(self, events: list[bytes]) -> OpenReasoning:
        if self._reasoning is None:
            self._end_words(events)
            self._reasoning = OpenReasoning(self._trace_id, len(self._items), seals=self._seals)
            self._items.append(self._reasoning)
            events.append(self._reasoning.added(self._log))
        return self._reasoning

    def _call(self, call: dict[str, Any], index: int, events: list[bytes]) -> None:
        opened = self._calls.get(index)
        if opened is None:
            self._end_thoughts(events)
            self._end_words(events)
            opened = self._calls[index] = OpenCall(self._trace_id, len(self._items), call)
            self._items.append(opened)
            events.append(opened.added(self._log))
        arguments = (call.get("function") or {}).get("arguments")
        if arguments:
            events.append(opened.add(self._log, arguments))

    def _end_words(self, events: list[bytes]) -> None:
        if self._message is not None:
            events += self._end(self._message, "completed")
            self._message = None

    def _end_thoughts(self, events: list[bytes]) -> None:
        if self._reasoning is not None:
            events += self._end(self._reasoning, "completed")
            self._reasoning = None

    def _end(self, item: OpenItem, status: str) -> list[bytes]:
        self._finished[self._items.index(item)] = item.value(status)
        return item.done(self._log, status)

    def _close_all(self, status: str) -> list[bytes]:
        events: list[bytes] = []
        if not self._items:
            events.append(self._words(events).say(self._log, "", []))
        for index, item in enumerate(self._items):
            if index not in self._finished:
                events += self._end(item, status)
        return events

    def _values(self, status: str) -> tuple[dict[str, Any], ...]:
        return tuple(self._finished.get(index) or item.value(status) for index, item in enumerate(self._items))

    def _output(self, choice: Body, finish_reason: str) -> list[dict[str, Any]]:
        message = choice.get("message") or {}
        status = "incomplete" if finish_reason in _CUT else "completed"
        trace_id, output = self._trace_id, []
        thought = message.get("reasoning_content") or message.get("reasoning") or ""
        blocks = message.get("thinking_blocks") if self._seals else None
        if thought or blocks:
            output.append(reasoning_item(f"rs_{trace_id}_0", thought, blocks, "completed"))
        parts = [text_part(message["content"], logprobs_of(choice))] if message.get("content") else []
        if message.get("refusal"):
            parts.append(refusal_part(message["refusal"]))
        calls = message.get("tool_calls") or ()
        if parts or not (calls or output):
            parts = parts or [text_part("", [])]
            output.append(message_item(f"msg_{trace_id}_{len(output)}", parts, status))
        for call in calls:
            index, function = len(output), call.get("function") or {}
            call_id = signed_id(call) or f"call_{trace_id}_{index}"
            name, arguments = function.get("name") or "", function.get("arguments") or ""
            output.append(call_item(f"fc_{trace_id}_{index}", call_id, name=name, arguments=arguments, status=status))
        return output
