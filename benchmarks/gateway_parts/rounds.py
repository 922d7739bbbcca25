"""Interleaved rounds over all products, and what comes of them."""

import re
import statistics
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.gateway_parts.measure import PRODUCT_CORE, BenchmarkError, Running, Tools, answer_to, start, wait_for
from benchmarks.gateway_parts.products import Product

CONNECTIONS = (1, 16, 64)
PACED = (1, 16, 64)
STREAMS_EACH = 2
WARM_S = 2.0
BURST = 2000
"""Tokens of one burst, as the upstream sends it."""

Numbers = dict[str, Any]
_BASE = re.compile(r"BASE http://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True, slots=True)
class Wish:
    """How a product is called in one measure."""

    kind: str
    connections: int
    seconds: float
    streams: int = 0
    """How many streams each connection reads; 0 for as many as the seconds allow."""
    stream: bool = False


@dataclass(slots=True)
class Entrant:
    """A product that runs, and what was measured of it, round by round."""

    product: Product
    running: Running | None
    start_s: float | None = None
    seen: dict[str, list[Numbers]] = field(default_factory=dict)
    memory_mb: float | None = None
    idle_streams: Numbers | None = None

    def cpu_s(self) -> float:
        """Processor time so far; what is called directly has none of its own."""
        return self.running.cpu_s() if self.running else 0.0

    def middle(self, what: str, *path: str) -> float | None:
        """The median over all rounds of one number; None when it was not measured."""
        found = []
        for numbers in self.seen.get(what, []):
            value: Any = numbers
            for part in path:
                value = value.get(part) if isinstance(value, dict) else None
            if value is not None:
                found.append(float(value))
        return statistics.median(found) if found else None


def enter(product: Product, tools: Tools) -> Entrant:
    """Start a product and wait for its first good answer. Raises BenchmarkError."""
    if not product.command:
        return Entrant(product, None)
    running = start(product.name, product.command, tools.folder, core=PRODUCT_CORE, environ=product.environ)
    entrant = Entrant(product, running)
    last = ["nothing"]

    def answers() -> bool:
        if not entrant.product.port and (said := _BASE.search(running.tail())):
            entrant.product = replace(product, port=int(said[1]))
        port = entrant.product.port
        answer = answer_to(port, entrant.product.request("instant")) if port else b""
        if answer:
            last[:] = [answer.decode(errors="replace")[:1500]]
        return answer.startswith(b"HTTP/1.1 200")

    try:
        entrant.start_s = round(wait_for(answers, running, product.start_s), 2)
    except BenchmarkError as error:
        running.stop()
        message = f"{error}\nits last answer: {last[0]}"
        raise BenchmarkError(message) from None
    say(f"{product.name}: up after {entrant.start_s:.1f} s")
    return entrant


def measure(entrants: Sequence[Entrant], tools: Tools, *, rounds: int, seconds: float) -> None:
    """Warm everything up, then measure in turns, so that a noisy minute of the machine meets all alike."""
    for entrant in entrants:
        _call(entrant, tools, Wish("instant", 4, WARM_S))
        _call(entrant, tools, Wish("slow", 1, 1, streams=1))
    wishes = {
        **{f"c{each}": Wish("instant", each, seconds) for each in CONNECTIONS},
        "slow c8": Wish("slow", 8, seconds),
        "burst": Wish("burst", 2, seconds, stream=True),
        **{f"paced {each}": Wish("slow", each, 1, streams=8 if each == 1 else STREAMS_EACH) for each in PACED},
    }
    for number in range(rounds):
        for what, wish in wishes.items():
            for entrant in entrants:
                note(entrant, what, _call(entrant, tools, wish))
        say(f"round {number + 1} of {rounds}")
    for entrant in entrants:
        if entrant.running is not None:
            entrant.memory_mb = entrant.running.memory_mb()


def measure_idle(entrant: Entrant, tools: Tools, streams: int) -> None:
    """Open many streams that stay open, and see what they take."""
    if entrant.running is None:
        return
    before = entrant.running.memory_mb()
    request = entrant.product.request("idle", stream=True)
    most = [before]
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.2):
            most.append(entrant.running.memory_mb() if entrant.running else 0)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        found = tools.call(entrant.product.port, request, connections=streams, seconds=8, streams=-1)
    finally:
        done.set()
        watcher.join()
    entrant.idle_streams = {
        "open": found["open"],
        "before_mb": before,
        "most_mb": max(most),
        "kib_each": round((max(most) - before) * 1000 / 1.024 / max(found["open"], 1), 1),
    }
    say(f"{entrant.product.name}: {found['open']} idle streams, {max(most):.0f} MB")


