"""One request played out: what is sent when, and what is billed for it."""

import asyncio
import socket
import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Protocol

from plimsoll.testing.models import Received, ScriptedRefusal, Wire, Wired

from ._behaviour import Behaviour
from ._bill import Bill
from ._render import answer_of, events_of, whole_of

_BEFORE: Mapping[str, int] = {"anthropic": 4}
"""Events that come before something happens in the middle; 3 where nothing else is said. Some of them have text."""
_GIANT_BYTES = 12_000_000
_HUGE_BYTES = 67_108_864
_AT_ONCE = {"", "no_usage", "lying_usage", "absurd_usage", "filtered", "calls"}
_RST = struct.pack("ii", 1, 0)
_END = b"0\r\n\r\n"
_REFUSALS = {
    "unknown_model": "unknown_model",
    "too_long": "too_long",
    "refused": "refused",
    "denied": "denied",
}
_OF_STATUS = {400: "rejected", 401: "denied", 403: "denied", 404: "unknown_model", 429: "busy", 500: "down"}


class Line(Protocol):
    """Where bytes go."""

    def send(self, data: bytes) -> None: ...

    def cut(self, *, reset: bool) -> None: ...

    async def let_go(self) -> None: ...


def input_tokens(asked: bytes) -> int:
    """As many as a real server would find, more or less: four bytes each."""
    return len(asked) // 4 + 1


def refusal_of(told: Behaviour) -> ScriptedRefusal | None:
    """What it says instead of an answer."""
    if told.fault in _REFUSALS:
        return ScriptedRefusal(_REFUSALS[told.fault])  # type: ignore[arg-type] # its keys are kinds
    if told.status == 200:
        return None
    headers: list[tuple[str, str]] = []
    if told.retry_after:
        headers.append(("retry-after", told.retry_after))
    if told.retry_after_ms:
        headers.append(("retry-after-ms", told.retry_after_ms))
    if told.retry_date:
        then = datetime.now(UTC) + timedelta(seconds=told.retry_date)
        headers.append(("retry-after", format_datetime(then, usegmt=True)))
    kind = _OF_STATUS.get(told.status, "overloaded")
    return ScriptedRefusal(kind, "as it was scripted", tuple(headers))  # type: ignore[arg-type] # a kind, too


