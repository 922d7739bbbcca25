"""Google's generateContent behind the port of translators."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from ..._types import Body
from .._endpoint import ProviderEndpoint
from .._wire import later_s, said_in
from ..translated import JSON_HEADER, MOST_EVENT_BYTES, Call, Facts, Refusal
from ._answer import EventReader, whole
from ._request import payload
from ._wire import plain_refusal, refusal_of


class GoogleTranslator:
    """Speaks the Gemini API; with the option `auth: bearer` and an address of Vertex AI that one too.

    The key goes into a header, never into the address, where logs and proxies would keep it.
    """

    def __init__(self, endpoint: ProviderEndpoint) -> None:
        self._endpoint = endpoint
        self._headers = _headers(endpoint)

    def call(self, body: Body, *, streams: bool) -> Call:
        """The request for a call in OpenAI's form. Raises UntranslatableError."""
        endpoint = self._endpoint
        said = payload(body, model=endpoint.model, most_tokens=endpoint.max_output_tokens)
        name = endpoint.model if "/" in endpoint.model else f"models/{endpoint.model}"
        verb = "streamGenerateContent?alt=sse" if streams else "generateContent"
        return Call(f"/{quote(name, safe='/')}:{verb}", self._headers, msgspec.json.encode(said))

    def whole(self, raw: bytes, call: Call) -> tuple[dict[str, Any], Facts]:  # noqa: ARG002 the port's shape
        """A whole answer in OpenAI's form. Raises RefusedError or NonsenseError."""
        return whole(raw)

    def reader(self, call: Call) -> EventReader:  # noqa: ARG002 the port's shape
        """Reads the streamed answer."""
        return EventReader(most_event_bytes=MOST_EVENT_BYTES)

    def refusal(self, status: int, headers: Mapping[str, str], raw: bytes) -> Refusal:
        """What an answer with another status than 200 means."""
        later = later_s(headers)
        return refusal_of(status, raw, later) or plain_refusal(status, said_in(raw), later)


def _headers(endpoint: ProviderEndpoint) -> tuple[tuple[str, str], ...]:
    if not endpoint.api_key:
        return (JSON_HEADER,)
    if endpoint.options.get("auth") == "bearer":
        return (JSON_HEADER, ("authorization", f"Bearer {endpoint.api_key}"))
    return (JSON_HEADER, ("x-goog-api-key", endpoint.api_key))
