"""`POST /v1/traces`: what is acknowledged is committed."""

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import Future
from http import HTTPStatus
from typing import Any

from starlette.types import Receive, Scope, Send

from plimsoll.kernel.errors import InvalidError, UnavailableError
from plimsoll.tracing.received import Outcome, Sender, Shipment

from ..load import Bodies, OverloadedError
from ._wire import (
    MOST_BYTES,
    ClientGoneError,
    Form,
    RefusedError,
    answer,
    form_of,
    read_body,
    status_body,
    success,
    too_large,
    unpacked_bytes,
)

_TOO_LARGE = "otlp_too_large"
_RETRY_S = 1.0
_MOST_READING_BYTES = 64 << 20
"""Of all requests that are being read; each counts with what has come of it."""


class OtlpReceiver:
    """Takes spans, hands them to the writer of traces, and answers when they are committed.

    An ASGI application for one route; whoever mounts it lets only POST through and checks keys before. `submit` is that
    of the recorder. `sender_of` says whose key was shown. The event loop never parses and never waits for the disk.
    """

    def __init__(
        self, submit: Callable[[Shipment, int], Future[Any]], app: str, sender_of: Callable[[Scope], Sender]
    ) -> None:
        self._submit = submit
        self._app = app
        self._sender_of = sender_of
        self._bodies = Bodies(_MOST_READING_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        is_json = False
        try:
            form = form_of(scope)
            is_json = form.is_json
            outcome = await self._taken(scope, receive, form)
        except ClientGoneError:
            return
        except RefusedError as refused:
            await _refuse(send, refused, is_json=is_json)
            return
        body = success(is_json=is_json, rejected=outcome.rejected, field="rejectedSpans", message=outcome.message)
        await answer(send, HTTPStatus.OK, body, is_json=is_json)

    async def _taken(self, scope: Scope, receive: Receive, form: Form) -> Outcome:
        sender = self._sender_of(scope)
        body = await self._read(receive, form, sender)
        if not body:
            return Outcome(0)
        size_bytes = unpacked_bytes(body, form)
        shipment = Shipment(body, self._app, form.is_json, form.is_gzip, sender, size_bytes)
        try:
            outcome: Outcome = await asyncio.wrap_future(self._submit(shipment, size_bytes))
        except UnavailableError as error:
            raise RefusedError(
                HTTPStatus.SERVICE_UNAVAILABLE, error.message, error.retry_after_s or _RETRY_S
            ) from error
        except InvalidError as error:
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if error.code == _TOO_LARGE else HTTPStatus.BAD_REQUEST
            raise RefusedError(status, f"{error.message}: {error.hint}") from error
        return outcome

    async def _read(self, receive: Receive, form: Form, sender: Sender) -> bytes:
        """The body, while there is room for it."""
        if form.length is not None and form.length > MOST_BYTES:
            raise too_large(MOST_BYTES)
        held = self._bodies.of(sender.team or sender.actor)
        try:
            return await read_body(receive, MOST_BYTES, held.add)
        except OverloadedError as error:
            message = "too much is being received at once"
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, message, error.retry_after_s) from error
        finally:
            held.leave()


async def _refuse(send: Send, refused: RefusedError, *, is_json: bool) -> None:
    after = refused.retry_after_s
    headers = [(b"retry-after", str(math.ceil(after)).encode())] if after is not None else []
    body = status_body(is_json=is_json, status=refused.status, message=refused.message)
    await answer(send, refused.status, body, is_json=is_json, headers=headers)