def _call(entrant: Entrant, tools: Tools, wish: Wish) -> Numbers:
    product = entrant.product
    request = product.request(wish.kind, stream=wish.stream or wish.streams != 0)
    before = entrant.cpu_s()
    found = tools.call(product.port, request, connections=wish.connections, seconds=wish.seconds, streams=wish.streams)
    spent_us = (entrant.cpu_s() - before) * 1e6
    good = found["requests"] - found["errors"]
    found["cpu_us"] = spent_us / max(good, 1)
    found["rps"] = good / found["seconds"]
    # A gateway may put several tokens of a burst into one event; all were read and sent.
    tokens = good * BURST if wish.kind == "burst" else found["tokens"]
    if tokens:
        found["cpu_us_token"] = spent_us / tokens
        found["tokens_s"] = tokens / found["seconds"]
    return found


def note(entrant: Entrant, what: str, found: Numbers) -> None:
    """Keep what was seen; a measure with many errors says so."""
    entrant.seen.setdefault(what, []).append(found)
    if found["errors"] > found["requests"] / 100:
        say(f"{entrant.product.name}: {what}: {found['errors']} of {found['requests']} failed")


def summary(entrant: Entrant, direct: Entrant) -> Numbers:
    """What is told of one product: medians over the rounds, and what it adds to the direct way."""

    def added(what: str, *path: str) -> float | None:
        own, least = entrant.middle(what, *path), direct.middle(what, *path)
        return None if own is None or least is None else round(own - least, 3)

    cpu = [value for what in ("c16", "c64") if (value := entrant.middle(what, "cpu_us")) is not None]
    counted = [numbers for seen in entrant.seen.values() for numbers in seen]
    return {
        "cpu_us": rounded(statistics.mean(cpu)) if cpu and entrant.running else None,
        "rps": {f"c{each}": rounded(entrant.middle(f"c{each}", "rps")) for each in CONNECTIONS},
        "added_ms": {
            "c1 p50": added("c1", "latency_ms", "p50"),
            "c1 p99": added("c1", "latency_ms", "p99"),
            "slow c8 p50": added("slow c8", "latency_ms", "p50"),
            "slow c8 p99": added("slow c8", "latency_ms", "p99"),
        },
        "burst": {
            "cpu_us_token": rounded(entrant.middle("burst", "cpu_us_token"), 2) if entrant.running else None,
            "tokens_s": rounded(entrant.middle("burst", "tokens_s")),
        },
        "paced": {
            str(each): {
                "added_first_token_ms": added(f"paced {each}", "first_token_ms", "p50"),
                "added_token_ms p50": added(f"paced {each}", "transit_ms", "p50"),
                "added_token_ms p99": added(f"paced {each}", "transit_ms", "p99"),
                "cpu_us_token": rounded(entrant.middle(f"paced {each}", "cpu_us_token")) if entrant.running else None,
            }
            for each in PACED
        },
        "memory_mb": entrant.memory_mb,
        "start_s": entrant.start_s,
        "idle_streams": entrant.idle_streams,
        "requests": sum(numbers["requests"] for numbers in counted),
        "errors": sum(numbers["errors"] for numbers in counted),
    }


def ratios(found: Mapping[str, Numbers]) -> dict[str, dict[str, float]]:
    """Processor time for each request, as a multiple of nginx's and as a fraction of LiteLLM's."""
    told: dict[str, dict[str, float]] = {}
    nginx = found.get("nginx", {}).get("cpu_us")
    litellm = found.get("litellm", {}).get("cpu_us")
    for name, numbers in found.items():
        own = numbers["cpu_us"]
        if own:
            told[name] = {
                **({"times nginx": round(own / nginx, 2)} if nginx else {}),
                **({"litellm is times this": round(litellm / own, 1)} if litellm else {}),
            }
    return told


def rounded(value: float | None, digits: int = 1) -> float | None:
    """A number for people."""
    return None if value is None else round(value, digits)


def say(text: str) -> None:
    """Tell of the progress."""
    print(text, file=sys.stderr, flush=True)
