"""The server as a process of its own, for as long as a test needs it."""

import importlib.util
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ._model import write_model

_SCRIPT = Path(__file__).with_name("serve.py")
_START_S = 60
_STOP_S = 10


@dataclass(frozen=True, slots=True)
class LocalServer:
    """Where it listens, and what it has written so far."""

    url: str
    log: Path


def is_installed() -> bool:
    return importlib.util.find_spec("xllamacpp") is not None


@contextmanager
def local_server(folder: Path) -> Iterator[LocalServer]:
    """The model and its server; both are gone afterwards but for the log in `folder`."""
    model, log = folder / "tiny.gguf", folder / "server.log"
    write_model(model)
    command = [sys.executable, str(_SCRIPT), str(model)]
    with (
        log.open("wb") as written,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=written) as process,
    ):
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            ready, _, _ = select.select([process.stdout], [], [], _START_S)
            url = process.stdout.readline().decode().strip() if ready else ""
            assert url.startswith("http://127.0.0.1:"), log.read_text(errors="replace")
            yield LocalServer(url, log)
        finally:
            process.stdin.close()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
