"""The blocks of a streamed message: one is open at a time, in this API."""

from typing import Any, Final

from .._call_ids import signed_id
from ..wire import event, json_bytes

_DELTA: Final = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":'
_KINDS: Final = {
    "text": ('{"type":"text_delta","text":', {"type": "text", "text": ""}),
    "thinking": ('{"type":"thinking_delta","thinking":', {"type": "thinking", "thinking": "", "signature": ""}),
    "tool_use": ('{"type":"input_json_delta","partial_json":', {}),
}


class Blocks:
    """Opens and closes blocks as pieces come.

    The first call of a tool is written as it comes. Chat completions may fill several calls in turns, which this API
    cannot say; so whatever comes after the first call began waits until all is there, and follows in its order.
    """

    def __init__(self) -> None:
        self._next = 0
        self._open = ""
        self._head = b""
        self._calls: dict[int, dict[str, Any]] = {}
        self._live: int | None = None
        self._waiting: list[tuple[str, Any]] = []

    def add(self, kind: str, text: str) -> bytes:
        """More text or more thoughts."""
        if self._live is not None:
            if self._waiting and self._waiting[-1][0] == kind:
                self._waiting[-1][1].append(text)
            else:
                self._waiting.append((kind, [text]))
            return b""
        return self._said(kind, text)

    def sign(self, block: dict[str, Any]) -> bytes:
        """A whole block of thoughts with its signature, whose text was told before; or one that nobody can read."""
        if self._live is not None:
            if self._waiting and self._waiting[-1][0] == "thinking":
                self._waiting.pop()
            self._waiting.append(("signed", block))
            return b""
        if block.get("type") == "redacted_thinking":
            return self.close() + self._started(block) + self.close()
        opened = b""
        if self._open != "thinking":
            opened = self._said("thinking", block.get("thinking") or "")
        delta = {"type": "signature_delta", "signature": block.get("signature") or ""}
        said = {"type": "content_block_delta", "index": self._next - 1, "delta": delta}
        return opened + event("content_block_delta", said) + self.close()

    def call(self, index: int, call: dict[str, Any]) -> bytes:
        """More of a call."""
        function = call.get("function") or {}
        arguments = function.get("arguments") or ""
        known = self._calls.get(index)
        if known is None:
            block = {"type": "tool_use", "id": signed_id(call) or f"toolu_{index}", "name": function.get("name") or ""}
            known = self._calls[index] = {"block": {**block, "input": {}}, "arguments": []}
            if self._live is not None:
                self._waiting.append(("tool_use", known))
            else:
                self._live = index
                return self.close() + self._started(known["block"]) + (self._more(arguments) if arguments else b"")
        if index == self._live:
            return self._more(arguments) if arguments else b""
        known["arguments"].append(arguments)
        return b""

    def end(self) -> bytes:
        """What waited, and the end of the last block. A message without any block gets an empty text."""
        events = [self.close()]
        self._live = None
        for kind, held in self._waiting:
            if kind == "tool_use":
                arguments = "".join(held["arguments"])
                events += (self._started(held["block"]), self._more(arguments) if arguments else b"")
            elif kind == "signed":
                events.append(self.sign(held))
            else:
                events.append(self._said(kind, "".join(held)))
            events.append(self.close())
        if self._next == 0:
            events += (self._started({"type": "text", "text": ""}), self.close())
        return b"".join(events)

    def close(self) -> bytes:
        """The end of the open block, if there is one."""
        if not self._open:
            return b""
        self._open = ""
        return event("content_block_stop", {"type": "content_block_stop", "index": self._next - 1})

    def _said(self, kind: str, text: str) -> bytes:
        opened = b"" if self._open == kind else self.close() + self._started(_KINDS[kind][1])
        return opened + self._more(text)

    def _started(self, block: dict[str, Any]) -> bytes:
        kind = block["type"]
        index = self._next
        self._next += 1
        self._open = kind
        self._head = _DELTA % index + _KINDS[kind][0].encode() if kind in _KINDS else b""
        return event("content_block_start", {"type": "content_block_start", "index": index, "content_block": block})

    def _more(self, text: str) -> bytes:
        return b"%b%b}}\n\n" % (self._head, json_bytes(text))
