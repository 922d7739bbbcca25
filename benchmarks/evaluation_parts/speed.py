"""How fast the harness is where nothing else is slow: a trivial scorer, every row and score stored, resumable.

    python -m benchmarks.evaluation_parts.speed [--rows 2000] [--peers FOLDER]

The rows and the metric are those of the comparison in `../shared/bench` (20 words asked, 40 words answered, 30 % of
them wrong; are both texts the same). `raw` is what is possible: asyncio and one SQLite table, which resumes nothing.
`FOLDER` holds a virtual environment for each harness beside it: `base`, `ragas`, `evals` (deepeval).
"""

import argparse
import asyncio
import json
import random
import resource
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from plimsoll.datasets import Row
from plimsoll.evaluation import Observation, RunLimits, RunParts, Suite, Threshold, run_suite
from plimsoll.evaluation.cases import CaseStore
from plimsoll.evaluation.scorers import make_scorer
from plimsoll.storage import Database
from plimsoll.storage.migrations.evaluations import EVALUATIONS

from . import Given, Measured

_ROWS: Final = 20_000
_AT_ONCE: Final = 16
_WRONG: Final = 0.3
_PEER_ROWS: Final = 2_000
_PEER_TIMEOUT_S: Final = 600
_PEERS: Final = {
    "ragas": ("ragas", "ev_ragas.py"),
    "deepeval": ("evals", "ev_deepeval.py"),
    "raw": ("base", "ev_raw.py"),
}
_WORDS: Final = [
    f"{start}{end}" for start in ("ship", "har", "mo", "free", "load") for end in ("line", "bour", "ring", "s")
]


def measure(given: Given) -> Measured:
    """The harness, resuming, and what is possible."""
    count = given.repetitions or _ROWS
    return Measured(count, asyncio.run(_measured(count)))


def main() -> None:
    """The same beside other harnesses, in one run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evaluation_parts.speed")
    parser.add_argument("--rows", type=int, default=_ROWS)
    parser.add_argument("--peers", type=Path, help="a folder with a virtual environment for each of them")
    parser.add_argument("--scripts", type=Path, default=Path("../shared/bench/harness"))
    given = parser.parse_args()
    found = asyncio.run(_measured(given.rows))
    if given.peers is not None:
        found["peers"] = {name: _peer(given.peers, given.scripts, *where) for name, where in _PEERS.items()}
    print(json.dumps(found, indent=2))


async def _measured(count: int) -> dict[str, Any]:
    suite, answers = _suite(count)

    async def ask(row: Row) -> Observation:
        return answers[row.id]

    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder, "evaluations.db"), EVALUATIONS)
        try:
            cases = CaseStore(database)
            parts = RunParts(ask, "sha256:everything", cases, RunLimits(at_once=_AT_ONCE))
            first = await _timed(lambda: run_suite(suite, "sha256:draft", parts), count)
            kept = cases.count()
            again = await _timed(lambda: run_suite(suite, "sha256:draft", parts), count)
        finally:
            database.close()
        bare = await _timed(lambda: run_suite(suite, "sha256:draft", RunParts(ask)), count)
        raw = await _timed(lambda: _raw(suite.rows, answers, Path(folder, "raw.db")), count)
    if kept != count:
        msg = f"{kept} of {count} rows were kept"
        raise RuntimeError(msg)
    return {
        "rows": count,
        "rows_kept": kept,
        "harness": first,
        "resumed": again,
        "kept_nothing": bare,
        "raw_asyncio_sqlite": raw,
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _suite(count: int) -> tuple[Suite, dict[str, Observation]]:
    draw = random.Random(7)  # noqa: S311  # the same rows every time
    rows, answers = [], {}
    for at in range(count):
        question = " ".join(draw.choices(_WORDS, k=20))
        expected = " ".join(draw.choices(_WORDS, k=40))
        answer = expected[:-5] + "xxxxx" if draw.random() < _WRONG else expected
        rows.append(Row(str(at), question, (expected,), (), answerable=True, tags=()))
        answers[str(at)] = Observation(answer=answer, latency_ms=1.0, cost_usd=0.0)
    scorers = (make_scorer("exact_match"),)
    thresholds = (Threshold("exact_match", at_least=0.5),)
    return Suite("speed", "ask", scorers, thresholds, tuple(rows), "sha256:suite", "sha256:rows"), answers


async def _timed(run: Callable[[], Awaitable[object]], count: int) -> dict[str, float]:
    wall, processor = time.perf_counter(), time.process_time()
    await run()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    return {"rows_per_s": round(count / wall), "processor_us_per_row": round(processor / count * 1e6, 1)}


async def _raw(rows: tuple[Row, ...], answers: dict[str, Observation], path: Path) -> float:
    connection = sqlite3.connect(path)
    connection.execute("pragma journal_mode=wal")
    connection.execute("create table result(id text, question text, answer text, expected text, score real, ms real)")
    turn = asyncio.Semaphore(_AT_ONCE)
    found: list[tuple[str, str, str, str, float, float]] = []

    async def one(row: Row) -> float:
        async with turn:
            started = time.perf_counter()
            answer = answers[row.id].answer
            score = float(answer.strip().lower() == row.answers[0].strip().lower())
            passed_ms = (time.perf_counter() - started) * 1e3
            found.append((row.id, row.question, answer, row.answers[0], score, passed_ms))
            return score

    scores = await asyncio.gather(*(one(row) for row in rows))
    with connection:
        connection.executemany("insert into result values (?, ?, ?, ?, ?, ?)", found)
    connection.close()
    return sum(scores) / len(scores)


def _peer(venvs: Path, scripts: Path, venv: str, script: str) -> list[Any] | str:
    """What the script of a peer prints; one line where it is not there or does not end."""
    python = (venvs / venv / "bin" / "python").absolute()
    if not python.exists():
        return f"{python} is not there"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "bench-root", "logs").mkdir(parents=True)
        command = [str(python), "-W", "ignore", str((scripts / script).resolve())]
        environment = {"N": str(_PEER_ROWS), "CORE": "0", "PYTHONPATH": str(scripts.resolve()), "HOME": folder}
        try:
            ended = subprocess.run(  # the caller named the folder
                command,
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=_PEER_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"not done after {_PEER_TIMEOUT_S} s"
    lines = [line.removeprefix("RESULT ") for line in ended.stdout.splitlines() if line.startswith("RESULT ")]
    return [json.loads(line) for line in lines] or ended.stderr[-300:]


if __name__ == "__main__":
    main()
