"""One attempt to get an answer through a translator: the call that is the same for every provider."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

import msgspec
from msgspec.structs import replace as replaced

from plimsoll.http import Client, ExchangeError, Response, Timeouts
from plimsoll.kernel.money import to_usd

from ..._types import Body, ChatEnd, ChatEvent, ChatRequest, Chunks, Completion, Usage
from ...prices import Price, has_uncounted_fees, own_tier
from .._endpoint import ProviderEndpoint
from ._failures import Failures
from ._types import Call, Facts, NonsenseError, Refusal, RefusedError, StreamReader, Translator

_OK: Final = 200
_AGENT: Final = ("user-agent", "plimsoll")
_MOST_BYTES: Final = 33_554_432
_MOST_REFUSAL_BYTES: Final = 65_536
_REDIRECTS: Final = range(300, 400)
_MOST_TOKENS: Final = 100_000_000
_COUNTED_AT_ONCE: Final = 20_000
_BROKE_OFF: Final = "the server broke off in the middle of its answer"
_SPOKEN: Final = ("content", "reasoning_content")


class TranslatedChatModel:
    """A model behind a server with a form of its own. Each call is tried exactly once; trying again is the route's.

    It closes nothing: the client is shared.
    """

    def __init__(
        self,
        endpoint: ProviderEndpoint,
        translator: Translator,
        *,
        client: Client,
        price: Price,
        count_tokens: Callable[[str], int],
    ) -> None:
        self._endpoint = endpoint
        self._translator = translator
        self._client = client
        self._price = price
        self._count_tokens = count_tokens
        self._failures = Failures(endpoint)
        # A server that does not stream sends its first byte when the whole answer is there.
        self._patience = replace(endpoint.timeouts, first_byte_s=endpoint.total_s)

    @property
    def name(self) -> str:
        """The route's name for it, such as `anthropic/claude-sonnet-4-5`."""
        return self._endpoint.route_model

    async def complete(self, request: ChatRequest) -> Completion:
        """The whole answer. Raises UntranslatableError or a Provider…Error."""
        call = self._call(request, streams=False)
        with self._failing():
            async with asyncio.timeout(self._endpoint.total_s):
                response = await self._opened(call, self._patience)
                try:
                    raw = await response.read(_MOST_BYTES)
                finally:
                    response.release()
            body, facts = self._translator.whole(raw, call)
        return Completion(body, await self._end(request, facts, _spoken(body["choices"], "message")))

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        """The answer, piece by piece, and its end. Raises as `complete` does; closing it closes the connection."""
        deadline = asyncio.get_running_loop().time() + self._endpoint.total_s
        call = self._call(request, streams=True)
        with self._failing():
            async with asyncio.timeout_at(deadline):
                response = await self._opened(call, self._endpoint.timeouts)
        reader = self._translator.reader(call)
        alarm = _Alarm(response, deadline)
        said: list[str] = []
        try:
            with self._failing(alarm):
                piece = b"?"
                while piece and not reader.is_done:
                    piece = await _piece(response, reader)
                    chunks = reader.feed(piece) if piece else reader.close()
                    if chunks:
                        said += [text for chunk in chunks for text in _spoken(chunk["choices"], "delta")]
                        yield Chunks(tuple(chunks))
                if not reader.is_whole:
                    raise NonsenseError(_BROKE_OFF)
            response.end_soon()
        finally:
            alarm.cancel()
            response.release()
        yield await self._end(request, reader.facts, said)

    async def close(self) -> None:
        """Nothing to do: whoever made the client closes it."""

    def _call(self, request: ChatRequest, *, streams: bool) -> Call:
        try:
            return self._translator.call(request.body, streams=streams)
        except (TypeError, ValueError, OverflowError, RecursionError):
            raise self._failures.unsendable("it holds something that JSON cannot hold") from None

    async def _opened(self, call: Call, timeouts: Timeouts) -> Response:
        """A response with status 200. Raises RefusedError for every other."""
        endpoint = self._endpoint
        response = await self._client.send(
            "POST",
            f"{endpoint.base_url}{call.path}",
            headers=(*call.headers, _AGENT),
            body=call.body,
            timeouts=timeouts,
        )
        if response.status == _OK:
            return response
        if response.status in _REDIRECTS:
            response.release()
            # Following it would carry the key to another place.
            raise RefusedError(Refusal("rejected", response.status, "it redirects to another address"))
        raw = b""
        try:
            raw = await response.read(_MOST_REFUSAL_BYTES)
        except ExchangeError:
            pass  # the status says enough
        finally:
            response.release()
        raise RefusedError(self._translator.refusal(response.status, response.headers, raw))

    async def _end(self, request: ChatRequest, facts: Facts, said: list[str]) -> ChatEnd:
        usage = facts.usage
        if usage is None or not _can_be_true(usage, has_output=any(said)):
            usage = await self._counted(request, "".join(said))
        if has_uncounted_fees(request.body):
            usage = replaced(usage, unpriced=True)
        cost = self._price.cost_pico(usage, service_tier=facts.service_tier or own_tier(request.body))
        return ChatEnd(
            usage=usage if cost is None else replaced(usage, cost_usd=to_usd(cost)),
            finish_reason=facts.finish_reason,
            model=facts.model or self._endpoint.model,
        )

    async def _counted(self, request: ChatRequest, said: str) -> Usage:
        """The usage as it is counted here, where the server does not say or cannot be believed."""
        asked = _asked_text(request)

        def count() -> Usage:
            return Usage(self._count_tokens(asked), self._count_tokens(said), estimated=True)

        # A long text takes milliseconds: the loop is not held up for it.
        return count() if len(asked) + len(said) < _COUNTED_AT_ONCE else await asyncio.to_thread(count)

    @contextmanager
    def _failing(self, alarm: "_Alarm | None" = None) -> Iterator[None]:
        """What goes wrong below, as errors of the model layer."""
        try:
            yield
        except TimeoutError:
            raise self._failures.late() from None
        except ExchangeError as error:
            if alarm is not None and alarm.rang:
                raise self._failures.late() from None
            raise self._failures.exchange(error) from None
        except RefusedError as error:
            raise self._failures.refused(error.refusal) from None
        except NonsenseError as error:
            raise self._failures.broken(str(error)) from None


