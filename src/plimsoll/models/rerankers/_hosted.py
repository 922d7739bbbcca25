"""Rerankers behind a server."""

import asyncio
import random as randomness
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from plimsoll.http import Client, Response
from plimsoll.kernel.digest import digest_json
from plimsoll.kernel.errors import PlimsollError

from .._errors import ProviderTimeoutError
from ..providers._endpoint import ProviderEndpoint
from ..providers.openai._refusals import FAILURES, Refusals
from ._dialects import Dialect, read_scores
from ._types import checked

_VERSION: Final = "hosted-1"
_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_RETRIES: Final = 2
_FIRST_WAIT_S: Final = 0.2
_LONGEST_WAIT_S: Final = 2.0
_MOST_BYTES: Final = 4_194_304


class HostedReranker:
    """Asks a server, in batches that it takes, again where that may help, and never longer than the whole time allows.

    It closes nothing: the client is shared. Redirects are refused, because the key would go along.
    """

    def __init__(
        self,
        endpoint: ProviderEndpoint,
        dialect: Dialect,
        *,
        client: Client,
        revision: str = "",
        random: Callable[[], float] = randomness.random,
    ) -> None:
        self._endpoint = endpoint
        self._dialect = dialect
        self._client = client
        self._random = random
        self._refusals = Refusals(endpoint)
        self.fingerprint = f"{endpoint.route_model}+{_VERSION}+{digest_json(revision)}"

    @property
    def name(self) -> str:
        """Such as `cohere/rerank-v3.5`."""
        return self._endpoint.route_model

    async def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """See Reranker. Raises ProviderTimeoutError when all batches together take too long."""
        most = self._dialect.most_texts
        batches = [texts[first : first + most] for first in range(0, len(texts), most)]
        try:
            async with asyncio.timeout(self._endpoint.total_s), asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._batch(question, batch)) for batch in batches]
        except TimeoutError:
            raise ProviderTimeoutError(self.name, "total", self._endpoint.total_s) from None
        except ExceptionGroup as several:
            raise several.exceptions[0] from None
        return checked(self.name, texts, [score for task in tasks for score in task.result()])

    async def close(self) -> None:
        """Nothing to do: whoever made the client closes it."""

    async def _batch(self, question: str, texts: Sequence[str]) -> list[float]:
        body = self._encoded(question, texts)
        for tries in range(_RETRIES):
            try:
                return await self._asked(body, len(texts))
            except PlimsollError as error:
                wait_s = self._wait_s(error, tries)
                if wait_s is None:
                    raise
            await asyncio.sleep(wait_s)
        return await self._asked(body, len(texts))

    async def _asked(self, body: bytes, count: int) -> list[float]:
        url = f"{self._endpoint.base_url}{self._dialect.path}"
        try:
            response = await self._client.send(
                "POST", url, headers=self._headers(), body=body, timeouts=self._endpoint.timeouts
            )
            return read_scores(await self._accepted(response), count)
        except FAILURES as error:
            raise self._refusals.of_failure(error) from None

    async def _accepted(self, response: Response) -> bytes:
        try:
            if response.status in _REDIRECTS:
                raise self._refusals.redirected(response.status)
            raw = await response.read(_MOST_BYTES)
        finally:
            response.release()
        if response.status != _OK:
            raise self._refusals.of_response(response.status, response.headers, raw)
        return raw

    def _wait_s(self, error: PlimsollError, tries: int) -> float | None:
        """Seconds before another try; None when none helps in time."""
        if getattr(error, "retryable", False) is not True:
            return None
        wanted: float | None = getattr(error, "retry_after_s", None)
        if wanted is None:
            return self._random() * _FIRST_WAIT_S * (2.0**tries)
        return wanted if wanted <= _LONGEST_WAIT_S else None

    def _encoded(self, question: str, texts: Sequence[str]) -> bytes:
        try:
            return msgspec.json.encode(self._dialect.body(self._endpoint.model, question, texts))
        except (TypeError, ValueError):
            raise self._refusals.unsendable("it holds something that JSON cannot hold") from None

    def _headers(self) -> tuple[tuple[str, str], ...]:
        headers = [("content-type", "application/json"), ("accept", "application/json"), ("user-agent", "plimsoll")]
        if self._endpoint.api_key is not None:
            headers.append(("authorization", f"Bearer {self._endpoint.api_key}"))
        return tuple(headers)
