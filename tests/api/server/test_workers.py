"""Several processes on one port: started, kept up, replaced one by one, and ended together."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.api.server.conftest import WAIT_S, Raw, eventually

PROGRAM = Path(__file__).with_name("worker.py")


@dataclass
class Crew:
    """A supervisor in a process, and what it prints."""

    process: "subprocess.Popen[str]"
    port: int = 0
    log: list[str] = field(default_factory=list)
    reading: threading.Thread | None = None

    def line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def pid(self, path: str = "/") -> int:
        """The process that answers a request on a new connection; 0 when none does."""
        raw = Raw(self.port)
        raw.send(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
        answer = raw.all()
        raw.close()
        return int(answer.rpartition(b"\r\n\r\n")[2] or 0) if b" 200 " in answer else 0

    def workers(self) -> set[int]:
        """The worker processes that run now."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return {int(pid) for pid in children.split()}

    def logged(self, text: str) -> bool:
        return any(text in line for line in list(self.log))


def start(folder: Path, workers: int) -> Crew:
    command = [sys.executable, str(PROGRAM), str(workers), str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    crew = Crew(process)
    assert process.stderr
    crew.reading = threading.Thread(target=crew.log.extend, args=[process.stderr])
    crew.reading.start()
    return crew


def end(crew: Crew) -> None:
    crew.process.kill()
    crew.process.wait()
    assert crew.reading
    crew.reading.join(WAIT_S)
    assert crew.process.stdout
    assert crew.process.stderr
    crew.process.stdout.close()
    crew.process.stderr.close()


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Crew]:
    crew = start(tmp_path, 2)
    try:
        crew.port = int(crew.line().rpartition(":")[2])
        yield crew
    finally:
        end(crew)


def test_all_answer_and_end_together(crew: Crew) -> None:
    workers = crew.workers()
    assert len(workers) == 2
    assert crew.pid() in workers
    crew.process.send_signal(signal.SIGTERM)
    assert crew.line() == "ended"
    assert crew.process.wait(WAIT_S) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


def test_a_worker_that_dies_is_replaced_and_counted(crew: Crew) -> None:
    before = crew.workers()
    assert crew.pid("/die") == 0
    assert eventually(lambda: len(crew.workers()) == 2 and crew.workers() != before)
    assert eventually(lambda: crew.pid() in crew.workers())
    assert eventually(lambda: crew.logged("1 died so far"))
    os.kill(next(iter(crew.workers())), signal.SIGKILL)
    assert eventually(lambda: crew.logged("2 died so far"))
    assert eventually(lambda: len(crew.workers()) == 2)


def test_workers_are_replaced_one_by_one_without_dropping_a_request(crew: Crew) -> None:
    before = crew.workers()
    stop = threading.Event()
    answers: list[bytes] = []

    def ask(path: str, *, keep: bool) -> None:
        raw = Raw(crew.port)
        while not stop.is_set():
            answer = raw.get(path, *([] if keep else ["connection: close"]))
            answers.append(answer)
            if b"connection: close" in answer:
                raw.close()
                raw = Raw(crew.port)
        raw.close()

    callers = [
        threading.Thread(target=ask, args=[path], kwargs={"keep": keep})
        for path, keep in (("/", True), ("/", False), ("/slow", True), ("/slow", False))
    ]
    for caller in callers:
        caller.start()
    crew.process.send_signal(signal.SIGHUP)
    replaced = eventually(lambda: len(crew.workers()) == 2 and not crew.workers() & before)
    stop.set()
    for caller in callers:
        caller.join(WAIT_S)
    assert replaced
    assert len(answers) > len(callers)
    assert [answer for answer in answers if not answer.startswith(b"HTTP/1.1 200 ")] == []


def test_when_a_new_worker_cannot_start_the_old_ones_stay(crew: Crew, tmp_path: Path) -> None:
    before = crew.workers()
    (tmp_path / "broken").touch()
    crew.process.send_signal(signal.SIGHUP)
    crew.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: crew.logged("a new worker could not start"))
    assert crew.pid() in before
    assert eventually(lambda: crew.workers() == before)
    crew.process.send_signal(signal.SIGTERM)
    assert crew.line() == "ended"
    assert crew.process.wait(WAIT_S) == 0
    assert crew.reading
    crew.reading.join(WAIT_S)
    said = [json.loads(line)["message"] for line in crew.log]
    assert "a new worker could not start, so the old ones stay: the file is broken" in said


def test_a_worker_that_was_replaced_and_does_not_end_is_killed(tmp_path: Path) -> None:
    (tmp_path / "stuck").touch()
    crew = start(tmp_path, 1)
    try:
        crew.port = int(crew.line().rpartition(":")[2])
        before = crew.workers()
        crew.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: crew.logged("did not end in time and is killed"))
        assert eventually(lambda: len(crew.workers()) == 1 and crew.workers() != before)
        assert crew.pid() in crew.workers()
    finally:
        (tmp_path / "stuck").unlink()
        end(crew)


def test_workers_do_not_outlive_their_supervisor(crew: Crew) -> None:
    workers = crew.workers()
    crew.process.kill()
    crew.process.wait()
    assert eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


@pytest.mark.parametrize(
    ("fault", "said"),
    [("broken", "the file is broken|mend it"), ("mute", "a worker ended with 5 before it answered|the log above")],
)
def test_workers_that_fail_at_the_start_end_everything_and_say_why(tmp_path: Path, fault: str, said: str) -> None:
    (tmp_path / fault).touch()
    crew = start(tmp_path, 3)
    try:
        assert crew.line().startswith(f"workers_fail|the workers cannot start: {said}")
        assert crew.process.wait(WAIT_S) == 0
    finally:
        end(crew)
