"""Real processes on one budget, some of them killed in the middle, on both databases."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from threading import Thread
from typing import IO

import pytest
from sqlalchemy import text

from plimsoll.access.limits import Consumption
from plimsoll.kernel.clock import utc_now
from plimsoll.storage import Database, PostgresPlace

APP = "processes"
SPENDER = Path(__file__).with_name("spender.py")
PROCESSES = 4
KILLED = 2
CAP = 1_500
ENOUGH = 200
"""Calls that were paid for before somebody is killed; all of it are some 1,200."""
PATIENCE_S = 60.0


class Spender:
    """A process, and what it says that it paid for."""

    def __init__(self, place: Path | PostgresPlace, number: int, on_crash: str) -> None:
        where = [place.url, place.schema] if isinstance(place, PostgresPlace) else [str(place), ""]
        command = [sys.executable, str(SPENDER), *where, APP, str(number), on_crash, str(CAP)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.paid: list[int] = []
        assert self.process.stdout is not None
        self._reader = Thread(target=self._read, args=(self.process.stdout,))
        self._reader.start()

    def _read(self, lines: IO[bytes]) -> None:
        for line in lines:
            self.paid.append(int(line))

    def begin(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"go\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        assert self.process.wait(PATIENCE_S) == -signal.SIGKILL
        self.close()

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(PATIENCE_S) == 0
        self.close()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None and not stream.closed:
                stream.close()


class Observer:
    """Looks at the database again and again; no look may ever see more than there is."""

    def __init__(self, usage: Database) -> None:
        self._usage = usage
        self._record = Consumption(usage)
        self.looks = 0

    def sums(self) -> tuple[int, int]:
        found = self._record.windows(APP, utc_now())
        spent, leased = (found[0].spent, found[0].leased) if found else (0, 0)
        self.looks += 1
        assert spent + leased <= CAP
        return spent, leased

    def until(self, condition: Callable[[], bool]) -> None:
        ends = time.monotonic() + PATIENCE_S
        while not condition():
            self.sums()
            if time.monotonic() > ends:
                pytest.fail(f"it did not happen; the sums are {self.sums()}")

    def leases(self) -> dict[str, int]:
        with self._usage.read() as connection:
            rows = connection.execute(text("SELECT worker, amount FROM usage_lease WHERE NOT charged"))
            return {row[0]: row[1] for row in rows}


@pytest.mark.parametrize("on_crash", ["charge", "release"])
def test_processes_that_are_killed_neither_overshoot_nor_lock_a_budget(
    usage_place: Path | PostgresPlace, usage: Database, on_crash: str
) -> None:
    observer = Observer(usage)
    with ExitStack() as stack:
        spenders = [Spender(usage_place, number, on_crash) for number in range(PROCESSES)]
        for spender in spenders:
            stack.callback(spender.close)
        observer.until(lambda: all(spender.paid for spender in spenders))
        for spender in spenders:
            spender.begin()
        observer.until(lambda: sum(len(spender.paid) for spender in spenders) > ENOUGH)
        for spender in spenders[:KILLED]:
            spender.kill()
        held = sum(observer.leases().values())
        observer.until(lambda: observer.sums() == (CAP, 0))
        for spender in spenders[KILLED:]:
            spender.end()
    paid = sum(sum(spender.paid) for spender in spenders)
    assert observer.sums() == (CAP, 0)
    assert observer.looks > 10
    if on_crash == "charge":
        assert paid <= CAP
    else:
        # What the killed ones used and did not tell is forgotten: at most what they held.
        assert CAP <= paid <= CAP + held
