"""What checks that ask somebody else are given, and what they are."""

import logging
import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar
from weakref import WeakValueDictionary

from plimsoll.kernel.errors import PlimsollError

from .._types import NO_CONTEXT, Context, Found
from ._errors import CheckTimeoutError, NobodyToAskError
from .requests import Question, present

_log = logging.getLogger("plimsoll.checks")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Post:
    """One POST that a check wants to be sent. Its headers may hold secrets, and its body holds the text."""

    check: str
    """Who asks, as errors name it."""
    url: str
    body: bytes = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    timeout_s: float = 10.0
    """For all of it, from the look-up of the name to the last byte."""
    most_bytes: int = 1_000_000
    """Of the answer."""
    private_addresses: bool = False
    """Whether servers of this machine and of private networks may be asked."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By their names in lower case."""


@dataclass(frozen=True, slots=True)
class Server:
    """The provider behind a route, for a check that speaks with it in a way of its own."""

    base_url: str | None
    """None for the provider's usual address."""
    api_key: str | None = field(repr=False)


class Outside(Protocol):
    """Whom checks can ask. Any thread may call it, and waits for the answer; whatever fails raises PlimsollError."""

    @property
    def folder(self) -> Path:
        """The project's folder, where relative paths begin."""
        ...

    def secret(self, text: str, *, where: str) -> str:
        """`text` with every `${env:NAME}` replaced; `where` says who needs it. Never to be kept or logged."""
        ...

    def route_version(self, route: str) -> str:
        """The digest of a route of the release. Raises NotFoundError where the release has none of this name."""
        ...

    def complete(self, question: Question) -> str:
        """The text with which a route answers. Raises CheckTimeoutError when it takes too long."""
        ...

    def server(self, route: str) -> Server:
        """The provider that a route names first."""
        ...

    def post(self, post: Post) -> Reply:
        """What a server answers, redirects and refusals included. Raises PrivateAddressError and ExchangeError."""
        ...


class Shared(Generic[T]):
    """What takes long to load, kept while somebody uses it: several releases may name the same."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: WeakValueDictionary[Hashable, T] = WeakValueDictionary()

    def get(self, key: Hashable, load: Callable[[], T]) -> T:
        """What is known by this key, else what `load` gives. Raises what that raises."""
        with self._lock:
            found = self._known.get(key)
            if found is None:
                found = self._known[key] = load()
            return found


class Deadline:
    """Until when one answer may take, for a check that asks or works in several steps."""

    def __init__(self, check: str, limit_s: float) -> None:
        self._check = check
        self._limit_s = limit_s
        self._until = time.monotonic() + limit_s

    def left_s(self) -> float:
        """Seconds that are left. Raises CheckTimeoutError where there are none."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise CheckTimeoutError(self._check, self._limit_s)
        return left


Look = Callable[[str, Context], Sequence[Found]]
"""Asks, and says what was found in a text that is not empty; raises PlimsollError where there is no verdict."""
Key = Callable[[str, Context], Hashable]
"""All that is asked about a text: what has the same key has the same answer."""


class OutsideCheck:
    """A check that asks somebody else, or may take long; see `plimsoll.checks.Check`. Safe for several threads.

    Without an answer it raises, always. Why stands in the log, once for each new reason: nobody else is told. Within
    one request the same thing is asked once.
    """

    waits = True

    def __init__(
        self,
        name: str,
        kinds: tuple[str, ...],
        look: Look | None,
        *,
        version: str = "",
        by_sentence: bool = False,
        key: Key | None = None,
    ) -> None:
        """Without `look` there is nobody to ask, and every text raises NobodyToAskError.

        Without a `key` all of the context is asked, and no other check asks the same.
        """
        self.name = name
        self.kinds = kinds
        self.version = version
        self.by_sentence = by_sentence
        """Whether answers that stream are looked at sentence by sentence: each of them is asked about by itself."""
        self._look = look
        self._key = key
        self._why = ""

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:
        """See Check. Nothing is asked about an empty text. Raises PlimsollError."""
        if not text:
            return ()
        try:
            inquiry = present()
            if inquiry is None:
                found = self._asked()(text, context)
            else:
                key = (self, text, context) if self._key is None else self._key(text, context)
                found = inquiry.once(key, lambda: self._asked()(text, context))
        except PlimsollError as error:
            self._tell(f"{error.message}; {error.hint}" if error.hint else error.message)
            raise
        self._tell("")
        return found

    def _asked(self) -> Look:
        if self._look is None:
            raise NobodyToAskError(self.name)
        return self._look

    def _tell(self, why: str) -> None:
        if why == self._why:
            return
        self._why = why
        if why:
            _log.warning("no verdict: %s", why)
        else:
            _log.info("the check %s answers again", self.name)
