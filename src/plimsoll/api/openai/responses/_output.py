"""The items of an output, and how they come about event by event.

Each item is added, filled piece by piece and done, in the order that the API prescribes. Calls of tools may be filled
in turns, as chat completions allow; so they are all done at the end.
"""

from typing import Any, Final, Protocol

from ..._call_ids import signed_id
from ...wire import event, json_bytes
from ._thinking import seal_thinking

_DELTA: Final = "response.output_text.delta"


class EventLog:
    """Numbers events."""

    def __init__(self) -> None:
        self.number = 0

    def event(self, kind: str, **fields: Any) -> bytes:
        """One event with the next number."""
        number = self.number
        self.number += 1
        return event(kind, {"type": kind, "sequence_number": number, **fields})


class OpenItem(Protocol):
    """An item that is being filled."""

    def done(self, log: EventLog, status: str) -> list[bytes]:
        """The events that end it."""

    def value(self, status: str) -> dict[str, Any]:
        """The item as it is now."""


class OpenMessage:
    """Words of the model: text, or a refusal."""

    def __init__(self, trace_id: str, index: int) -> None:
        self._id = f"msg_{trace_id}_{index}"
        self._index = index
        self._parts: list[tuple[str, list[str], list[Any]]] = []
        self._before_delta = b""

    def added(self, log: EventLog) -> bytes:
        """The event that opens it."""
        return log.event("response.output_item.added", output_index=self._index, item=self.value("in_progress"))

    def say(self, log: EventLog, text: str, logprobs: list[Any]) -> bytes:
        """The events for more text."""
        opened = b"" if self._parts and self._parts[-1][0] == "output_text" else self._open(log, "output_text")
        _, texts, kept = self._parts[-1]
        texts.append(text)
        kept += logprobs
        number = log.number
        log.number += 1
        said = b'%b%b,"logprobs":%b,"sequence_number":%d}\n\n'
        return opened + said % (
            self._before_delta,
            json_bytes(text),
            json_bytes(logprobs) if logprobs else b"[]",
            number,
        )

    def refuse(self, log: EventLog, text: str) -> bytes:
        """The events for more of a refusal."""
        opened = b"" if self._parts and self._parts[-1][0] == "refusal" else self._open(log, "refusal")
        self._parts[-1][1].append(text)
        return opened + log.event("response.refusal.delta", **self._place, delta=text)

    def done(self, log: EventLog, status: str) -> list[bytes]:
        """The events that end it."""
        events = self._part_done(log)
        events.append(log.event("response.output_item.done", output_index=self._index, item=self.value(status)))
        return events

    def value(self, status: str) -> dict[str, Any]:
        """The item as it is now."""
        return message_item(self._id, [_part(*part) for part in self._parts], status)

    @property
    def _place(self) -> dict[str, Any]:
        return {"item_id": self._id, "output_index": self._index, "content_index": len(self._parts) - 1}

    def _open(self, log: EventLog, kind: str) -> bytes:
        events = self._part_done(log)
        self._parts.append((kind, [], []))
        head = json_bytes({"type": _DELTA, **self._place})
        self._before_delta = b'event: %b\ndata: %b,"delta":' % (_DELTA.encode(), head[:-1])
        events.append(log.event("response.content_part.added", **self._place, part=_part(*self._parts[-1])))
        return b"".join(events)

    def _part_done(self, log: EventLog) -> list[bytes]:
        if not self._parts:
            return []
        kind, texts, logprobs = self._parts[-1]
        text = "".join(texts)
        if kind == "refusal":
            said = log.event("response.refusal.done", **self._place, refusal=text)
        else:
            said = log.event("response.output_text.done", **self._place, text=text, logprobs=logprobs)
        return [said, log.event("response.content_part.done", **self._place, part=_part(kind, texts, logprobs))]


