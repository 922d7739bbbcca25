import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from plimsoll.kernel.errors import InvalidError
from plimsoll.pipelines import Done, Failed, Outcome, StageCrashedError, StageTimeoutError, map_isolated

CRASH, HANG, WRONG, FAULT = -1, -2, -3, -4


def square(number: int) -> int:
    if number == CRASH:
        os.kill(os.getpid(), signal.SIGSEGV)
    if number == HANG:
        time.sleep(60)
    if number == WRONG:
        raise InvalidError("not a number of ours", hint="leave it out")
    if number == FAULT:
        raise ZeroDivisionError
    return number * number


def run(numbers: Sequence[int], timeout_s: float = 30) -> dict[int, Outcome[int, int]]:
    outcomes = map_isolated(square, numbers, workers=2, timeout_s=timeout_s, describe=lambda number: f"number {number}")
    return {outcome.item: outcome for outcome in outcomes}


def test_every_item_has_its_outcome() -> None:
    outcomes = run([*range(12), WRONG])
    assert {item: outcome.result for item, outcome in outcomes.items() if isinstance(outcome, Done)} == {
        number: number * number for number in range(12)
    }
    wrong = outcomes[WRONG]
    assert isinstance(wrong, Failed)
    assert (wrong.error.message, wrong.error.hint) == ("not a number of ours", "leave it out")


def test_a_crash_ends_its_own_item_only() -> None:
    outcomes = run([1, CRASH, 2, 3])
    assert [item for item, outcome in outcomes.items() if isinstance(outcome, Failed)] == [CRASH]
    crashed = outcomes[CRASH]
    assert isinstance(crashed, Failed)
    assert isinstance(crashed.error, StageCrashedError)
    assert "number -1" in crashed.error.message


def test_an_item_that_hangs_is_given_up() -> None:
    outcomes = run([1, HANG, 2], timeout_s=8)
    hung = outcomes[HANG]
    assert isinstance(hung, Failed)
    assert isinstance(hung.error, StageTimeoutError)
    assert isinstance(outcomes[2], Done)


def test_a_fault_of_ours_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        run([1, FAULT, 2])


def test_nothing_is_left_when_the_reader_stops_early() -> None:
    before = set(multiprocessing.active_children())
    outcomes = map_isolated(square, range(100), workers=2, timeout_s=30, describe=str)
    next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]  # a generator, though the port does not promise it
    assert set(multiprocessing.active_children()) == before


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, sys, time, pathlib\n"
        "from plimsoll.pipelines import map_isolated\n"
        "def work(path):\n"
        "    pathlib.Path(path).write_text(str(os.getpid()))\n"
        "    time.sleep(120)\n"
        "if __name__ == '__main__':\n"
        "    list(map_isolated(work, [sys.argv[1]], workers=1, timeout_s=120, describe=str))\n"
    )
    note = tmp_path / "worker.pid"
    parent = subprocess.Popen([sys.executable, str(script), str(note)])
    worker = int(wait_for(lambda: note.read_text() if note.exists() else ""))
    parent.kill()
    parent.wait()
    assert wait_for(lambda: "" if alive(worker) else "gone") == "gone"


def wait_for(look: Callable[[], str], tries: int = 300) -> str:
    for _ in range(tries):
        found = look()
        if found:
            return found
        time.sleep(0.05)
    pytest.fail("it did not happen within 15 seconds")


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
