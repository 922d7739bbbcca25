"""The root command, and what every command shares."""

import errno
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click

from plimsoll import __version__
from plimsoll.kernel.errors import IntegrityError, InvalidError, PlimsollError

from . import audit, demo, flows, key, promote, records, registry, release, run, storage
from ._exits import DONE, FAULT, INTERRUPTED, UNAVAILABLE, WRONG_USE, exit_code
from ._output import Output
from ._state import State
from .nouns import budget, cost, dataset, evaluation, guardrail, knowledge, refresh, tune

_COMMANDS: tuple[click.Command, ...] = (
    *demo.COMMANDS,
    *flows.COMMANDS,
    *evaluation.COMMANDS,
    *dataset.COMMANDS,
    *release.COMMANDS,
    *promote.COMMANDS,
    *run.COMMANDS,
    *records.COMMANDS,
    *registry.COMMANDS,
    *knowledge.COMMANDS,
    *refresh.COMMANDS,
    *tune.COMMANDS,
    *guardrail.COMMANDS,
    *budget.COMMANDS,
    *cost.COMMANDS,
    *audit.COMMANDS,
    *storage.COMMANDS,
    *key.COMMANDS,
)


class _InOrder(click.Group):
    """Lists commands in the order of the journey."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(self.commands)


@click.group(
    cls=_InOrder,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with `plimsoll demo`, or with `plimsoll init rag my-app`.",
)
@click.version_option(__version__, prog_name="plimsoll")
@click.option(
    "-C",
    "--project",
    type=click.Path(file_okay=False, path_type=Path),
    help="The project folder; otherwise the nearest one that has a plimsoll.yaml.",
)
@click.pass_obj
def root(state: State, project: Path | None) -> None:
    """The load line for LLM applications: build, test, release, serve and prove the whole application as one."""
    state.start = project


for _command in _COMMANDS:
    root.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with an honest exit code."""
    state = State()
    given = list(sys.argv[1:] if arguments is None else arguments)
    state.output.json = "--json" in given
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal that cannot show a character gets another one; that is no reason to fail.
            stream.reconfigure(errors="replace")
    sys.exit(_guarded(state, lambda: _run(state, given)))


def _run(state: State, arguments: list[str]) -> Any:
    # Not click's own `main`, which ends with 1 when nobody reads the output any more, and 1 is for refusals here.
    try:
        with root.make_context("plimsoll", arguments, obj=state) as context:
            result = root.invoke(context)
    except click.exceptions.Exit as ended:
        result = ended.exit_code
    sys.stdout.flush()
    return result


def _guarded(state: State, run_command: Callable[[], Any]) -> int:
    try:
        result = run_command()
    except (KeyboardInterrupt, click.Abort):
        state.output.say("stopped; run the same command again to go on")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the last resort of a door: every error gets its sentence and exit code
        return _explain(state, error)
    return result if isinstance(result, int) else DONE


def _explain(state: State, error: Exception) -> int:
    if isinstance(error, PlimsollError):
        state.output.error(error)
        return exit_code(error)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.ctx.get_help())
        return DONE
    if isinstance(error, click.ClickException):
        return _wrong_use(state, error)
    if isinstance(error, OSError) and error.errno in {errno.EPIPE, errno.ENOSPC, errno.EIO}:
        return _unwritten(error)
    traceback.print_exception(error)
    if state.output.json:
        state.output.error(CommandFaultError(error))
    Output().say("\n[bold red]This is a fault in Plimsoll.[/] Please report it with the lines above.")
    return FAULT


class CommandFaultError(IntegrityError):
    """Something that should not have happened; for programs, which read no trace of the calls."""

    code = "fault"

    def __init__(self, error: Exception) -> None:
        super().__init__(
            f"a fault in Plimsoll ({type(error).__name__})", hint="report what stands on the standard error"
        )


def _wrong_use(state: State, error: click.ClickException) -> int:
    if state.output.json:
        hint = "`--help` shows how the command is used"
        state.output.error(InvalidError(error.format_message(), hint=hint))
    else:
        error.show()
    return WRONG_USE


def _unwritten(error: OSError) -> int:
    """The output could not be written; nothing more may be tried at exit either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno == errno.EPIPE:
        # The reader of our output (such as `head`) has seen enough.
        return DONE
    click.echo(f"error: the output could not be written: {error.strerror}", err=True)
    return UNAVAILABLE