class OpenReasoning:
    """What the model thinks, as a summary of one part."""

    def __init__(self, trace_id: str, index: int, *, seals: bool) -> None:
        self._id = f"rs_{trace_id}_{index}"
        self._index = index
        self._seals = seals
        self._texts: list[str] = []
        self.blocks: list[Any] = []
        """Signed blocks, of providers that have them."""

    def added(self, log: EventLog) -> bytes:
        """The events that open it."""
        return log.event("response.output_item.added", output_index=self._index, item=self.value("in_progress"))

    def think(self, log: EventLog, text: str) -> bytes:
        """The events for more of it."""
        opened = b""
        if not self._texts:
            opened = log.event("response.reasoning_summary_part.added", **self._place, part=_summary(""))
        self._texts.append(text)
        return opened + log.event("response.reasoning_summary_text.delta", **self._place, delta=text)

    def done(self, log: EventLog, status: str) -> list[bytes]:
        """The events that end it."""
        text, events = "".join(self._texts), []
        if self._texts:
            events.append(log.event("response.reasoning_summary_text.done", **self._place, text=text))
            events.append(log.event("response.reasoning_summary_part.done", **self._place, part=_summary(text)))
        events.append(log.event("response.output_item.done", output_index=self._index, item=self.value(status)))
        return events

    def value(self, status: str) -> dict[str, Any]:
        """The item as it is now."""
        return reasoning_item(self._id, "".join(self._texts), self.blocks if self._seals else None, status)

    @property
    def _place(self) -> dict[str, Any]:
        return {"item_id": self._id, "output_index": self._index, "summary_index": 0}


class OpenCall:
    """A call of a function."""

    def __init__(self, trace_id: str, index: int, call: dict[str, Any]) -> None:
        self._id = f"fc_{trace_id}_{index}"
        self._index = index
        self._call_id = signed_id(call) or f"call_{trace_id}_{index}"
        self._name = (call.get("function") or {}).get("name") or ""
        self._arguments: list[str] = []

    def added(self, log: EventLog) -> bytes:
        """The event that opens it."""
        return log.event("response.output_item.added", output_index=self._index, item=self.value("in_progress"))

    def add(self, log: EventLog, arguments: str) -> bytes:
        """The event for more of the arguments."""
        self._arguments.append(arguments)
        return log.event("response.function_call_arguments.delta", **self._place, delta=arguments)

    def done(self, log: EventLog, status: str) -> list[bytes]:
        """The events that end it."""
        arguments = "".join(self._arguments)
        return [
            log.event("response.function_call_arguments.done", **self._place, name=self._name, arguments=arguments),
            log.event("response.output_item.done", output_index=self._index, item=self.value(status)),
        ]

    def value(self, status: str) -> dict[str, Any]:
        """The item as it is now."""
        arguments = "".join(self._arguments)
        return call_item(self._id, self._call_id, name=self._name, arguments=arguments, status=status)

    @property
    def _place(self) -> dict[str, Any]:
        return {"item_id": self._id, "output_index": self._index}


def message_item(item_id: str, parts: list[dict[str, Any]], status: str) -> dict[str, Any]:
    """The model's words."""
    return {"id": item_id, "type": "message", "role": "assistant", "status": status, "content": parts}


def text_part(text: str, logprobs: list[Any]) -> dict[str, Any]:
    """A part with text."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": logprobs}


def refusal_part(text: str) -> dict[str, Any]:
    """A part with a refusal."""
    return {"type": "refusal", "refusal": text}


def reasoning_item(item_id: str, text: str, blocks: Any, status: str) -> dict[str, Any]:
    """The model's thoughts; `blocks` are signed ones that the caller wants back."""
    summary = [_summary(text)] if text else []
    item = {"id": item_id, "type": "reasoning", "status": status, "summary": summary}
    sealed = seal_thinking(blocks)
    return {**item, "encrypted_content": sealed} if sealed else item


def call_item(item_id: str, call_id: str, *, name: str, arguments: str, status: str) -> dict[str, Any]:
    """A call of a function."""
    item = {"id": item_id, "type": "function_call", "status": status}
    return {**item, "call_id": call_id, "name": name, "arguments": arguments}


def logprobs_of(choice: Any) -> list[Any]:
    """The log probabilities of a choice as the Responses API has them."""
    found = choice.get("logprobs")
    return [{"bytes": [], "top_logprobs": [], **token} for token in found.get("content") or ()] if found else []


def _part(kind: str, texts: list[str], logprobs: list[Any]) -> dict[str, Any]:
    text = "".join(texts)
    return refusal_part(text) if kind == "refusal" else text_part(text, logprobs)


def _summary(text: str) -> dict[str, Any]:
    return {"type": "summary_text", "text": text}