def head(wired: Wired, length: int | None) -> bytes:
    """A status line and headers; without a length the body is chunked."""
    framing = "transfer-encoding: chunked" if length is None else f"content-length: {length}"
    lines = [f"HTTP/1.1 {wired.status} Scripted", *(f"{name}: {value}" for name, value in wired.headers), framing]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Play:
    """One request on one connection. `at_once` serves the plain case without a task."""

    def __init__(self, wire: Wire, asked: Received, told: Behaviour, *, bill: Bill, size: int) -> None:
        self._wire = wire
        self._asked = asked
        self._told = told
        self._bill = bill
        self._read = size
        self._answer = answer_of(told, size)
        self._before = _BEFORE.get(wire.name, 3)
        self._streams = wire.shape(asked) == "stream"

    def at_once(self) -> bytes | None:
        """The whole answer, where nothing is to be waited for."""
        told = self._told
        if told.latency or told.rate or told.fault not in _AT_ONCE:
            return None
        refusal = refusal_of(told)
        if refusal is not None:
            return self._refused(refusal)
        self._spend(self._read, told.tokens + told.hidden, "answered")
        if not self._streams:
            wired = whole_of(self._wire, self._answer)
            return head(wired, len(wired.body)) + wired.body
        events = events_of(self._wire, self._answer, self._asked)
        return self._opening() + b"".join(map(chunk, events)) + _END

    async def run(self, line: Line) -> None:
        """Everything else, step by step."""
        told = self._told
        await asyncio.sleep(told.latency)
        if told.fault == "hang_before":
            await asyncio.Event().wait()
        refusal = refusal_of(told)
        if refusal is not None:
            line.send(self._refused(refusal))
        elif told.fault == "reset_before":
            self._break(line, reset=True)
        elif self._streams:
            await self._stream(line)
        else:
            await self._whole(line)

    def leave(self) -> None:
        """The client went away, or the server stops."""
        self._bill.of(self._told.model).broken += 1

    def _spend(self, read: int, written: int, how: str = "") -> None:
        self._bill.charge(self._told.model, input_tokens=read, output_tokens=written)
        spent = self._bill.of(self._told.model)
        spent.answered += how == "answered"
        spent.refused += how == "refused"
        spent.broken += how == "broken"

    def _refused(self, refusal: ScriptedRefusal) -> bytes:
        self._spend(0, 0, "refused")
        wired = self._wire.refusal(refusal)
        return head(wired, len(wired.body)) + wired.body

    def _break(self, line: Line, *, reset: bool) -> None:
        self._spend(0, 0, "broken")
        line.cut(reset=reset)

    def _opening(self) -> bytes:
        return head(Wired(200, self._wire.stream_headers(), b""), None)

    async def _whole(self, line: Line) -> None:
        fault, wired = self._told.fault, whole_of(self._wire, self._answer)
        body = wired.body[:-9] + b"{nonsense" if fault == "malformed" else wired.body
        if fault == "giant":
            self._spend(self._read, self._told.tokens + self._told.hidden)
            line.send(head(wired, _HUGE_BYTES) + b" " * 65_536)
            await asyncio.Event().wait()
        self._spend(self._read, self._told.tokens + self._told.hidden)
        line.send(head(wired, len(body)))
        if fault in {"hang_mid", "reset_mid", "cut_mid", "error_mid"}:
            line.send(body[: len(body) // 2])
            await self._stop(line)
            return
        if fault in {"half_utf8", "trickle"}:
            await self._bytewise(line, body, framed=False)
        else:
            await self._at_length(line, body)
        self._bill.of(self._told.model).answered += 1

    async def _at_length(self, line: Line, body: bytes) -> None:
        middle = len(body) // 2 if self._told.fault == "held" else 0
        line.send(body[:middle])
        if middle:
            await line.let_go()
        line.send(body[middle:])

    async def _stop(self, line: Line) -> None:
        if self._told.fault == "hang_mid":
            await asyncio.Event().wait()
        self._break(line, reset=self._told.fault == "reset_mid")

    async def _stream(self, line: Line) -> None:
        told = self._told
        events = list(events_of(self._wire, self._answer, self._asked))
        self._spend(self._read, told.hidden)
        line.send(self._opening())
        if told.fault in {"half_utf8", "trickle"}:
            self._spend(0, told.tokens)
            await self._bytewise(line, b"".join(events), framed=True)
        elif told.fault in {"hang_mid", "reset_mid", "cut_mid", "error_mid", "malformed", "giant"}:
            await self._disturbed(line, events)
            return
        else:
            await self._paced(line, events[:-1] if told.fault == "no_end" else events)
        line.send(_END)
        self._bill.of(told.model).answered += 1

    async def _paced(self, line: Line, events: list[bytes]) -> None:
        each_s = 1 / self._told.rate if self._told.rate else 0.0
        left = self._told.tokens
        for number, event in enumerate(events):
            if number == self._before and self._told.fault == "held":
                self._spend(0, left)
                left = 0
                await line.let_go()
            line.send(chunk(event))
            if left and each_s:
                left -= 1
                self._spend(0, 1)
                await asyncio.sleep(each_s)
        self._spend(0, left)

    async def _disturbed(self, line: Line, events: list[bytes]) -> None:
        fault = self._told.fault
        self._spend(0, min(self._before, self._told.tokens))
        for event in events[: self._before]:
            line.send(chunk(event))
        await asyncio.sleep(0.01)  # so that the client has read what came before a reset
        if fault == "error_mid":
            line.send(chunk(self._wire.error_event(ScriptedRefusal("overloaded"))))
        elif fault == "malformed":
            line.send(chunk(_damaged(events[self._before])))
        elif fault == "giant":
            line.send(b"%x\r\n" % _GIANT_BYTES + _inflated(self._wire, _GIANT_BYTES))
        await self._stop(line)

    async def _bytewise(self, line: Line, data: bytes, *, framed: bool) -> None:
        pause_s = 0.02 if self._told.fault == "trickle" else 0.0
        for number in range(len(data)):
            one = data[number : number + 1]
            line.send(chunk(one) if framed else one)
            await asyncio.sleep(pause_s)


def _damaged(event: bytes) -> bytes:
    """The same event with one byte less in its middle, which every form notices."""
    if event.startswith((b"data:", b"event:")):
        return b"data: {nonsense\n\n"
    middle = len(event) // 2
    return event[:middle] + bytes([event[middle] ^ 0xFF]) + event[middle + 1 :]


def _inflated(wire: Wire, size: int) -> bytes:
    """The beginning of an event that is longer than anybody should read."""
    if wire.name == "bedrock":
        return struct.pack("!II", 2 * size, 0) + b"\x00" * (size - 8)
    return b"data: " + b"x" * (size - 6)


def reset(transport: asyncio.Transport) -> None:
    """End a connection with RST, as a machine does that fails."""
    held = transport.get_extra_info("socket")
    if held is not None:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
    transport.abort()
