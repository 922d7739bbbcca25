"""Answers that are given again: from memory on the event loop, from the database in a thread."""

import asyncio
from collections.abc import Callable

import msgspec

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.errors import PlimsollError

from .._types import Body, Completion
from ._key import Keys, keys_of
from ._memory import Memory
from ._pieces import from_text, is_whole, to_text
from ._similar import Similar
from ._store import AnswerStore
from ._types import Cached, Entry, Lifetimes, Scope
from ._writer import Writer

_MOST_MEMORY_BYTES = 64 * 2**20
_MOST_BYTES = 2**30
_LONGEST_ANSWER = 2**20
_LOOKS = 3
"""How often an answer is looked for that was found while something was purged: it may have been purged itself."""
_ALIKE = 1000
"""How many of the newest answers are compared with a question."""


def _epoch_s() -> float:
    return utc_now().timestamp()


class AnswerCache:
    """Gives an answer again to the same call, and where that is asked for to one that means the same.

    - Only within one scope: tenant, release, route and index.
    - Only whole answers: every choice has ended by itself, with `stop` or `tool_calls`, and says something.
    - Everything in a call that can change its answer must be the same, its `seed` and `temperature` too; a call with a
      temperature is answered again as any other.
    - Nothing waits for the database but a call of a route that keeps answers, and that in a thread. When the database
      does not answer, the call is a miss.
    - What is purged here, other processes forget within 5 seconds.
    """

    def __init__(
        self,
        store: AnswerStore,
        *,
        similar: Similar | None = None,
        most_bytes: int = _MOST_BYTES,
        most_memory_bytes: int = _MOST_MEMORY_BYTES,
        clock: Callable[[], float] = _epoch_s,
    ) -> None:
        """`most_bytes` is for the database; `clock` says the seconds since 1970."""
        self._store = store
        self._similar = similar
        self._clock = clock
        self._memory = Memory(most_memory_bytes)
        self._writer = Writer(store, similar, most_bytes=most_bytes, clock=clock)

    @property
    def lost(self) -> int:
        """Answers that could not be kept since the start."""
        return self._writer.lost

    async def find(self, scope: Scope, body: Body, lifetimes: Lifetimes) -> Cached | None:
        """The answer that is kept for a call, if there is one."""
        keys = self._keys(scope, body, lifetimes)
        if keys is None:
            return None
        for _ in range(_LOOKS):
            self._forget_purged()
            purges = self._memory.purges
            now = self._clock()
            entry = self._memory.get(keys.key, now) if lifetimes.exact_s is not None else None
            if entry is not None:
                return _cached(entry, now)
            found = await asyncio.to_thread(self._look, keys, lifetimes, now)
            if found is None:
                return None
            self._forget_purged()
            if self._memory.purges == purges:
                return self._remember(*found, now)
        return None

    def keep(self, scope: Scope, body: Body, completion: Completion, lifetimes: Lifetimes) -> None:
        """Keep an answer, soon: never waits, never raises for what cannot be kept."""
        keys = self._keys(scope, body, lifetimes)
        if keys is None or not is_whole(completion):
            return
        try:
            value = to_text(completion)
        except (UnicodeEncodeError, TypeError):
            return
        if len(value) + len(keys.asked) > _LONGEST_ANSWER:
            return
        entry = _entry(scope, keys, value, lifetimes, self._clock())
        if lifetimes.exact_s is not None:
            self._memory.put(entry)
        self._writer.add(entry)

    def flush(self) -> None:
        """Wait until everything that was kept before is in the database."""
        self._writer.flush()

    def purge_release(self, release: str) -> int:
        """Forget the answers of a release; says how many. This and the other purges wait for the database."""
        return self._purge(lambda: self._store.purge_release(release))

    def purge_tenant(self, tenant: str) -> int:
        """Forget the answers of a tenant; says how many."""
        return self._purge(lambda: self._store.purge_tenant(tenant))

    def purge_subject(self, identifier: str) -> int:
        """Forget the answers that were asked for a person or mention them; says how many. See AnswerStore."""
        return self._purge(lambda: self._store.purge_subject(identifier))

    def purge_all(self) -> int:
        """Forget everything; says how many answers those were."""
        return self._purge(self._store.purge_all)

    def close(self) -> None:
        """Write what waits, and end the thread."""
        self._writer.close()

    def _forget_purged(self) -> None:
        if self._writer.take_purged():
            self._memory.clear()

    def _remember(self, entry: Entry, similarity: float | None, now: float) -> Cached | None:
        if similarity is None:
            self._memory.put(entry)
        return _cached(entry, now, similarity)

    def _purge(self, purge: Callable[[], int]) -> int:
        self._writer.flush()
        try:
            return purge()
        finally:
            self._writer.tell_purged()

    def _keys(self, scope: Scope, body: Body, lifetimes: Lifetimes) -> Keys | None:
        if lifetimes.exact_s is None and lifetimes.semantic_s is None:
            return None
        return keys_of(scope, body, "" if self._similar is None else self._similar.fingerprint)

    def _look(self, keys: Keys, lifetimes: Lifetimes, now: float) -> tuple[Entry, float | None] | None:
        """An entry of the database: with None for the same call, else with the cosine. Runs in a thread."""
        try:
            if lifetimes.exact_s is not None:
                entry = self._store.get(keys.key, now)
                if entry is not None:
                    return entry, None
            if lifetimes.semantic_s is None or self._similar is None or not keys.partition:
                return None
            candidates = self._store.alike(keys.partition, now, _ALIKE)
            best = self._similar.best(keys.question, candidates, lifetimes.at_least)
            entry = None if best is None else self._store.get_similar(best[0], now)
            return None if entry is None or best is None else (entry, best[1])
        except PlimsollError:
            # The database is away: the model can be asked all the same.
            return None


def _entry(scope: Scope, keys: Keys, value: str, lifetimes: Lifetimes, now: float) -> Entry:
    semantic_s = lifetimes.semantic_s if keys.partition else None
    return Entry(
        key=keys.key,
        partition=keys.partition,
        tenant=scope.tenant,
        release=scope.release,
        user_id=keys.user_id,
        asked=keys.asked,
        question=keys.question if semantic_s is not None else "",
        vector=None,
        value=value,
        kept_at=now,
        expires_at=now + (lifetimes.exact_s or 0.0),
        similar_until=now + (semantic_s or 0.0),
    )


def _cached(entry: Entry, now: float, similarity: float | None = None) -> Cached | None:
    try:
        completion = from_text(entry.value)
    except msgspec.DecodeError:
        return None
    age_s = max(0.0, now - entry.kept_at)
    if similarity is None:
        return Cached("exact", completion, age_s)
    return Cached("semantic", completion, age_s, similarity)
