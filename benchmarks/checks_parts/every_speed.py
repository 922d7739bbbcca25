"""How long each embedded check of input takes, and all of them together, in processor time on one core.

The texts are prose that comes with Python (its language reference), in pieces of 10 kB. Half of them are for warming
up, so that checks which keep what they know of words have met the words of such texts, as in a process that runs for a
while; each figure then comes from pieces that nothing was asked about before, because requests seldom come twice. But
checks that share a model are asked about the same pieces, and the second one knows their words. `all_again_us_…` are
all checks on texts whose words are all known: a process comes nearer to that the longer it runs.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pydoc_data.topics import topics
from typing import Any

from plimsoll.checks import Check
from plimsoll.checks.catalogue import make_check

_PIECE, _KINDS = 10_000, 8
_SIZES = {"1kB": (1000, 0), "10kB": (10_000, 4)}
"""Characters of a text, and which of the pieces (their number modulo `_KINDS`) are for each check; two on, for all."""
_CHECKS = (
    *("pii", "secrets", "names", "injection", "jailbreak", "moderation", "toxicity"),
    *("links", "invisible", "encoded"),
)
_PATTERNS = ("pii", "secrets", "links", "invisible")


def measure_every_check() -> dict[str, Any]:
    """Medians in microseconds: of each check, of those made of patterns, and of all, one after the other.

    `bound_to_one_core` is false where the system cannot do that; then other threads of a check would count as well.
    """
    checks: dict[str, Check] = {name: make_check(name, {"check": name}) for name in _CHECKS}
    with _one_core() as is_bound:
        told: dict[str, Any] = {"bound_to_one_core": is_bound}
        for text in _texts(1000, *range(1, _KINDS, 2)):
            for check in checks.values():
                check.find(text)
        for size, (length, kind) in _SIZES.items():
            each = {name: _median_us(check.find, _texts(length, kind)) for name, check in checks.items()}
            told[f"check_us_{size}"] = each
            told[f"patterns_us_{size}"] = sum(each[name] for name in _PATTERNS)
            together = _texts(length, kind + 2)
            for name in ("all_us", "all_again_us"):
                told[f"{name}_{size}"] = _median_us(lambda text: [one.find(text) for one in checks.values()], together)
    return told


@contextmanager
def _one_core() -> Iterator[bool]:
    """Whether this process is bound to one core meanwhile."""
    if not hasattr(os, "sched_setaffinity"):
        yield False
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield True
    finally:
        os.sched_setaffinity(0, cores)


def _texts(length: int, *kinds: int) -> list[str]:
    """Texts of so many characters, of pieces of some kinds."""
    prose = "\n".join(topics[name] for name in sorted(topics))
    starts = [at for at in range(0, len(prose) - _PIECE, _PIECE) if at // _PIECE % _KINDS in kinds]
    return [prose[at : at + length] for start in starts for at in range(start, start + _PIECE, length)]


def _median_us(find: Callable[[str], object], texts: Sequence[str]) -> float:
    times = []
    for text in texts:
        started = time.process_time_ns()
        find(text)
        times.append((time.process_time_ns() - started) / 1000)
    return statistics.median(times)
