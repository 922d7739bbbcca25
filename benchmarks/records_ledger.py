"""What the audit log costs: the verification of a million entries, one proof, and durable appends a second.

A log grows to its full size, and processes of their own verify its first tenth and the whole of it: memory must not
grow with the log. Then acts are added to it: by one caller, through the group commit by many threads, and in bulk, each
with and without private content, which is sealed for its subject. What the disk takes for one flush stands beside them.

    python benchmarks/records_ledger.py --home DIR [--entries 1000000] [--seconds 2] [--database-url ADDRESS]

The last line of stdout is one JSON object.
"""

import argparse
import json
import math
import os
import random
import re
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from plimsoll.bootstrap import Stores
from plimsoll.kernel.digest import Json
from plimsoll.ledger import Act, By, GroupCommit, Ledger, open_checkpoint
from plimsoll.ledger._merkle import Frontier, leaf_hash, verify_consistency, verify_inclusion
from plimsoll.ledger.verifier import verify_lines
from plimsoll.settings import read_settings

APP = "harbour"
THREADS = (1, 16, 64)
BULK = 1_000
FLUSHES = 100
PROOFS = 300
PRIVATE_EVERY = 10
"""Of the entries of the long log, one in so many has private content."""
GROWTH_LIMIT_MB = 16.0
"""How much more memory the verification of the whole log may take than that of its first tenth."""
DIGEST = "sha256:" + "0123456789abcdef" * 4
SEED = 20260101


def act(by: By, number: int, *, private: bool) -> Act:
    """An act such as a build writes down: a version, and what it was made from."""
    facts: dict[str, Json] = {
        "kind": "prompt",
        "name": f"answer-{number % 50}",
        "number": number,
        "digest": DIGEST,
        "source_commit": DIGEST[-40:],
        "parents": [["knowledge", "manuals", DIGEST], ["source", "manual", DIGEST]],
    }
    return Act("version.publish", APP, by, facts, {"reason": f"asked for in ticket {number}"} if private else {})


def appends(ledger: Ledger, by: By, home: Path, seconds: float) -> dict[str, Any]:
    """Entries a second, each on the disk when its caller goes on, and how long a caller waits."""
    flush_ms = sorted(flushed_ms(home) for _ in range(FLUSHES))
    figures: dict[str, Any] = {"disk_flush_p50_ms": round(quantile(flush_ms, 0.5), 3)}
    for private in (False, True):
        content = "sealed" if private else "plain"

        def one(number: int, *, private: bool = private) -> Act:
            return act(by, number, private=private)

        figures[f"single_{content}"] = callers(lambda given: ledger.record([given]), one, 1, seconds)
        for threads in THREADS:
            group = GroupCommit(ledger.record)
            figures[f"group_of_{threads}_{content}"] = callers(group.record, one, threads, seconds)
            group.close()
        figures[f"bulk_{content}"] = bulk(ledger, one, seconds)
        for name in [name for name in figures if name.endswith(content)]:
            say(f"{name:20} {figures[name]['per_second']:>7}/s  p50 {figures[name]['p50_ms']} ms")
    return figures


