"""Measures the index; see `benchmarks/index.py`."""

import argparse
import json
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from . import material, measures
from .measures import Shelf, VectorCache
from .searches import QUESTIONS, embedder_of, in_a_new_process

CHANGED_SHARE = 0.01


def ingest(chunks: int, place: Path) -> dict[str, float]:
    """Chunks a second from texts to an index that can be searched, and how long a search takes then."""
    embedder = material.HashEmbedder()
    material.pieces()
    before_mb = measures.resident_mb()
    measures.forget_most()
    shelf = Shelf(place, embedder)
    started, cpu = time.perf_counter(), time.process_time()
    make = partial(material.make, chunks=chunks)
    snapshot = shelf.snapshot(material.keys(chunks), make, VectorCache(embedder, keep=False))
    written = time.perf_counter() - started
    index = shelf.open(snapshot)
    took, cpu = time.perf_counter() - started, time.process_time() - cpu
    peak_mb, build_peak_mb = measures.resident_mb(), measures.most_resident_mb()
    found = measures.latencies(measures.hybrid(index, embedder), material.questions(QUESTIONS))
    result = {
        "chunks_per_s": round(chunks / took),
        "cpu_us_per_chunk": round(cpu / chunks * 1e6, 1),
        "segments_s": round(written, 2),
        "derive_s": round(took - written, 2),
        **{f"query_{name}": value for name, value in found.items()},
        "memory_mb": round(max(peak_mb, measures.resident_mb()) - before_mb, 1),
        "build_peak_mb": round(build_peak_mb - before_mb, 1),
        "disk_mb": round(sum(shelf.bytes().values()) / 1e6, 1),
    }
    index.close()
    return result


def large(chunks: int, place: Path, name: str) -> dict[str, float]:
    """A large index: built, searched, changed, and opened as it was before."""
    embedder = embedder_of(name)
    shelf, kept = Shelf(place, embedder), VectorCache(embedder, keep=True)
    make = partial(material.make, chunks=chunks)
    started, cpu = time.perf_counter(), time.process_time()
    snapshot = shelf.snapshot(material.keys(chunks), make, kept)
    written = time.perf_counter() - started
    shelf.open(snapshot).close()
    full, full_cpu = time.perf_counter() - started, time.process_time() - cpu
    result: dict[str, float] = {
        "build_s": round(full, 1),
        "build_segments_s": round(written, 1),
        "build_cpu_s": round(full_cpu, 1),
        **{f"{name}_mb": round(size / 1e6) for name, size in shelf.bytes().items()},
    }
    print(json.dumps(result), file=sys.stderr)
    result |= changed(shelf, kept, chunks, (full, full_cpu))
    return result | in_a_new_process(snapshot, place, chunks, name)


def changed(shelf: Shelf, kept: VectorCache, chunks: int, full: tuple[float, float]) -> dict[str, float]:
    """What it costs to bring a change of 1 % of the documents into the index, against building all of it."""
    count = -(-chunks // material.CHUNKS_PER_DOCUMENT)
    step = round(1 / CHANGED_SHARE)
    some = frozenset(range(0, count, step))
    make = partial(material.make, chunks=chunks, changed=some)
    started, cpu = time.perf_counter(), time.process_time()
    snapshot = shelf.snapshot(material.keys(chunks, some), make, kept)
    shelf.open(snapshot).close()
    took, cpu = time.perf_counter() - started, time.process_time() - cpu
    return {
        "change_s": round(took, 2),
        "change_ratio": round(took / full[0], 4),
        "change_cpu_ratio": round(cpu / full[1], 4),
    }


def arguments() -> argparse.Namespace:
    """What can be asked for."""
    parser = argparse.ArgumentParser(prog="benchmarks/index.py", description=__doc__)
    parser.add_argument("--chunks", type=int, default=1_000_000, help="of the large index")
    parser.add_argument("--embedder", choices=("hash", "builtin/static"), default="hash", help="of the large index")
    parser.add_argument("--only", choices=("ingest", "large"))
    parser.add_argument("--place", type=Path, help="a folder with some 5 GB of room; a temporary one otherwise")
    parser.add_argument("--json", action="store_true", help="no progress, only the result")
    return parser.parse_args()


def main() -> None:
    """Measure, and print one JSON object as the last line."""
    given = arguments()
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    started = time.perf_counter()
    metrics: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(dir=given.place) as place:
        if given.only != "large":
            for chunks in (20_000, 200_000):
                metrics[f"ingest_{chunks}"] = ingest(chunks, Path(place) / str(chunks))
                measures.remove(Path(place) / str(chunks))
                print(json.dumps(metrics), file=sys.stderr)
        os.sched_setaffinity(0, cores)
        if given.only != "ingest":
            metrics["large"] = large(given.chunks, Path(place) / "large", given.embedder)
    print(
        json.dumps(
            {
                "set": None,
                "split": None,
                "n": given.chunks,
                "embedder": given.embedder,
                "seconds": round(time.perf_counter() - started, 1),
                "metrics": metrics,
            }
        )
    )


if __name__ == "__main__":
    main()
