"""A chat model behind a server that speaks OpenAI's chat completions. Each call is one attempt."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from plimsoll.http import Client, ExchangeError, Response

from ..._types import ChatEnd, ChatEvent, ChatRequest, Chunks, Completion, Usage
from ...prices import Price, has_uncounted_fees
from .._endpoint import ProviderEndpoint
from ._option import Option
from ._reading import NonsenseError, Reading
from ._refusals import FAILURES, Refusals
from ._request import encoded, headers_of, text_of, url_of
from ._usage import priced, usage_of

_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_USAGE_OPTION: Final = "stream_options"
_REFUSAL_BYTES: Final = 65_536
_COUNTED_AT_ONCE: Final = 20_000
_PATH: Final = "/chat/completions"
_BROKE_OFF: Final = "the server broke off in the middle of its answer"


@dataclass(frozen=True, slots=True)
class Traits:
    """What is particular to a server."""

    takes_extensions: bool = True
    """False when it refuses fields in messages that OpenAI does not have; they are left out then."""
    event_bytes: int = 1_048_576
    """The most bytes of one event that are read."""
    body_bytes: int = 8_388_608
    """The most bytes of one whole answer that are read."""


class OpenAIChatModel:
    """Asks once. It closes nothing: the client is shared. Redirects are refused, because the key would go along."""

    def __init__(
        self,
        endpoint: ProviderEndpoint,
        *,
        client: Client,
        price: Price,
        count_tokens: Callable[[str], int],
        traits: Traits | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._client = client
        self._price = price
        self._count_tokens = count_tokens
        self._traits = traits or Traits()
        self._refusals = Refusals(endpoint)
        self._strict = "" if self._traits.takes_extensions else endpoint.route_model.partition("/")[0]
        self._url = url_of(endpoint, _PATH)
        self._headers = headers_of(endpoint, streams=False)
        self._stream_headers = headers_of(endpoint, streams=True)
        self._timeouts = replace(endpoint.timeouts, total_s=endpoint.total_s)
        # A server that does not stream sends its first byte when the whole answer is there.
        self._patience = replace(self._timeouts, first_byte_s=endpoint.total_s)
        self._usage_option = Option(_USAGE_OPTION)
        self.name = endpoint.route_model
        """The route's name for it, such as `openai/gpt-4.1-mini`."""

    async def complete(self, request: ChatRequest) -> Completion:
        """The whole answer, as the server sent it. Raises one of the errors of `plimsoll.models`' providers."""
        body = self._encoded({**request.body, "model": self._endpoint.model})
        reading = Reading()
        try:
            response = await self._client.send(
                "POST", self._url, headers=self._headers, body=body, timeouts=self._patience
            )
            try:
                raw = await (await self._accepted(response)).read(self._traits.body_bytes)
            finally:
                response.release()
            answer = reading.whole(raw)
        except FAILURES as error:
            raise self._refusals.of_failure(error) from None
        return Completion(answer, self._end(request, reading, _usage(reading) or await self._counted(request, reading)))

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        """The answer, piece by piece, and its end. Raises as `complete` does; closing it closes the connection."""
        reading = Reading(event_bytes=self._traits.event_bytes, body_bytes=self._traits.body_bytes)
        try:
            response = await self._opened(request)
            try:
                piece = b"?"
                while piece and not reading.is_done:
                    piece = await self._piece(response, reading)
                    chunks = reading.feed(piece) if piece else reading.close()
                    if chunks:
                        yield Chunks(tuple(chunks))
                response.end_soon()
            finally:
                response.release()
            if not reading.is_whole:
                raise NonsenseError(_BROKE_OFF)
        except FAILURES as error:
            raise self._refusals.of_failure(error) from None
        yield self._end(request, reading, _usage(reading) or await self._counted(request, reading))

    async def close(self) -> None:
        """Nothing to do: whoever made the client closes it."""

    async def _opened(self, request: ChatRequest) -> Response:
        """A response with status 200; without the option for usage when the server does not know it."""
        payload = {**request.body, "model": self._endpoint.model, "stream": True}
        payload.pop(_USAGE_OPTION, None)
        option = self._usage_option
        if not option.is_sent:
            return await self._accepted(await self._sent(self._encoded(payload)))
        response = await self._sent(self._encoded({**payload, _USAGE_OPTION: {"include_usage": True}}))
        if response.status == _OK:
            option.taken()
            return response
        refusal, plain = await self._refusal(response), self._encoded(payload)
        if not option.may_be_refused(response.status, refusal, plain):
            raise self._refusals.of_response(response.status, response.headers, refusal)
        response = await self._sent(plain)
        option.left_out(response.status)
        return await self._accepted(response)

    async def _sent(self, body: bytes) -> Response:
        return await self._client.send(
            "POST", self._url, headers=self._stream_headers, body=body, timeouts=self._timeouts
        )

    async def _accepted(self, response: Response) -> Response:
        """The response, where its status is 200; raises what any other means."""
        if response.status == _OK:
            return response
        raise self._refusals.of_response(response.status, response.headers, await self._refusal(response))

    async def _refusal(self, response: Response) -> bytes:
        """What a response says that has another status than 200. Raises ProviderRejectedError for a redirect."""
        if response.status in _REDIRECTS:
            response.release()
            raise self._refusals.redirected(response.status)
        return await _beginning(response)

    async def _piece(self, response: Response, reading: Reading) -> bytes:
        """Bytes of the answer; empty at its end. What breaks after the last word is no harm: only usage is missing."""
        try:
            return await response.piece()
        except ExchangeError:
            if reading.is_whole:
                return b""
            raise

    def _end(self, request: ChatRequest, reading: Reading, usage: Usage) -> ChatEnd:
        # Of a search, or another thing that is billed beside the tokens, no usage tells: its cost is not known.
        is_known = not has_uncounted_fees(request.body)
        return ChatEnd(
            usage=priced(usage, self._price, reading.service_tier) if is_known else usage,
            finish_reason=reading.finish_reason,
            model=reading.model or self._endpoint.model,
        )

    async def _counted(self, request: ChatRequest, reading: Reading) -> Usage:
        """The usage as it is counted here, where the server does not say or cannot be believed."""
        asked = text_of(request.body, [message.content for message in request.messages])
        said = "".join(reading.texts)

        def count() -> Usage:
            return Usage(self._count_tokens(asked), self._count_tokens(said), estimated=True)

        # A long text takes milliseconds: the loop is not held up for it.
        return count() if len(asked) + len(said) < _COUNTED_AT_ONCE else await asyncio.to_thread(count)

    def _encoded(self, payload: dict[str, Any]) -> bytes:
        try:
            return encoded(payload, strict=self._strict)
        except (TypeError, ValueError, OverflowError, RecursionError):
            raise self._refusals.unsendable("it holds something that JSON cannot hold") from None


def _usage(reading: Reading) -> Usage | None:
    """As the server reports it; None where it does not, or cannot be believed."""
    return usage_of(reading.usage, has_output=any(reading.texts))


async def _beginning(response: Response) -> bytes:
    """What a refusal says, as much as is needed to understand it."""
    body = b""
    try:
        while len(body) < _REFUSAL_BYTES and (piece := await response.piece()):
            body += piece
    except ExchangeError:
        pass  # the status says enough
    finally:
        response.release()
    return body[:_REFUSAL_BYTES]
