"""The log of a server: one line for each event on stderr, as JSON or as text, with nothing secret in it."""

import logging
import queue
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal, TextIO

import msgspec

from plimsoll.kernel.clock import utc_now

LogFormat = Literal["json", "text"]

_MOST_KEPT: Final = 10_000
_CLOSE_S: Final = 5.0
_SECRET = re.compile(
    r"(?P<before>(?:bearer|basic)\s+|(?:api[-_]?key|authorization|password|secret|token)[\"']?\s*[:=]\s*[\"']?)"
    r"(?P<value>[^\s\"',;&)]{6,})"
    r"|\b(?:plim_|sk-|sk_|gsk_|hf_|xox[bp]-|ghp_|AIza|AKIA)[A-Za-z0-9_\-]{6,}",
    re.IGNORECASE,
)
_USER_INFO = re.compile(r"(://)[^\s/@]+@")


def without_secrets(text: str) -> str:
    """`text` without what looks like a key: the last net, under the rule that nobody logs one."""

    def hidden(found: re.Match[str]) -> str:
        return f"{found['before'] or ''}[hidden]"

    return _USER_INFO.sub(r"\1[hidden]@", _SECRET.sub(hidden, text))


class JsonLines(logging.Formatter):
    """One JSON object a line: `time`, `level`, `logger`, `message`, then the event's own facts, and `error`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": utc_now().isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
            **_facts(record),
        }
        if record.exc_info:
            line["error"] = without_secrets(self.formatException(record.exc_info))
        return msgspec.json.encode(line, enc_hook=str).decode()


class TextLines(logging.Formatter):
    """One line for a person, and a traceback below it where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        facts = " ".join(f"{name}={_shown(value)}" for name, value in _facts(record).items())
        time = utc_now().isoformat(timespec="seconds")
        parts = [time, record.levelname, f"{record.name}:", _one_line(record.getMessage()), facts]
        text = " ".join(part for part in parts if part)
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return without_secrets(text)


@contextmanager
def logging_to(stream: TextIO, form: LogFormat, *, requests: bool = False) -> Iterator[None]:
    """Write what `plimsoll` and the server log to a stream, while the context lasts; requests only when wanted.

    The lines are written by a thread: a pipe that nobody reads must not stop the server. Beyond 10,000 lines that wait,
    lines are dropped, and their number is the last line.
    """
    root = logging.getLogger()
    writer = _Writer(stream, JsonLines() if form == "json" else TextLines())
    before = root.handlers[:], root.level
    root.handlers, root.level = [writer], logging.WARNING
    levels = {"plimsoll": logging.INFO, "plimsoll.access": logging.INFO if requests else logging.CRITICAL}
    kept = {name: logging.getLogger(name).level for name in levels}
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    try:
        yield
    finally:
        root.handlers, root.level = before
        for name, level in kept.items():
            logging.getLogger(name).setLevel(level)
        writer.close()


class _Writer(logging.Handler):
    """Hands lines to a thread that writes them."""

    def __init__(self, stream: TextIO, formatter: logging.Formatter) -> None:
        super().__init__()
        self.formatter = formatter
        self._stream = stream
        self._lines: queue.Queue[str | None] = queue.Queue(_MOST_KEPT)
        self._dropped = 0
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line for the thread; never blocks, never raises."""
        try:
            self._lines.put_nowait(self.format(record))
        except queue.Full:
            self._dropped += 1
        except Exception:  # noqa: BLE001 (a log line must not end a request)
            self.handleError(record)

    def close(self) -> None:
        """Write what is left, for at most a few seconds."""
        try:
            self._lines.put(None, timeout=_CLOSE_S)
        except queue.Full:
            return
        self._thread.join(_CLOSE_S)
        super().close()

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            self._put(line)
        if self._dropped:
            self._put(f"{self._dropped} lines of the log were dropped: nobody read them in time")

    def _put(self, line: str) -> None:
        try:
            self._stream.write(f"{line}\n")
            self._stream.flush()
        except (OSError, ValueError):  # the reader is gone; the server goes on
            self._dropped += 1


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    facts = getattr(record, "facts", None)
    if not isinstance(facts, dict):
        return {}
    return {name: without_secrets(value) if isinstance(value, str) else value for name, value in facts.items()}


def _one_line(text: str) -> str:
    return text.replace("\r", "\\r").replace("\n", "\\n")


def _shown(value: object) -> str:
    text = str(value)
    return text if text.isprintable() and " " not in text else repr(text)


def stderr() -> TextIO:
    """Where logs go."""
    return sys.stderr
