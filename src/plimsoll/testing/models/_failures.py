"""What a provider makes of refusals, faults and hostile servers."""

import asyncio
from typing import Final

import pytest

from plimsoll.kernel.errors import (
    BlockedError,
    DeniedError,
    InvalidError,
    NotFoundError,
    PlimsollError,
    UnavailableError,
)
from plimsoll.models import Chunks

from ._answers import BOTH
from ._asking import KEY, Provider, run, serving, tell
from ._script import RefusalKind, ScriptedAnswer, ScriptedRefusal, Shape
from ._server import Cut, Raw

_LATER_S: Final = 7
_OK: Final = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"

_MEANINGS: Final[dict[RefusalKind, tuple[type[PlimsollError], str]]] = {
    "denied": (DeniedError, "provider_denied"),
    "rejected": (InvalidError, "provider_rejected"),
    "unknown_model": (NotFoundError, "model_not_found"),
    "too_long": (InvalidError, "context_length_exceeded"),
    "refused": (BlockedError, "content_filter"),
    "busy": (UnavailableError, "rate_limit_exceeded"),
    "overloaded": (UnavailableError, ""),
    "down": (UnavailableError, "provider_unavailable"),
    "late": (UnavailableError, ""),
}

_HOSTILE: Final = {
    "no body": _OK + b"content-length: 0\r\n\r\n",
    "a page": _OK + b"\r\n<html>welcome</html>",
    "a list": _OK + b"\r\n[]",
    "null": _OK + b"\r\nnull",
    "wrong types": _OK + b'\r\n{"choices": 5, "content": 5, "candidates": 5, "output": 5}',
    "deep": _OK + b"\r\n" + b'{"choices":' + b"[" * 100_000,
    "not UTF-8": _OK + b"\r\n\xff\xfe\x00{\x00",
    "an event of nonsense": _OK + b"\r\ndata: {nonsense\n\n",
    "an event of wrong types": _OK + b'\r\ndata: {"choices": 5, "type": 5, "candidates": 5}\n\n',
    "no HTTP": b"\x00\x01\x02 220 smtp.example ESMTP\r\n",
    "endless headers": b"HTTP/1.1 200 OK\r\n" + b"x-junk: " + b"y" * 100_000,
    "frames of nonsense": _OK + b"\r\n" + b"\x00\x00\x00\x10\x00\x00\x00\x00" + b"\xff" * 64,
}


class FailureCases:
    """Each fault is one error of the right family, after one attempt, without the key."""

    @BOTH
    @pytest.mark.parametrize("kind", list(_MEANINGS))
    def test_refusals_have_their_meaning(self, provider: Provider, shape: Shape, kind: RefusalKind) -> None:
        """The caller knows what to do: fix the input, ask for rights, or come back later."""

        async def case() -> None:
            family, code = _MEANINGS[kind]
            async with serving(provider, ScriptedRefusal(kind)) as (model, server):
                with pytest.raises(family) as caught:
                    await tell(model, provider.request(), shape)
                assert caught.value.code == code or not code
                assert len(server.received) == 1

        run(case())

    @BOTH
    def test_the_server_says_when_to_come_back(self, provider: Provider, shape: Shape) -> None:
        """In seconds."""

        async def case() -> None:
            refusal = ScriptedRefusal("busy", headers=(("retry-after", str(_LATER_S)),))
            async with serving(provider, refusal) as (model, _):
                with pytest.raises(UnavailableError) as caught:
                    await tell(model, provider.request(), shape)
                assert caught.value.retry_after_s == _LATER_S

        run(case())

    @BOTH
    def test_no_error_holds_the_key(self, provider: Provider, shape: Shape) -> None:
        """Even when the server sends it back."""

        async def case() -> None:
            async with serving(provider, ScriptedRefusal("denied", f"your key {KEY} is wrong")) as (model, _):
                with pytest.raises(DeniedError) as caught:
                    await tell(model, provider.request(), shape)
                assert KEY not in f"{caught.value.message} {caught.value.hint} {caught.value!r} {model!r}"

        run(case())

    @pytest.mark.parametrize("kind", ["overloaded", "busy", "down"])
    def test_an_error_in_the_middle_of_a_stream(self, provider: Provider, kind: RefusalKind) -> None:
        """The text before it was given; then it is an error, not an end."""

        async def case() -> None:
            cut = Cut(ScriptedAnswer(text="one two three"), events=4, then=ScriptedRefusal(kind))
            async with serving(provider, cut) as (model, _):
                with pytest.raises(UnavailableError):
                    await tell(model, provider.request(), "stream")

        run(case())

    @pytest.mark.parametrize("events", [0, 1, 4])
    def test_a_stream_that_breaks_off(self, provider: Provider, events: int) -> None:
        """Is never an answer that looks whole."""

        async def case() -> None:
            cut = Cut(ScriptedAnswer(text="one two three four"), events=events)
            async with serving(provider, cut) as (model, server):
                with pytest.raises(UnavailableError):
                    await tell(model, provider.request(), "stream")
                assert len(server.received) == 1

        run(case())

    def test_closing_a_stream_closes_the_call(self, provider: Provider) -> None:
        """The server sees it, and stops to spend."""

        async def case() -> None:
            cut = Cut(ScriptedAnswer(text="one two three four"), events=5, stays=True)
            async with serving(provider, cut) as (model, server):
                events = model.stream(provider.request())
                assert isinstance(await anext(events), Chunks)
                await events.aclose()
                await server.lost.wait()

        run(case())

    @BOTH
    def test_cancelling_closes_the_call(self, provider: Provider, shape: Shape) -> None:
        """Whoever waits for an answer may be cancelled."""

        async def case() -> None:
            cut = Cut(ScriptedAnswer(text="one two three four"), events=5, stays=True)
            async with serving(provider, cut) as (model, server):
                waiting = asyncio.create_task(tell(model, provider.request(), shape))
                await server.asked.wait()
                waiting.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await waiting
                await server.lost.wait()

        run(case())

    @BOTH
    @pytest.mark.parametrize("what", list(_HOSTILE))
    def test_what_is_no_answer(self, provider: Provider, shape: Shape, what: str) -> None:
        """Is an error that says to try elsewhere or later, and nothing else."""

        async def case() -> None:
            async with serving(provider, Raw((_HOSTILE[what],))) as (model, _):
                with pytest.raises(UnavailableError):
                    await tell(model, provider.request(), shape)

        run(case())

    def test_nobody_listens(self, provider: Provider) -> None:
        """Is an error for the operator."""

        async def case() -> None:
            server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            server.close()
            await server.wait_closed()
            model = provider.model_at(f"http://127.0.0.1:{port}")
            with pytest.raises(UnavailableError):
                await tell(model, provider.request(), "whole")
            await model.close()

        run(case())
