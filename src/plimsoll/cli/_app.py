"""The root command, and what every command shares."""

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from plimsoll import __version__
from plimsoll.kernel.errors import PlimsollError

from . import demo, flows, records, release, run
from ._exits import DONE, FAULT, INTERRUPTED, WRONG_USE, exit_code
from ._output import Output
from ._state import State

_COMMANDS: tuple[click.Command, ...] = (
    *demo.COMMANDS,
    *flows.COMMANDS,
    *release.COMMANDS,
    *run.COMMANDS,
    *records.COMMANDS,
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
    code = _guarded(state, lambda: root.main(arguments, prog_name="plimsoll", obj=state, standalone_mode=False))
    sys.exit(code)


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
        error.show()
        return WRONG_USE
    if isinstance(error, BrokenPipeError):
        # The reader of our output (such as `head`) has gone; nothing may be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    traceback.print_exception(error)
    Output().say("\n[bold red]This is a fault in Plimsoll.[/] Please report it with the lines above.")
    return FAULT
