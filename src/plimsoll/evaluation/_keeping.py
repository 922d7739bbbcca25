"""Keeping finished rows while a run goes on: many in one transaction, none longer in memory than a moment."""

import asyncio
from types import TracebackType
from typing import Final, Self

from .cases import Cases, KeptCase

_MOST: Final = 256
_WAIT_S: Final = 0.1
"""So much work may be lost with the process, beside the rows that were under way."""


class Keeper:
    """Writes in a thread what rows hand in; leaving it waits until everything is written, and raises what went wrong.

    Whoever hands in rows faster than they can be written waits.
    """

    def __init__(self, cases: Cases | None) -> None:
        self._cases = cases
        self._waiting: asyncio.Queue[KeptCase | None] = asyncio.Queue(4 * _MOST)
        self._writing: asyncio.Task[None] | None = None

    @property
    def is_keeping(self) -> bool:
        """Whether rows are kept at all."""
        return self._cases is not None

    async def __aenter__(self) -> Self:
        if self._cases is not None:
            self._writing = asyncio.create_task(self._write(self._cases))
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._writing is not None:
            if not self._writing.done():
                await self._waiting.put(None)
            await self._writing

    async def keep(self, case: KeptCase) -> None:
        """Hand in a finished row."""
        if self._writing is None:
            return
        if self._writing.done():
            # The writer ends early only with an error, which is raised on leaving.
            return
        await self._waiting.put(case)

    async def _write(self, cases: Cases) -> None:
        is_open = True
        while is_open:
            batch = [await self._waiting.get()]
            await asyncio.sleep(_WAIT_S if self._waiting.qsize() < _MOST else 0)
            while len(batch) < 4 * _MOST and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            is_open = None not in batch
            rows = [case for case in batch if case is not None]
            if rows:
                await asyncio.to_thread(cases.keep, rows)
