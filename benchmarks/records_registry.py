"""Whether looking things up costs the same however much there is: the registry at 1,000, 10,000 and 100,000 versions.

Each size is an installation of its own, filled the way a build fills it, and all are asked in turn, so that what the
machine does meanwhile touches all alike. One build publishes 50 artifacts with the same lineage each time, five steps
deep, so that an answer has the same shape at every size, and the ratio measures the store.

    python benchmarks/records_registry.py --home DIR [--versions 1000,10000,100000] [--releases 10000] [--calls 2000]

The last line of stdout is one JSON object. Times are in milliseconds.
"""

import argparse
import json
import math
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from plimsoll.bootstrap import Stores
from plimsoll.kernel.digest import Json, canonical_json, hex_part, short_name
from plimsoll.ledger import By
from plimsoll.registry import Publication, VersionRef
from plimsoll.registry.graph import walk
from plimsoll.releases import Evidence, Manifest
from plimsoll.settings import read_settings

APP = "harbour"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
DEPTH = 5
WARM_UP = 100
LABEL_EVERY = 10
"""Builds from one labelled build to the next."""
VERSIONS_PER_RELEASE = 10
PART_OF_DIGEST = 12
"""Digits of a digest that a person copies."""
RATIO_LIMIT = 2.0
SEED = 20260101

MADE_FROM: dict[str, tuple[str, ...]] = {
    **{f"source:manual-{n}": () for n in range(12)},
    **{f"dataset:questions-{n}": (f"source:manual-{n}",) for n in range(4)},
    **{f"adapter:tone-{n}": (f"dataset:questions-{n}",) for n in range(4)},
    **{f"knowledge:manuals-{n}": (f"source:manual-{n}", f"source:manual-{n + 6}") for n in range(6)},
    **{f"index:manuals-{n}": (f"knowledge:manuals-{n}",) for n in range(6)},
    **{f"prompt:answer-{n}": () for n in range(6)},
    **{f"guardrail:limits-{n}": () for n in range(2)},
    **{f"route:main-{n}": (f"adapter:tone-{n}",) for n in range(4)},
    **{
        f"endpoint:ask-{n}": (
            f"prompt:answer-{n}",
            f"index:manuals-{n}",
            f"guardrail:limits-{n % 2}",
            f"route:main-{n}",
        )
        for n in range(4)
    },
    **{f"agent:desk-{n}": (f"endpoint:ask-{2 * n}", f"endpoint:ask-{2 * n + 1}") for n in range(2)},
}
"""The artifacts, and what each is made from; the longest way is source, dataset, adapter, route, endpoint, agent."""
KEYS = tuple(MADE_FROM)
RELEASED = tuple(key for key in KEYS if key.partition(":")[0] not in {"source", "dataset"})
TEXT = "The harbour master keeps the load lines of every ship that enters, and turns away what lies too deep. " * 5

Operation = Callable[[], object]


@dataclass
class Filled:
    """One installation, and what is in it."""

    stores: Stores
    by: By
    builds: list[dict[str, VersionRef]] = field(default_factory=list)
    releases: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    """References such as `prompt:answer-1@production`."""
    seconds: float = 0.0

    @property
    def versions(self) -> int:
        """How many versions there are."""
        return len(self.builds) * len(KEYS)


