"""A chat model behind any server that speaks OpenAI's chat completions: OpenAI, Ollama, vLLM, llama.cpp and others."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Final

import aiohttp
import msgspec

from plimsoll.kernel.digest import Json

from .._errors import ProviderUnavailableError
from .._prices import Price, Tokens
from .._types import ChatEnd, ChatEvent, ChatRequest, TextDelta, Usage
from ._sse import BodyDecoder, BodyTooLargeError
from ._wire import Server, Transcript, retry_after_s, said_in

_OK: Final = 200
_USAGE_REFUSALS: Final = frozenset({400, 422})
_REDIRECTS: Final = range(300, 400)
_USAGE_OPTION: Final = "stream_options"
_REFUSAL_BYTES: Final = 16_384


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is, and how long a whole answer may take."""

    route_model: str
    model: str
    base_url: str
    api_key: str | None = field(repr=False)
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Patience and sizes."""

    connect_s: float = 10.0
    between_pieces_s: float = 60.0
    retry_wait_s: float = 0.5
    """Mean wait before the second try."""
    longest_retry_wait_s: float = 5.0
    """When the server asks for a longer wait, the caller is told instead."""
    event_bytes: int = 1_048_576
    body_bytes: int = 8_388_608


class OpenAIChatModel:
    """Streams answers. Belongs to the event loop that first uses it; `close` gives its connections back.

    A call that fails before its first text is tried once more. Redirects are refused, because following them would
    carry the key to another place. Proxies of the environment are not used.
    """

    def __init__(
        self, endpoint: Endpoint, *, price: Price, count_tokens: Callable[[str], int], limits: Limits | None = None
    ) -> None:
        self._endpoint = endpoint
        self._price = price
        self._count_tokens = count_tokens
        self._limits = limits or Limits()
        self._server = Server(endpoint.route_model, endpoint.api_key)
        self._session: aiohttp.ClientSession | None = None
        self._asks_usage = True

    @property
    def name(self) -> str:
        """The route's name for it, such as `openai/gpt-4.1-mini`."""
        return self._endpoint.route_model

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        """The answer, piece by piece, and its end. Raises a Provider…Error."""
        deadline = asyncio.get_running_loop().time() + self._endpoint.timeout_s
        sent = False
        for is_last in (False, True):
            try:
                async with aclosing(self._answer(request, deadline)) as events:
                    async for event in events:
                        sent = sent or isinstance(event, TextDelta)
                        yield event
            except ProviderUnavailableError as error:
                wait_s = self._retry_wait_s(error, deadline)
                if sent or is_last or wait_s is None:
                    raise
            else:
                return
            await asyncio.sleep(wait_s)

    async def close(self) -> None:
        """Give back connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _retry_wait_s(self, error: ProviderUnavailableError, deadline: float) -> float | None:
        """How long to wait before the second try; None when there is no point in it."""
        jitter = self._limits.retry_wait_s * random.uniform(0.5, 1.5)  # noqa: S311 spreads load, keeps no secret
        wait_s = max(jitter, error.retry_after_s or 0.0)
        ends = asyncio.get_running_loop().time() + wait_s
        return wait_s if wait_s <= self._limits.longest_retry_wait_s and ends < deadline else None

    async def _answer(self, request: ChatRequest, deadline: float) -> AsyncGenerator[ChatEvent]:
        transcript = Transcript(self._server)
        response = await self._post(request, deadline)
        try:
            async with aclosing(self._data(response, deadline)) as pieces:
                async for data in pieces:
                    text = transcript.take(data)
                    if text:
                        yield TextDelta(text)
                    if transcript.is_done:
                        break
        except ProviderUnavailableError:
            # The connection may break after the last word, while usage is still awaited: the answer is whole.
            if not transcript.is_complete:
                raise
        finally:
            response.release()
        if not transcript.is_complete:
            raise self._server.broken("the server broke off in the middle of its answer")
        yield self._end(request, transcript)

    async def _post(self, request: ChatRequest, deadline: float) -> aiohttp.ClientResponse:
        """A response with status 200; without the option for usage when the server does not know it."""
        asked_usage = self._asks_usage
        response = await self._send(request, deadline)
        if response.status == _OK:
            return response
        try:
            body = await self._refusal_body(response, deadline)
        finally:
            response.close()
        if asked_usage and response.status in _USAGE_REFUSALS and _USAGE_OPTION.encode() in body:
            self._asks_usage = False
            return await self._post(request, deadline)
        said = "it redirects to another address" if response.status in _REDIRECTS else said_in(body)
        raise self._server.refusal(response.status, said, retry_after_s(response.headers.get("Retry-After")))

    async def _send(self, request: ChatRequest, deadline: float) -> aiohttp.ClientResponse:
        with self._translated():
            async with asyncio.timeout_at(deadline):
                return await self._opened().post(
                    f"{self._endpoint.base_url}/chat/completions",
                    data=msgspec.json.encode(self._payload(request)),
                    headers=self._headers(),
                    allow_redirects=False,
                )

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            between_s = min(self._limits.between_pieces_s, self._endpoint.timeout_s)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._limits.connect_s, sock_read=between_s),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._session

    def _headers(self) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream, application/json",
            "Accept-Encoding": "identity",
        }
        if self._endpoint.api_key is not None:
            headers["Authorization"] = f"Bearer {self._endpoint.api_key}"
        return headers

    def _payload(self, request: ChatRequest) -> dict[str, Json]:
        payload: dict[str, Json] = {
            **request.parameters,
            "model": self._endpoint.model,
            "messages": [{"role": message.role, "content": message.content} for message in request.messages],
            "stream": True,
        }
        if self._asks_usage:
            payload[_USAGE_OPTION] = {"include_usage": True}
        return payload

    async def _refusal_body(self, response: aiohttp.ClientResponse, deadline: float) -> bytes:
        body = b""
        async with aclosing(self._pieces(response, deadline)) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) >= _REFUSAL_BYTES:
                    break
        return body[:_REFUSAL_BYTES]

    async def _pieces(self, response: aiohttp.ClientResponse, deadline: float) -> AsyncGenerator[bytes]:
        while True:
            with self._translated():
                async with asyncio.timeout_at(deadline):
                    piece = await response.content.readany()
            if not piece:
                return
            yield piece

    async def _data(self, response: aiohttp.ClientResponse, deadline: float) -> AsyncGenerator[str]:
        """Chunks of the answer as JSON text, as they come; or the whole answer, from a server that does not stream."""
        decoder = BodyDecoder(max_event_bytes=self._limits.event_bytes, max_body_bytes=self._limits.body_bytes)
        try:
            async with aclosing(self._pieces(response, deadline)) as pieces:
                async for piece in pieces:
                    for data in decoder.feed(piece):
                        yield data
            for data in decoder.close():
                yield data
        except BodyTooLargeError:
            raise self._server.broken("the server sent more than fits into an answer") from None

    def _end(self, request: ChatRequest, transcript: Transcript) -> ChatEnd:
        tokens, estimated = transcript.tokens, False
        if tokens is None:
            counted = sum(self._count_tokens(message.content) for message in request.messages)
            tokens, estimated = Tokens(input=counted, output=self._count_tokens(transcript.text)), True
        usage = Usage(tokens.input, tokens.output, cost_usd=self._price.cost_usd(tokens), estimated=estimated)
        return ChatEnd(
            usage=usage,
            finish_reason=transcript.finish_reason or "stop",
            model=transcript.model or self._endpoint.model,
        )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """What the client library raises, as errors of this room; never with its words, which may hold addresses."""
        try:
            yield
        except TimeoutError:
            raise self._server.broken("the server did not answer in time") from None
        except aiohttp.ClientSSLError:
            raise self._server.broken("no secure connection to the server is possible") from None
        except aiohttp.ClientConnectorError:
            raise self._server.unreachable(self._endpoint.base_url) from None
        except (aiohttp.ClientError, OSError):
            raise self._server.broken("the connection to the server broke off") from None
