"""Processes on chosen cores, what they cost, and callers that measure."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
PRODUCT_CORE = CORES[-1]
LOAD_CORE = CORES[0]
STOP_S = 15.0
_PINNED = "import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])}); os.execvp(sys.argv[2], sys.argv[2:])"


class BenchmarkError(Exception):
    """The benchmark cannot go on, and says why."""


@dataclass(slots=True)
class Running:
    """A product's processes: all of the session that it was started in."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def pids(self) -> list[int]:
        """The processes that live now."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                fields = _stat(entry)
                if fields and int(fields[3]) == self.process.pid:
                    found.append(int(entry.name))
        return found

    def cpu_s(self) -> float:
        """Seconds of processor time so far, of its own and of its dead children."""
        total = 0
        for pid in self.pids():
            fields = _stat(Path(f"/proc/{pid}"))
            own = sum(int(value) for value in fields[11:13]) if fields else 0
            dead = sum(int(value) for value in fields[13:15]) if fields and pid == self.process.pid else 0
            total += own + dead
        return total / TICKS

    def memory_mb(self) -> float:
        """Proportional set size of all processes, in MB."""
        total = 0
        for pid in self.pids():
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        return round(total / 1000, 1)

    def tail(self) -> str:
        """The end of what it wrote."""
        return self.log.read_text(errors="replace")[-2000:]

    def stop(self) -> None:
        """End it: gently, then not."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in self.pids():
                with _gone_is_fine():
                    os.kill(pid, number)
            deadline = time.monotonic() + STOP_S
            while self.pids() and time.monotonic() < deadline:
                self.process.poll()
                time.sleep(0.05)
        self.process.wait()


def start(
    name: str, command: Sequence[str], folder: Path, *, core: int, environ: Mapping[str, str] | None = None
) -> Running:
    """Start a program on one core, in a session of its own; what it writes goes to a file in `folder`."""
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", _PINNED, str(core), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=folder,
            env={**os.environ, **(environ or {})},
        )
    return Running(name, process, log)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


@dataclass(slots=True)
class Tools:
    """The upstream and the callers, made for this machine."""

    folder: Path
    load: Path
    upstream: Running
    port: int
    kept: dict[str, Path] = field(default_factory=dict)

    def call(self, port: int, request: bytes, *, connections: int, seconds: float, streams: int = 0) -> dict[str, Any]:
        """Call a product and say what was seen; see `load.c`."""
        file = self.folder / "request"
        file.write_bytes(request)
        words = [str(file), str(port), str(connections), str(seconds), *([str(streams)] if streams else [])]
        command = [sys.executable, "-c", _PINNED, str(LOAD_CORE), str(self.load), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 120)
        found: dict[str, Any] = json.loads(done.stdout)
        return found


@contextmanager
def tools() -> Iterator[Tools]:
    """Compile and start what measures. Raises BenchmarkError without a C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        message = "a C compiler is needed, because a caller in Python would be slower than what it measures"
        raise BenchmarkError(message)
    with tempfile.TemporaryDirectory(prefix="gateway-") as name:
        folder = Path(name)
        for program in ("upstream", "load"):
            source = HERE / f"{program}.c"
            subprocess.run([compiler, "-O2", "-o", str(folder / program), str(source)], check=True)
        port = free_port()
        upstream = start("upstream-model", [str(folder / "upstream"), str(port)], folder, core=LOAD_CORE)
        try:
            wait_for(lambda: _listens(port), upstream, 10)
            yield Tools(folder, folder / "load", upstream, port)
        finally:
            upstream.stop()


def wait_for(ready: Callable[[], bool], running: Running, seconds: float) -> float:
    """Wait until a program is ready; returns the seconds it took. Raises BenchmarkError."""
    began = time.monotonic()
    while not ready():
        if running.process.poll() is not None or time.monotonic() - began > seconds:
            message = f"{running.name} does not answer:\n{running.tail()}"
            raise BenchmarkError(message)
        time.sleep(0.02)
    return time.monotonic() - began


def http_request(port: int, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> bytes:
    """A whole POST request as it goes over the wire."""
    raw = json.dumps(body, separators=(",", ":")).encode()
    named = {
        "host": f"127.0.0.1:{port}",
        "content-type": "application/json",
        "accept": "application/json",
        "user-agent": "gateway-benchmark",
        "content-length": str(len(raw)),
        **headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + raw


def answer_to(port: int, request: bytes, seconds: float = 30) -> bytes:
    """The first answer to a request, head and what of the body came with it; empty when nobody listens."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=seconds) as caller:
            caller.sendall(request)
            answer = b""
            while b"\r\n\r\n" not in answer or not answer.partition(b"\r\n\r\n")[2]:
                piece = caller.recv(65536)
                if not piece:
                    break
                answer += piece
            return answer
    except OSError:
        return b""


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _stat(folder: Path) -> list[str]:
    """The fields of /proc/PID/stat from the state on: [0] state, [3] session, [11..14] times."""
    try:
        return (folder / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


@contextmanager
def _gone_is_fine() -> Iterator[None]:
    try:
        yield
    except ProcessLookupError:
        return
