"""Decides that a stage need not run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ._errors import StageOutputLostError
from ._store import StageCache


@dataclass(slots=True)
class StageCount:
    """How much of a stage was done, and how much was known already."""

    done: int = 0
    cached: int = 0


@dataclass(slots=True)
class CachedStage:
    """One stage over many inputs: known outputs come from the cache, the others are made and remembered."""

    name: str
    cache: StageCache
    count: StageCount = field(default_factory=StageCount)

    def known(self, keys: Sequence[str]) -> dict[str, bytes]:
        """The outputs that need not be made, by key."""
        found = self.cache.get(self.name, keys)
        self.count.cached += len(found)
        return found

    def present(self, keys: Sequence[str]) -> set[str]:
        """The keys whose outputs need not be made, without reading the outputs."""
        found = self.cache.present(self.name, keys)
        self.count.cached += len(found)
        return found

    def read(self, keys: Sequence[str]) -> list[bytes]:
        """The outputs of keys that are present, in order, for a later stage. Raises StageOutputLostError."""
        found = self.cache.get(self.name, keys)
        if any(key not in found for key in keys):
            raise StageOutputLostError(self.name)
        return [found[key] for key in keys]

    def remember(self, outputs: Mapping[str, bytes]) -> None:
        """Keep outputs that were just made."""
        self.cache.put(self.name, outputs)
        self.count.done += len(outputs)

    def through(self, keys: Sequence[str], make: Callable[[Sequence[int]], Sequence[bytes]]) -> list[bytes]:
        """The output for each key, in order; `make` is given the places of the ones that are not known.

        The same key at several places is made once.
        """
        outputs = self.known(keys)
        places = {key: place for place, key in reversed(list(enumerate(keys))) if key not in outputs}
        missing = sorted(places.values())
        if missing:
            made = {keys[place]: value for place, value in zip(missing, make(missing), strict=True)}
            self.remember(made)
            outputs |= made
        return [outputs[key] for key in keys]
