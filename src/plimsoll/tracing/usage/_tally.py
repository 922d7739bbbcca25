"""Adding up what requests used, before it goes to the database."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

HOUR_NS = 3_600_000_000_000

_STEPS = 8
"""Buckets of latencies for each doubling: each is 9 % wider than the one before."""
_LAST_BUCKET = 255
_BUCKETS = [f"{bucket:03}" for bucket in range(_LAST_BUCKET + 1)]
_ENDS = [2 ** (bucket / _STEPS) for bucket in range(_LAST_BUCKET)]


class Counts(NamedTuple):
    """What is added up."""

    requests: int = 0
    errors: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost_pico: int = 0
    priced: int = 0
    """Requests or model calls whose cost is known."""
    unknown: int = 0


class Place(NamedTuple):
    """Whose sums, and of which hour."""

    app: str
    hour: int
    source: str
    environment: str


_Key = tuple[Place, str, str]


class Tally:
    """Sums of many requests, by every dimension."""

    def __init__(self) -> None:
        # Adding up waits for the end: then it is one pass for each key.
        self._whole: defaultdict[tuple[Place, tuple[str, ...]], list[Counts]] = defaultdict(list)
        self._single: defaultdict[_Key, list[Counts]] = defaultdict(list)

    def add(self, place: Place, named: tuple[str, ...], user: str, counts: Counts) -> None:
        """Count a request. `named` are its endpoint, team, project, key, release and status."""
        self._whole[place, named].append(counts)
        self._single[place, "user", user].append(counts)

    def add_to(self, place: Place, dimension: str, value: str, counts: Counts) -> None:
        """Count in one dimension alone."""
        self._single[place, dimension, value].append(counts)

    def rows(self) -> Iterator[tuple[str | int, ...]]:
        """Rows of `usage_hour`, each key once."""
        sums = defaultdict(list, {key: list(counts) for key, counts in self._single.items()})
        for (place, named), counts in self._whole.items():
            total = _sum(counts)
            for dimension, value in zip(NAMED, ("", *named), strict=True):
                sums[place, dimension, value].append(total)
        for (place, dimension, value), counts in sums.items():
            total = _sum(counts)
            if any(total):
                yield (place.app, dimension, place.hour, place.source, place.environment, value, *total)


NAMED = ("", "endpoint", "team", "project", "key", "release", "status")


def latency_bucket(latency_ms: float) -> str:
    """The name of the bucket of a latency: the n-th ends at 2^(n/8) ms."""
    return _BUCKETS[bisect_left(_ENDS, latency_ms)] if latency_ms > 1 else _BUCKETS[0]


def bucket_end_ms(bucket: str) -> float:
    """The longest latency in a bucket."""
    return float(2 ** (int(bucket) / _STEPS))


def _sum(counts: Sequence[Counts]) -> Counts:
    return counts[0] if len(counts) == 1 else Counts(*map(sum, zip(*counts, strict=True)))
