"""Amazon Bedrock's Converse behind the port of translators."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import msgspec

from plimsoll.kernel.clock import utc_now

from ..._types import Body
from .._endpoint import ProviderEndpoint
from .._wire import later_s, said_in
from ..translated import ANSWER_TOOL, JSON_HEADER, MOST_EVENT_BYTES, Call, Facts, Refusal
from ._answer import whole
from ._request import payload
from ._sign import Credentials, signed
from ._stream import EventReader
from ._wire import refusal_of

_REGION: Final = "us-east-1"


class BedrockTranslator:
    """Speaks Converse and ConverseStream for models, inference profiles and their ARNs.

    A key of the form `ACCESS_KEY:SECRET` or `ACCESS_KEY:SECRET:SESSION_TOKEN` signs each call (SigV4) for the region of
    the option `region`; a key without a colon is a Bedrock API key, and is sent as a bearer token.
    """

    def __init__(self, endpoint: ProviderEndpoint, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._region = endpoint.options.get("region") or _REGION
        self._keys = _credentials(endpoint.api_key)

    def call(self, body: Body, *, streams: bool) -> Call:
        """The request for a call in OpenAI's form. Raises UntranslatableError."""
        endpoint = self._endpoint
        said = payload(body, model=endpoint.model, most_tokens=endpoint.max_output_tokens, options=endpoint.options)
        tools = said.get("toolConfig", {}).get("tools", ())
        made_tool = any(tool.get("toolSpec", {}).get("name") == ANSWER_TOOL for tool in tools)
        path = f"/model/{quote(endpoint.model, safe='')}/{'converse-stream' if streams else 'converse'}"
        sent = msgspec.json.encode(said)
        return Call(path, self._headers(path, sent), sent, ANSWER_TOOL if made_tool else "")

    def whole(self, raw: bytes, call: Call) -> tuple[dict[str, Any], Facts]:
        """A whole answer in OpenAI's form. Raises NonsenseError."""
        return whole(raw, model=self._endpoint.model, answer_tool=call.answer_tool)

    def reader(self, call: Call) -> EventReader:
        """Reads the streamed answer to `call`."""
        return EventReader(model=self._endpoint.model, answer_tool=call.answer_tool, most_event_bytes=MOST_EVENT_BYTES)

    def refusal(self, status: int, headers: Mapping[str, str], raw: bytes) -> Refusal:
        """What an answer with another status than 200 means."""
        kind = headers.get("x-amzn-errortype", "")
        return refusal_of(status, kind, said_in(raw), later_s(headers))

    def _headers(self, path: str, sent: bytes) -> tuple[tuple[str, str], ...]:
        endpoint = self._endpoint
        if self._keys is None:
            bearer = (("authorization", f"Bearer {endpoint.api_key}"),) if endpoint.api_key else ()
            return (JSON_HEADER, *bearer)
        url = f"{endpoint.base_url}{path}"
        return signed(url, (JSON_HEADER,), sent, now=self._clock(), region=self._region, keys=self._keys)


def _credentials(key: str | None) -> Credentials | None:
    """The parts of a key that signs; None for a key that is sent as it is."""
    access, colon, rest = (key or "").partition(":")
    if not colon:
        return None
    secret, _, session = rest.partition(":")
    return Credentials(access, secret, session)
