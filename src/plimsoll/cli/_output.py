"""Printing: tables and colours for people, one JSON object for programs, errors that say what to do next."""

import dataclasses
import errno
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plimsoll.kernel.errors import PlimsollError

if TYPE_CHECKING:
    from rich.console import Console

_WRAPPED = {
    "question",
    "answer",
    "text",
    "kinds",
    "what",
    "document",
    "digest",
    "made from",
    "lost",
    "then",
    "now",
    "evidence",
    "threshold",
    "what came of it",
    "why",
}
_PSEUDONYM = re.compile(r"s-[0-9a-f]{16}")
# A key that is there for the pseudonym itself keeps it.
_IN_JSON = re.compile(r'("(?:id|pseudonym|subject)": ")?s-[0-9a-f]{16}')
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

Column = str | tuple[str, str]
"""A heading, or a heading and how its cells are justified."""


@dataclasses.dataclass(slots=True)
class Output:
    """Where a command's result goes. Results go to stdout, everything else to stderr."""

    json: bool = False
    named: Callable[[str], str] = str
    """Puts the names of actors in place of their pseudonyms."""

    def result(self, data: Any, show: "Callable[[Console], None]") -> None:
        """Print a result: `data` as one JSON object, or whatever `show` draws for a person."""
        if self.json:
            import msgspec

            text = msgspec.json.format(msgspec.json.encode(data, enc_hook=_to_builtin), indent=2).decode()
            click.echo(in_json(self.named, text))
        else:
            show(console(named=self.named))

    def note(self, text: str) -> None:
        """Tell a person something worth knowing; names in it are shown as they are, never read as markup."""
        if not self.json:
            console(stderr=True).print("[yellow]note:[/]", _plain(text), highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """Tell a person what is going on, in words of our own with markup; programs do not want to know."""
        if not self.json:
            console(stderr=True).print(text, highlight=False)

    def error(self, error: PlimsollError) -> None:
        """Print an expected error: one sentence, and a hint."""
        if self.json:
            self.result({"error": error_json(error)}, lambda _: None)
            return
        screen = console(stderr=True)
        screen.print("[bold red]error:[/]", _plain(self.named(error.message)), highlight=False, soft_wrap=True)
        for line in _details(error):
            screen.print("  ", _plain(line), highlight=False, soft_wrap=True)
        if error.hint:
            screen.print("[bold]hint:[/]", _plain(self.named(error.hint)), highlight=False, soft_wrap=True)


def error_json(error: PlimsollError) -> dict[str, Any]:
    """An error for a program."""
    content: dict[str, Any] = {"code": error.code, "message": error.message, "hint": error.hint}
    mistakes = getattr(error, "mistakes", ())
    if mistakes:
        content["mistakes"] = [dataclasses.asdict(mistake) for mistake in mistakes]
    return content


def in_json(named: Callable[[str], str], text: str) -> str:
    """JSON with names in place of pseudonyms; a name is written as JSON writes it."""
    return _IN_JSON.sub(lambda match: match[0] if match[1] else _json_text(named(match[0])), text)


def _json_text(text: str) -> str:
    import msgspec

    return msgspec.json.encode(text).decode()[1:-1]


def console(*, stderr: bool = False, named: Callable[[str], str] = str) -> "Console":
    """A console with colours only on a terminal; piped output is never cut at a width.

    `named` puts names in place of pseudonyms in all text that is printed by `table` and `line`.
    """
    from rich.console import Console

    class Screen(Console):
        def on_broken_pipe(self) -> None:
            # rich would end the process with 1, which stands for a refusal here; main() knows better.
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

        def named(self, text: str) -> str:
            return named(text)

    stream = sys.stderr if stderr else sys.stdout
    return Screen(file=stream, width=None if stream.isatty() else 160, emoji=False)


def table(screen: "Console", title: str, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, if it has any row; cells are plain text. On a narrow terminal only prose and paths are wrapped."""
    from rich import box
    from rich.table import Table

    rows = tuple(rows)
    if not rows:
        return
    drawn = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, title_style="bold", pad_edge=False)
    for column in columns:
        heading, justify = (column, "left") if isinstance(column, str) else column
        drawn.add_column(heading, justify=justify, overflow="fold", no_wrap=heading not in _WRAPPED)  # type: ignore[arg-type]  # a literal of rich's
    for row in rows:
        cells = zip(row, columns, strict=True)
        drawn.add_row(*(_plain(cell if column == "pseudonym" else readable(screen, cell)) for cell, column in cells))
    screen.print(drawn)


@contextmanager
def progress(output: Output) -> Iterator[Callable[[str, int, int], None]]:
    """Progress bars on stderr, one for each stage; nothing when stderr is not a terminal."""
    if output.json or not sys.stderr.isatty():
        yield lambda _stage, _done, _total: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def advance(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield advance


def _details(error: PlimsollError) -> Iterator[str]:
    if address := getattr(error, "address", ""):
        yield f"looked for at {address}"
    for mistake in getattr(error, "mistakes", ()):
        place = getattr(mistake, "place", f"line {mistake.line}")
        right = f" — {mistake.instead}" if mistake.instead else ""
        yield f"{place}: {mistake.what}{right}"


def readable(screen: "Console", text: str) -> str:
    """Text for a person: names for pseudonyms, and nothing that could command the terminal."""
    named: Callable[[str], str] = getattr(screen, "named", str)
    return printable(named(text))


def printable(text: str) -> str:
    """Text from strangers without the control characters that could command a terminal."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def _plain(text: str) -> Any:
    from rich.text import Text

    return Text(printable(text))


def _to_builtin(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Path | datetime):
        return str(value)
    raise NotImplementedError(type(value))