def fill(stores: Stores, versions: int, releases: int) -> Filled:
    """Publish, release and label until there is as much as wanted."""
    started = time.perf_counter()
    filled = Filled(stores, By(stores.ledger.subject("ada")))
    builds = math.ceil(versions / len(KEYS))
    wanted = max(1, min(releases, versions // VERSIONS_PER_RELEASE))
    for build in range(builds):
        refs = publish(filled, build)
        freeze(filled, refs, math.ceil(wanted * (build + 1) / builds))
        if build % LABEL_EVERY == 0:
            move_labels(filled, f"build-{build}", {key: ref.digest for key, ref in refs.items()})
    move_labels(filled, "production", {key: ref.digest for key, ref in filled.builds[-1].items()})
    move_labels(filled, "stable", dict.fromkeys(KEYS, "@production"))
    filled.seconds = time.perf_counter() - started
    return filled


def publish(filled: Filled, build: int) -> dict[str, VersionRef]:
    """One build: a new version of every artifact, made from versions of the same build."""
    refs: dict[str, VersionRef] = {}
    publications = []
    for key, parents in MADE_FROM.items():
        kind = VersionRef.from_key(key, "").kind
        content: Json = {"build": build, "artifact": key, "text": TEXT, "threshold": 0.75}
        made_from = tuple(refs[parent] for parent in parents)
        publications.append(Publication(kind, key.partition(":")[2], content, made_from))
        refs[key] = publications[-1].ref
    filled.stores.registry.publish(APP, publications, by=filled.by, source_commit=COMMIT)
    filled.builds.append(refs)
    return refs


def freeze(filled: Filled, refs: Mapping[str, VersionRef], wanted: int) -> None:
    """Make releases of a build until there are as many as wanted; they differ in their evidence."""
    artifacts = {key: refs[key].digest for key in RELEASED}
    while len(filled.releases) < wanted:
        run = filled.stores.blobs.put(canonical_json({"run": len(filled.releases), "rows": []}))
        manifest = Manifest(APP, artifacts, (Evidence("answers", refs[KEYS[0]].digest, run, "pass"),))
        filled.stores.releases.keep_release(manifest, by=filled.by, source_commit=COMMIT)
        filled.releases.append(manifest.digest)


def move_labels(filled: Filled, label: str, targets: Mapping[str, str]) -> None:
    """Point a label of every artifact somewhere."""
    for key, target in targets.items():
        place = (key, label)
        filled.stores.labels.move(APP, place, target, by=filled.by, reason="it passed", guard=lambda _: None)
        filled.labels.append(f"{key}@{label}")


def questions(filled: Filled, calls: int) -> dict[str, list[Operation]]:
    """What is asked of one size: every kind of question, each about something drawn at random."""
    draw = random.Random(SEED)  # noqa: S311  # what is drawn is no secret
    labels, registry, releases = filled.stores.labels, filled.stores.registry, filled.stores.releases
    names = Counter(short_name("r", digest) for digest in filled.releases)
    # Six digits do not tell all of ten thousand releases apart; whoever gives such a name is asked for more digits.
    unique = sorted(name for name, count in names.items() if count == 1)

    def version(*keys: str) -> VersionRef:
        return draw.choice(filled.builds)[draw.choice(keys or KEYS)]

    def part(ref: VersionRef) -> tuple[str, str]:
        return ref.key, "sha256:" + hex_part(ref.digest)[:PART_OF_DIGEST]

    def up(ref: VersionRef) -> object:
        return walk([ref], lambda refs: registry.parents_of(APP, refs), DEPTH)

    def down(ref: VersionRef) -> object:
        return walk([ref], lambda refs: registry.children_of(APP, refs), DEPTH, toward="children")

    kinds: dict[str, tuple[Callable[[Any], object], Callable[[], object]]] = {
        "resolve_by_label": (lambda text: labels.resolve(APP, text), lambda: draw.choice(filled.labels)),
        "version_by_digest": (lambda ref: registry.version(APP, ref), version),
        "version_by_part_of_digest": (lambda found: registry.by_digest(APP, *found), lambda: part(version())),
        "release_by_short_name": (lambda name: releases.release(APP, name), lambda: draw.choice(unique)),
        "lineage_up": (up, lambda: version("agent:desk-0", "agent:desk-1")),
        "lineage_down": (down, lambda: version("source:manual-0", "source:manual-1")),
    }
    return {name: [asked(ask, subject()) for _ in range(calls)] for name, (ask, subject) in kinds.items()}


def asked(ask: Callable[[Any], object], subject: object) -> Operation:
    """One question, ready to be asked."""
    return lambda: ask(subject)


def measure(sizes: Mapping[int, Filled], calls: int) -> dict[str, dict[str, Any]]:
    """Median and 99th percentile of every kind of question at every size, and the last size against the first."""
    prepared = {size: questions(filled, WARM_UP + calls) for size, filled in sizes.items()}
    smallest, largest = min(sizes), max(sizes)
    figures: dict[str, dict[str, Any]] = {}
    for name in prepared[smallest]:
        times: dict[int, list[float]] = {size: [] for size in sizes}
        for number in range(WARM_UP + calls):
            for size in sizes:
                took = timed(prepared[size][name][number])
                if number >= WARM_UP:
                    times[size].append(took)
        p50 = {size: quantile(times[size], 0.50) for size in sizes}
        p99 = {size: quantile(times[size], 0.99) for size in sizes}
        figures[name] = {
            "p50_ms": {str(size): round(p50[size], 3) for size in sizes},
            "p99_ms": {str(size): round(p99[size], 3) for size in sizes},
            "p50_ratio": round(p50[largest] / p50[smallest], 2),
            "p99_ratio": round(p99[largest] / p99[smallest], 2),
        }
        say(f"{name:26} p50 {figures[name]['p50_ms']} x{figures[name]['p50_ratio']}  p99 {figures[name]['p99_ms']}")
    return figures


def timed(operation: Operation) -> float:
    """Milliseconds that one question takes."""
    started = time.perf_counter_ns()
    operation()
    return (time.perf_counter_ns() - started) / 1e6


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all does not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def open_size(home: Path, database: str | None, size: int) -> Stores:
    """A fresh installation for one size: a folder, and on a server a database of its own."""
    place = home / f"registry-{size}"
    place.mkdir(parents=True)
    return Stores(read_settings(place, {} if database is None else {"PLIMSOLL_DATABASE": new_database(database, size)}))


def new_database(address: str, size: int) -> str:
    """Make a database on the server of this address; gives back the address of it."""
    import psycopg
    from psycopg.sql import SQL, Identifier

    name = f"registry_{size}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    return urlsplit(address)._replace(path=f"/{name}").geturl()


def run(home: Path, database: str | None, sizes: Sequence[int], releases: int, calls: int) -> dict[str, Any]:
    """Fill every size, and ask."""
    filled: dict[int, Filled] = {}
    for size in sorted(sizes):
        filled[size] = fill(open_size(home, database, size), size, releases)
        one = filled[size]
        say(f"{one.versions} versions, {len(one.releases)} releases, {len(one.labels)} labels: {one.seconds:.1f} s")
    figures = measure(filled, calls)
    depths = {
        len(walk([filled[size].builds[0]["agent:desk-0"]], _parents(filled[size]), DEPTH).nodes) for size in filled
    }
    for one in filled.values():
        one.stores.close()
    return {
        "calls": calls,
        "sizes": {
            str(size): {
                "versions": one.versions,
                "releases": len(one.releases),
                "labels": len(one.labels),
                "fill_seconds": round(one.seconds, 1),
            }
            for size, one in filled.items()
        },
        "questions": figures,
        "lineage_nodes": sorted(depths),
        "ratio_limit": RATIO_LIMIT,
        "passed": all(figure["p50_ratio"] < RATIO_LIMIT for figure in figures.values()),
    }


def _parents(filled: Filled) -> Callable[[Sequence[VersionRef]], Mapping[VersionRef, Sequence[VersionRef]]]:
    return lambda refs: filled.stores.registry.parents_of(APP, refs)


def say(text: str) -> None:
    """Progress goes to stderr."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Run, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--database-url")
    parser.add_argument(
        "--versions", type=lambda text: [int(size) for size in text.split(",")], default=[1_000, 10_000]
    )
    parser.add_argument("--releases", type=int, default=10_000)
    parser.add_argument("--calls", type=int, default=2_000)
    given = parser.parse_args()
    print(json.dumps(run(given.home, given.database_url, given.versions, given.releases, given.calls)))


if __name__ == "__main__":
    main()
