"""Anthropic's Messages API behind the port of translators."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ..._types import Body
from .._endpoint import ProviderEndpoint
from .._wire import later_s, said_in
from ..translated import ANSWER_TOOL, JSON_HEADER, MOST_EVENT_BYTES, Call, Facts, Refusal
from ._answer import whole
from ._request import payload
from ._settings import traits
from ._stream import EventReader
from ._wire import message_decoder, refusal_of

_VERSION: Final = "2023-06-01"


class AnthropicTranslator:
    """Speaks Anthropic's Messages API; options: `api_version`, `beta`, `auth: bearer`, and those of `_settings`."""

    def __init__(self, endpoint: ProviderEndpoint) -> None:
        self._endpoint = endpoint
        self._traits = traits(endpoint.model, endpoint.options)
        self._headers = _headers(endpoint)

    def call(self, body: Body, *, streams: bool) -> Call:
        """The request for a call in OpenAI's form. Raises UntranslatableError."""
        endpoint = self._endpoint
        said = payload(body, model=endpoint.model, most_tokens=endpoint.max_output_tokens, traits=self._traits)
        if streams:
            said["stream"] = True
        made_tool = any(tool.get("name") == ANSWER_TOOL for tool in said.get("tools", ()))
        answer_tool = ANSWER_TOOL if made_tool else ""
        return Call("/messages", self._headers, msgspec.json.encode(said), answer_tool)

    def whole(self, raw: bytes, call: Call) -> tuple[dict[str, Any], Facts]:
        """A whole answer in OpenAI's form. Raises RefusedError or NonsenseError."""
        return whole(raw, call.answer_tool)

    def reader(self, call: Call) -> EventReader:
        """Reads the streamed answer to `call`."""
        return EventReader(answer_tool=call.answer_tool, most_event_bytes=MOST_EVENT_BYTES)

    def refusal(self, status: int, headers: Mapping[str, str], raw: bytes) -> Refusal:
        """What an answer with another status than 200 means."""
        later = later_s(headers)
        try:
            error = message_decoder.decode(raw).error
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            error = None
        if error is None:
            return refusal_of(status, "", said_in(raw), later)
        return refusal_of(status, error.type, error.message, later)


def _headers(endpoint: ProviderEndpoint) -> tuple[tuple[str, str], ...]:
    headers = [JSON_HEADER, ("anthropic-version", endpoint.options.get("api_version", _VERSION))]
    if beta := endpoint.options.get("beta"):
        headers.append(("anthropic-beta", beta))
    if endpoint.api_key:
        is_bearer = endpoint.options.get("auth") == "bearer"
        headers.append(
            ("authorization", f"Bearer {endpoint.api_key}") if is_bearer else ("x-api-key", endpoint.api_key)
        )
    return tuple(headers)
