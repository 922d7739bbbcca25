"""Which release answers, without asking the database for each request, and what it answers to."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Protocol, cast

from plimsoll.kernel.digest import Digest
from plimsoll.registry import Registry
from plimsoll.releases import Manifest
from plimsoll.releases.environments import TrafficSplit

_LOOK_AGAIN_S = 0.5
"""How late a move may be seen where the database cannot tell that it changed."""
_BETWEEN_S = 0.005
"""How often the database is asked whether it changed: each time other threads get to run first."""


class Places(Protocol):
    """Where the pointers are kept; `Environments` is one."""

    @property
    def state(self) -> int | None:
        """Another number after every change; None where only time can tell."""

    def split(self, app: str, environment: str) -> TrafficSplit:
        """How the traffic of an environment is shared. Raises NothingLiveError and IntegrityError."""


class LivePointers:
    """The traffic splits of environments, kept until the records change.

    - A split is read again when anybody committed a change to the records, so no request that begins 5 milliseconds
      after a move is answered by what was live before. Where the database cannot tell, that may take half a second.
    - The state is noted before the split is read: a move in between is seen with the next request.
    - An error is never kept.
    """

    def __init__(self, environments: Places, *, now: Callable[[], float] = time.monotonic) -> None:
        self._environments = environments
        self._now = now
        self._seen: int | float | None = None
        self._look_at = float("-inf")
        self._splits: dict[tuple[str, str], TrafficSplit] = {}

    async def choose(self, app: str, environment: str, key: str) -> Digest:
        """The release that answers `key`, the live one or the candidate. Raises as `Places.split` does."""
        now = self._now()
        if now >= self._look_at:
            self._look_at = now + _BETWEEN_S
            state = self._state(now)
            if state != self._seen:
                self._splits, self._seen = {}, state
        place = (app, environment)
        split = self._splits.get(place)
        if split is None:
            splits = self._splits
            split = splits[place] = await asyncio.to_thread(self._environments.split, app, environment)
        chosen: Digest = split.choose(key) if split.share else split.live
        return chosen

    def _state(self, now: float) -> int | float:
        state = self._environments.state
        return state if state is not None else now // _LOOK_AGAIN_S


def endpoint_names(manifest: Manifest) -> tuple[str, ...]:
    """The endpoints of a release."""
    return tuple(key.partition(":")[2] for key in sorted(manifest.artifacts) if key.startswith("endpoint:"))


def served_names(manifest: Manifest, registry: Registry) -> dict[str, str]:
    """What a release serves: names of endpoints and of routes, each with what callers write as `model`."""
    routes = [key for key in sorted(manifest.artifacts) if key.startswith("route:")]
    contents = [cast("dict[str, Any]", registry.content(manifest.artifacts[key])) for key in routes]
    served = {name: name for content in contents for name in content.get("serves", ())}
    return {**served, **{name: f"{manifest.app}/{name}" for name in endpoint_names(manifest)}}