def callers(record: Callable[[Act], object], one: Callable[[int], Act], threads: int, seconds: float) -> dict[str, Any]:
    """Some threads that each write down one act after the other, for so many seconds."""
    waits: list[float] = []
    start = time.perf_counter()

    def call() -> None:
        mine: list[float] = []
        # At least one: on a busy machine the time can be over before a thread began.
        while not mine or time.perf_counter() < start + seconds:
            begun = time.perf_counter()
            record(one(len(mine)))
            mine.append((time.perf_counter() - begun) * 1e3)
        waits.extend(mine)

    crowd = [threading.Thread(target=call) for _ in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    return rates(waits, len(waits), time.perf_counter() - start)


def bulk(ledger: Ledger, one: Callable[[int], Act], seconds: float) -> dict[str, Any]:
    """Many acts in each transaction."""
    waits: list[float] = []
    start = time.perf_counter()
    while not waits or time.perf_counter() < start + seconds:
        begun = time.perf_counter()
        ledger.record([one(number) for number in range(BULK)])
        waits.append((time.perf_counter() - begun) * 1e3)
    return rates(waits, len(waits) * BULK, time.perf_counter() - start)


def rates(waits: Sequence[float], entries: int, seconds: float) -> dict[str, Any]:
    """What is told about one way of writing."""
    return {
        "per_second": round(entries / seconds),
        "p50_ms": round(quantile(waits, 0.5), 2),
        "p99_ms": round(quantile(waits, 0.99), 2),
    }


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all does not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def flushed_ms(home: Path) -> float:
    """Milliseconds that the disk takes to keep 4 KiB."""
    with (home / "flush").open("ab") as file:
        started = time.perf_counter()
        file.write(bytes(4096))
        file.flush()
        os.fsync(file.fileno())
        return (time.perf_counter() - started) * 1e3


def build(stores: Stores, home: Path, entries: int) -> dict[str, Any]:
    """Write the long log, and leave its checkpoints at a tenth and at the end in files."""
    by, ledger = By(stores.ledger.subject("ada")), stores.ledger
    ledger.record([act(by, 0, private=False)])
    started = time.perf_counter()
    for goal in (entries // 10, entries):
        while (size := ledger.size()) < goal:
            numbers = range(size, min(goal, size + BULK))
            ledger.record([act(by, number, private=number % PRIVATE_EVERY == 0) for number in numbers])
        (home / f"checkpoint-{goal}").write_text(ledger.checkpoint(), encoding="utf-8")
        say(f"{goal} entries written")
    seconds = time.perf_counter() - started
    return {"seconds": round(seconds, 1), "per_second": round(entries / seconds)}


def verify(stores: Stores, home: Path, entries: int) -> dict[str, Any]:
    """Verify the first `entries` entries against the checkpoint of that size."""
    note = (home / f"checkpoint-{entries}").read_text(encoding="utf-8")
    lines, key = stores.ledger.lines(0, entries), stores.ledger.key.verifier.text()
    started = time.perf_counter()
    report = verify_lines(lines, [note], [note], key)
    seconds = time.perf_counter() - started
    ok = report.ok and report.trust["size"] == report.trust["covered"] == entries
    return {"seconds": round(seconds, 2), "per_second": round(entries / seconds), "verified": ok}


def tree(stores: Stores, home: Path, entries: int) -> dict[str, Any]:
    """Only read the entries and compute the root over them."""
    note = (home / f"checkpoint-{entries}").read_text(encoding="utf-8")
    started = time.perf_counter()
    frontier = Frontier.empty().extend(line.encode() for line in stores.ledger.lines(0, entries))
    seconds = time.perf_counter() - started
    signed = open_checkpoint(note, [stores.ledger.key.verifier])
    return {"seconds": round(seconds, 2), "verified": frontier.root() == signed.root}


def prove(stores: Stores, home: Path, entries: int) -> dict[str, Any]:
    """Proofs of entries drawn at random, and that the whole log begins with its first tenth."""
    ledger, draw = stores.ledger, random.Random(SEED)  # noqa: S311  # what is drawn is no secret
    notes = [(home / f"checkpoint-{size}").read_text(encoding="utf-8") for size in (entries // 10, entries)]
    old, new = (open_checkpoint(note, [ledger.key.verifier]) for note in notes)
    made, checked, good = [], [], True
    proof: tuple[bytes, ...] = ()
    for index in draw.sample(range(entries), min(PROOFS, entries)):
        (line,) = ledger.lines(index, index + 1)
        begun = time.perf_counter()
        proof = ledger.inclusion(index, entries)
        done = time.perf_counter()
        good &= verify_inclusion(leaf_hash(line.encode()), index, entries, proof, new.root)
        checked.append((time.perf_counter() - done) * 1e3)
        made.append((done - begun) * 1e3)
    good &= verify_consistency(old.size, old.root, new.size, new.root, ledger.consistency(old.size, new.size))
    return {
        "verified": good,
        "make_p50_ms": round(quantile(made, 0.5), 3),
        "make_p99_ms": round(quantile(made, 0.99), 3),
        "check_p50_ms": round(quantile(checked, 0.5), 4),
        "hashes": len(proof),
        "bytes": sum(len(part) for part in proof),
    }


WORK = {"build": build, "verify": verify, "tree": tree, "prove": prove}


def work(name: str, stores: Stores, entries: int) -> dict[str, Any]:
    """One piece of work in this process, with the memory that it took."""
    stores.ledger.size()
    before = peak_mb()
    figures = WORK[name](stores, stores.settings.home, entries)
    return {**figures, "memory_before_mb": before, "memory_peak_mb": peak_mb()}


def in_a_process(name: str, entries: int) -> dict[str, Any]:
    """The same in a process of its own, with the arguments of this one."""
    command = [sys.executable, *sys.argv, "--entries", str(entries), "--work", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    say(f"{name} {entries}: {figures}")
    return figures


def run(stores: Stores, entries: int, seconds: float) -> dict[str, Any]:
    """Everything, in order."""
    result = {"build": in_a_process("build", entries), "verify_tenth": in_a_process("verify", entries // 10)}
    for name in ("verify", "tree", "prove"):
        result[name] = in_a_process(name, entries)
    growth = result["verify"]["memory_peak_mb"] - result["verify_tenth"]["memory_peak_mb"]
    verified = all(result[name]["verified"] for name in ("verify_tenth", "verify", "tree", "prove"))
    by = By(stores.ledger.subject("ada"))
    return {
        "entries": entries,
        **result,
        "verify_memory_growth_mb": round(growth, 1),
        "appends": appends(stores.ledger, by, stores.settings.home, seconds),
        "passed": verified and growth < GROWTH_LIMIT_MB,
    }


def peak_mb() -> float:
    """The largest resident size that this process had, in megabytes.

    Linux counts in `getrusage` what the parent had when it started this process; its own figure does not.
    """
    status = Path("/proc/self/status")
    found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE) if status.exists() else None
    kilobytes = int(found[1]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(kilobytes / 1024, 1)


def say(text: str) -> None:
    """Progress goes to stderr."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Run, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each way of writing")
    parser.add_argument("--database-url")
    parser.add_argument("--work", choices=WORK, help="only this, in this process")
    given = parser.parse_args()
    stores = Stores(read_settings(given.home, {"PLIMSOLL_DATABASE": given.database_url or ""}))
    if given.work is None:
        result = run(stores, given.entries, given.seconds)
    else:
        result = work(given.work, stores, given.entries)
    stores.close()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