class _Alarm:
    """One timer for a whole stream, and not one for each piece: it ends the wait by closing the connection."""

    def __init__(self, response: Response, deadline: float) -> None:
        self._response = response
        self._handle = asyncio.get_running_loop().call_at(deadline, self._ring)
        self.rang = False

    def cancel(self) -> None:
        """The stream is over."""
        self._handle.cancel()

    def _ring(self) -> None:
        self.rang = True
        self._response.release()


async def _piece(response: Response, reader: StreamReader) -> bytes:
    """Bytes of the answer; empty at its end. What breaks after the last word is no harm: only usage is missing."""
    try:
        return await response.piece()
    except ExchangeError:
        if reader.is_whole:
            return b""
        raise


def _asked_text(request: ChatRequest) -> str:
    """All text of a request: that of its messages, their tool calls, and its tools."""
    texts = [message.content for message in request.messages]
    held = [message.get("tool_calls") for message in request.body["messages"]]
    texts += [msgspec.json.encode(value).decode() for value in (*held, request.body.get("tools")) if value]
    return "\n".join(texts)


def _can_be_true(usage: Usage, *, has_output: bool) -> bool:
    """Not believed: no input at all, no output for an answer that has text, and more than any model reads or writes."""
    most = max(usage.input_tokens, usage.output_tokens)
    return usage.input_tokens > 0 and (usage.output_tokens > 0 or not has_output) and most <= _MOST_TOKENS


def _spoken(choices: Any, where: str) -> list[str]:
    """Everything that a model wrote in these choices, for counting: text, thoughts, arguments of calls."""
    texts: list[str] = []
    for choice in choices:
        part: Body = choice[where]
        texts += [part[name] for name in _SPOKEN if part.get(name)]
        texts += [call["function"]["arguments"] for call in part.get("tool_calls", ())]
    return texts
