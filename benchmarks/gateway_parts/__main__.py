"""Runs the benchmark; see `benchmarks/gateway.py`."""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks.gateway_parts import products
from benchmarks.gateway_parts.claims import claims, table
from benchmarks.gateway_parts.measure import CORES, BenchmarkError, Tools, free_port, tools
from benchmarks.gateway_parts.plimsoll_side import plimsoll
from benchmarks.gateway_parts.products import Product
from benchmarks.gateway_parts.rounds import Entrant, enter, measure, measure_idle, ratios, say, summary

NAMES = ("direct", "nginx", "passthrough", "plimsoll off", "plimsoll on", "tensorzero", "portkey", "litellm")
HOLD_IDLE = ("nginx", "passthrough", "plimsoll off", "plimsoll on")


def main() -> None:
    """Run what is asked for, and print one JSON object."""
    given = arguments()
    wanted = set(given.only.split(",")) if given.only else set(NAMES)
    if len(CORES) < 2:  # noqa: PLR2004 (one for the product, one for its callers)
        sys.exit("two processor cores are needed: one for the product, one for its callers")
    began = time.monotonic()
    with tools() as made, ExitStack() as stack:
        entrants = started(list(choose(made, wanted, given.peers)), made, stack)
        measure(entrants, made, rounds=given.rounds, seconds=given.seconds)
        for entrant in entrants:
            if given.idle and entrant.product.name in HOLD_IDLE:
                measure_idle(entrant, made, given.idle)
    found = {each.product.name: summary(each, entrants[0]) for each in entrants}
    held = claims(found)
    if not given.json:
        print(table(found))
        for claim, value in held.items():
            say(f"{'holds' if value['holds'] else 'FAILS'}: {claim} ({value['measured']})")
    result = {
        "set": "gateway",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "rounds": given.rounds,
        "seconds": round(time.monotonic() - began, 1),
        "metrics": found,
        "ratios": ratios(found),
        "claims": held,
        "passed": all(value["holds"] for value in held.values()),
    }
    print(json.dumps(result))
    sys.exit(0 if result["passed"] else 1)


def arguments() -> argparse.Namespace:
    """What is to be measured."""
    parser = argparse.ArgumentParser(description="Compare gateways by what a request costs them.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0, help="for each measure")
    parser.add_argument("--peers", type=Path, help="a folder made by gateway_parts/peers.sh")
    parser.add_argument("--only", help=f"of {', '.join(NAMES)}, with commas between")
    parser.add_argument("--idle", type=int, default=5000, help="streams that stay open; 0 for none")
    parser.add_argument("--json", action="store_true", help="print nothing but the JSON object on stdout")
    return parser.parse_args()


def choose(made: Tools, wanted: set[str], peers: Path | None) -> Iterator[Product]:
    """The products that are wanted and installed; the direct way is always first."""
    folder, upstream = made.folder, made.port
    yield products.direct(upstream)
    if "nginx" in wanted and (found := products.nginx(folder, free_port(), upstream)):
        yield found
    if "passthrough" in wanted:
        yield products.passthrough(free_port(), upstream)
    for everything in (False, True):
        if f"plimsoll {'on' if everything else 'off'}" in wanted:
            yield plimsoll(folder, free_port(), upstream, everything=everything)
    if peers is None:
        return
    peers = peers.absolute()
    for name, found in (
        ("tensorzero", products.tensorzero(folder, upstream, peers)),
        ("portkey", products.portkey(free_port(), upstream, peers)),
        ("litellm", products.litellm(folder, free_port(), upstream, peers)),
    ):
        if name in wanted and found is not None:
            yield found


def started(chosen: list[Product], made: Tools, stack: ExitStack) -> list[Entrant]:
    """Start the products one after the other; a neighbour that does not start is left out, and that is said."""
    entrants = []
    for product in chosen:
        try:
            entrant = enter(product, made)
        except BenchmarkError as error:
            if product.name.startswith("plimsoll"):
                raise
            say(str(error))
            continue
        if entrant.running is not None:
            stack.callback(entrant.running.stop)
        entrants.append(entrant)
    return entrants


if __name__ == "__main__":
    main()
