"""Keys of providers that stand in files, and are read again when the files change: so keys change without a restart."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

from plimsoll.kernel.errors import InvalidError
from plimsoll.models import (
    Body,
    ChatEnd,
    ChatModel,
    ChatRequest,
    Chunks,
    Completion,
    EmbeddingModel,
    Embeddings,
)
from plimsoll.settings import SecretMissingError

_log = logging.getLogger("plimsoll.keys")

LOOK_AGAIN_S: Final = 2.0
"""How often a file is looked at, while calls come."""
_MOST_BYTES: Final = 16_384

Stamp = tuple[int, int, int, int]


class KeyFileError(SecretMissingError):
    """The file of a key cannot be used. Neither the sentence nor the hint holds anything that stands in it."""

    def __init__(self, file: str, where: str, why: str) -> None:
        InvalidError.__init__(
            self,
            f"{where} needs the key in the file {file}, which {why}",
            hint="write the key into that file, on one line and with nothing else; it is looked at every few seconds",
        )
        self.named = file, where
        self.why = why


class KeyFile:
    """A file whose whole content is a key: `name`, as `where` writes it, in the project's `folder`.

    A name that is absolute is taken as it is. Errors say no more of where it lies than what was written.
    """

    def __init__(self, folder: Path, name: str, where: str) -> None:
        self._path = folder / name
        self._name = name
        self._where = where
        self._seen: Stamp | None = None

    @property
    def changed(self) -> bool:
        """Whether it is another file, or was written, since it was read."""
        return self._seen is None or _stamp(self._path) != self._seen

    def read(self) -> str:
        """The key. Raises KeyFileError."""
        # Before it is read: what is written meanwhile is seen the next time.
        stamp = _stamp(self._path)
        try:
            with self._path.open("rb") as file:
                raw = file.read(_MOST_BYTES + 1)
        except FileNotFoundError:
            raise self.unusable("does not exist") from None
        except OSError:
            raise self.unusable("cannot be read") from None
        if len(raw) > _MOST_BYTES:
            raise self.unusable("is too long for a key")
        try:
            key = raw.decode("ascii").strip()
        except UnicodeDecodeError:
            raise self.unusable("has characters that cannot be sent") from None
        if not key:
            raise self.unusable("is empty")
        if not key.isprintable():
            raise self.unusable("has more than one line, or characters that cannot be sent")
        self._seen = stamp
        return key

    def unusable(self, why: str) -> KeyFileError:
        """The error that says why it cannot be used."""
        return KeyFileError(self._name, self._where, why)


class _Closing(Protocol):
    async def close(self) -> None: ...


M = TypeVar("M", bound=_Closing)


class _Rekeyed(Generic[M]):
    """A model that is made anew whenever its file holds another key.

    - A call that finds that the last look is too long ago looks first, off the event loop; the others do not wait.
    - Calls under way go on with the key that they began with.
    - While the file cannot be used, the last good key goes on, and the log says so; without one, calls are refused.
    """

    def __init__(
        self, name: str, file: KeyFile, make: Callable[[str], M], *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self._file = file
        self._make = make
        self._now = now
        self._model: M | None = None
        self._key = ""
        self._why = ""
        """Why the file cannot be used; empty where it can."""
        self._look()
        self._look_at = now() + LOOK_AGAIN_S

    async def close(self) -> None:
        """Give back connections."""
        if self._model is not None:
            await self._model.close()

    @property
    def _is_due(self) -> bool:
        return self._now() >= self._look_at

    async def _newest(self) -> M:
        """The model with the key that the file holds now. Raises KeyFileError where there never was one."""
        if self._is_due:
            self._look_at = self._now() + LOOK_AGAIN_S
            await asyncio.get_running_loop().run_in_executor(None, self._look)
        return self._present()

    def _present(self) -> M:
        if self._model is None:
            # A new one each time: an error that is raised again keeps every place where it was raised before.
            raise self._file.unusable(self._why)
        return self._model

    def _look(self) -> None:
        """Read the file where it changed. Never raises."""
        if not self._file.changed:
            return
        try:
            key = self._file.read()
            if key != self._key:
                self._model, self._key = self._make(key), key
            self._why = ""
        except KeyFileError as error:
            if self._why != error.why:
                _log.warning("%s%s", error.message, "" if self._model is None else "; the last key goes on")
            self._why = error.why


class RekeyedChatModel(_Rekeyed[ChatModel]):
    """A chat model whose key stands in a file."""

    async def complete(self, request: ChatRequest) -> Completion:
        """See ChatModel. Raises KeyFileError as well."""
        return await (await self._newest()).complete(request)

    def stream(self, request: ChatRequest) -> AsyncGenerator[Chunks | ChatEnd]:
        """See ChatModel. Raises KeyFileError as well."""
        if self._model is not None and not self._is_due:
            return self._model.stream(request)
        return self._looked_first(request)

    async def _looked_first(self, request: ChatRequest) -> AsyncGenerator[Chunks | ChatEnd]:
        model = await self._newest()
        async with aclosing(model.stream(request)) as events:
            async for event in events:
                yield event


class RekeyedEmbeddingModel(_Rekeyed[EmbeddingModel]):
    """A model of embeddings whose key stands in a file."""

    async def embed_texts(self, inputs: Sequence[str] | Sequence[Sequence[int]], parameters: Body) -> Embeddings:
        """See EmbeddingModel. Raises KeyFileError as well."""
        return await (await self._newest()).embed_texts(inputs, parameters)


def _stamp(path: Path) -> Stamp | None:
    """What changes when a file is replaced or written; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size
