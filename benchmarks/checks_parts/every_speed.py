"""How long each embedded check of input takes, and all of them together, in processor time.

The texts are prose that comes with Python (its language reference), a different stretch each time, as requests are.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from pydoc_data.topics import topics
from typing import Any

from plimsoll.checks import Check
from plimsoll.checks.attacks import injection
from plimsoll.checks.catalogue import make_check

_SIZES = {"1kB": (1000, 60), "10kB": (10_000, 15)}
_OTHERS = ("pii", "secrets", "names", "jailbreak", "moderation", "toxicity", "links", "invisible", "encoded")
_PATTERNS = ("pii", "secrets", "links", "invisible")


def measure_every_check() -> dict[str, Any]:
    """Medians in microseconds: of each check, of those made of patterns, and of all, one after the other."""
    checks: dict[str, Check] = {name: make_check(name, {"check": name}) for name in _OTHERS}
    checks["injection"] = injection()
    told: dict[str, Any] = {}
    for size, (length, count) in _SIZES.items():
        texts = _texts(length, count)
        each = {name: _median_us(check.find, texts) for name, check in checks.items()}
        told[f"check_us_{size}"] = each
        told[f"patterns_us_{size}"] = sum(each[name] for name in _PATTERNS)
        told[f"all_us_{size}"] = _median_us(lambda text: [check.find(text) for check in checks.values()], texts)
    return told


def _texts(length: int, count: int) -> list[str]:
    prose = "\n".join(topics[name] for name in sorted(topics))
    step = len(prose) // (count + 1)
    return [prose[at * step : at * step + length] for at in range(count)]


def _median_us(find: Callable[[str], object], texts: Sequence[str]) -> float:
    for text in texts:
        find(text)
    times = []
    for text in texts:
        started = time.process_time_ns()
        find(text)
        times.append((time.process_time_ns() - started) / 1000)
    return statistics.median(times)
