"""Vectors from a server that speaks OpenAI's embeddings. Each call is one attempt."""

import base64
import binascii
import math
import sys
from array import array
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, cast

import msgspec

from plimsoll.http import Client, Response

from ..._types import Body, Embeddings, Usage
from ...prices import Price
from .._endpoint import ProviderEndpoint
from ._option import Option
from ._reading import NonsenseError
from ._refusals import FAILURES, Refusals
from ._request import encoded, headers_of, url_of
from ._usage import priced, usage_of

_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_ENCODING_OPTION: Final = "encoding_format"
_PATH: Final = "/embeddings"
_REFUSAL_BYTES: Final = 1_048_576
_MOST_BYTES_PER_INPUT: Final = 262_144
_MOST_BYTES_BESIDE: Final = 1_048_576
_FLOAT_BYTES: Final = 4
_NONSENSE: Final = "the server sent something that is not a list of vectors"

Inputs = Sequence[str] | Sequence[Sequence[int]]


class _Vector(msgspec.Struct):
    embedding: str | list[float]
    index: int | None = None


class _Answer(msgspec.Struct):
    data: list[_Vector]
    usage: Any = None
    model: Any = None


_answer: Final = msgspec.json.Decoder(_Answer)


class OpenAIEmbeddingModel:
    """Asks once. It closes nothing: the client is shared. Redirects are refused, because the key would go along."""

    def __init__(
        self,
        endpoint: ProviderEndpoint,
        *,
        client: Client,
        price: Price,
        count_tokens: Callable[[str], int],
    ) -> None:
        self._endpoint = endpoint
        self._client = client
        self._price = price
        self._count_tokens = count_tokens
        self._refusals = Refusals(endpoint)
        self._url = url_of(endpoint, _PATH)
        self._headers = headers_of(endpoint, streams=False)
        self._patience = replace(endpoint.timeouts, first_byte_s=endpoint.total_s, total_s=endpoint.total_s)
        self._encoding_option = Option(_ENCODING_OPTION)

    @property
    def name(self) -> str:
        """The route's name for it, such as `openai/text-embedding-3-small`."""
        return self._endpoint.route_model

    async def embed_texts(self, inputs: Inputs, parameters: Body) -> Embeddings:
        """One vector for each input, in their order. Raises as a chat model does."""
        try:
            answer = _read(await self._asked(inputs, parameters))
            vectors = _in_order(answer.data, len(inputs))
        except FAILURES as error:
            raise self._refusals.of_failure(error) from None
        return Embeddings(
            vectors=vectors,
            usage=priced(self._usage(answer.usage, inputs), self._price),
            model=answer.model if isinstance(answer.model, str) and answer.model else self._endpoint.model,
        )

    async def close(self) -> None:
        """Nothing to do: whoever made the client closes it."""

    async def _asked(self, inputs: Inputs, parameters: Body) -> bytes:
        payload = {**parameters, "input": inputs, "model": self._endpoint.model}
        payload.pop(_ENCODING_OPTION, None)
        option = self._encoding_option
        if not option.is_sent:
            return self._accepted(*await self._sent(self._encoded(payload), inputs))
        # A third of the bytes, and nothing is rounded.
        response, body = await self._sent(self._encoded({**payload, _ENCODING_OPTION: "base64"}), inputs)
        if response.status == _OK:
            option.taken()
            return body
        plain = self._encoded(payload)
        if not option.may_be_refused(response.status, body, plain):
            return self._accepted(response, body)
        response, body = await self._sent(plain, inputs)
        option.left_out(response.status)
        return self._accepted(response, body)

    async def _sent(self, sent: bytes, inputs: Inputs) -> tuple[Response, bytes]:
        response = await self._client.send("POST", self._url, headers=self._headers, body=sent, timeouts=self._patience)
        try:
            if response.status in _REDIRECTS:
                raise self._refusals.redirected(response.status)
            most = _MOST_BYTES_PER_INPUT * len(inputs) + _MOST_BYTES_BESIDE
            return response, await response.read(most if response.status == _OK else _REFUSAL_BYTES)
        finally:
            response.release()

    def _accepted(self, response: Response, body: bytes) -> bytes:
        if response.status == _OK:
            return body
        raise self._refusals.of_response(response.status, response.headers, body)

    def _encoded(self, payload: Body) -> bytes:
        try:
            return encoded(payload)
        except (TypeError, ValueError, OverflowError, RecursionError):
            raise self._refusals.unsendable("it holds something that JSON cannot hold") from None

    def _usage(self, reported: Any, inputs: Inputs) -> Usage:
        usage = usage_of(reported, has_output=False)
        if usage is not None:
            # There is no output: some servers count the input in both places.
            return Usage(usage.input_tokens, 0)
        counts = (self._count_tokens(given) if isinstance(given, str) else len(given) for given in inputs)
        return Usage(sum(counts), 0, estimated=True)


def _read(raw: bytes) -> _Answer:
    try:
        return _answer.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise NonsenseError(_NONSENSE) from None


def _in_order(data: Sequence[_Vector], expected: int) -> tuple[Sequence[float], ...]:
    """The vectors as the inputs stood. Raises NonsenseError unless there is exactly one, of one length, for each."""
    places = [place if vector.index is None else vector.index for place, vector in enumerate(data)]
    if sorted(places) != list(range(expected)):
        raise NonsenseError(f"the server sent {len(data)} vectors for {expected} texts, or counts them wrongly")
    found: list[Sequence[float]] = [()] * expected
    for place, vector in zip(places, data, strict=True):
        found[place] = _floats(vector.embedding)
    if len({len(vector) for vector in found}) > 1 or any(not len(vector) for vector in found):
        raise NonsenseError("the server sent vectors of different lengths, or empty ones")
    return tuple(found)


def _floats(embedding: str | list[float]) -> Sequence[float]:
    values = array("f")
    try:
        if isinstance(embedding, str):
            values.frombytes(base64.b64decode(embedding, validate=True))
            if sys.byteorder == "big":
                values.byteswap()
        else:
            values.extend(embedding)
    except (binascii.Error, ValueError, OverflowError):
        raise NonsenseError(_NONSENSE) from None
    if not all(map(math.isfinite, values)):
        raise NonsenseError("the server sent a vector with something that is no number")
    return cast("Sequence[float]", values)
