"""The noun storage: back everything up, and bring it back, also into another kind of database."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from plimsoll.kernel.digest import Json
from plimsoll.kernel.errors import InvalidError, UnavailableError

from ._state import State, json_option

if TYPE_CHECKING:
    from rich.console import Console


class HomeInUseError(InvalidError):
    """The keys of this installation would be mixed with those of a backup."""

    code = "home_in_use"

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} holds the keys of an installation already",
            hint="restore where nothing is yet: set PLIMSOLL_HOME (and PLIMSOLL_DATABASE) to a new place",
        )


class BackupUnwritableError(UnavailableError):
    """The folder of a backup cannot be written to."""

    code = "backup_unwritable"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} could not be written: {reason}", hint="check the folder and the room on the disk")


@click.group(short_help="Backup and restore")
def storage() -> None:
    """Where everything is kept: backup, restore."""


@storage.command("backup", epilog="Example: plimsoll storage backup monday.tar")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--keys", "keys_file", type=click.Path(dir_okay=False, path_type=Path), help="Default: FILE.keys")
@json_option
def backup(state: State, file: Path, keys_file: Path | None) -> None:
    """Write records, traces and contents to FILE, and the keys to FILE.keys, for their owner alone.

    Keep FILE for as long as you like, and FILE.keys only as long as an erasure may take: who has it can open what
    was sealed for people who were erased since.
    """
    from plimsoll.flows.backup import back_up
    from plimsoll.ledger import Act

    keys = keys_file or file.with_name(file.name + ".keys")
    with state.platform(state.project_root()) as platform:
        platform.acting.require("storage")
        try:
            done = back_up(file, keys, platform.backup_parts())
        except OSError as error:
            raise BackupUnwritableError(file, error.strerror or str(error)) from error
        facts: dict[str, Json] = {"rows": done.rows, "contents": done.blobs, "digest": done.digest}
        platform.ledger.record([Act("storage.backup", "", platform.acting.by, facts)])
    content = {"file": file, "keys": keys, **facts, "checkpoint": done.checkpoint}
    text = f"{done.rows:,} rows and {done.blobs:,} contents → {file}; the keys → {keys}"
    state.output.result(content, lambda screen: _told(screen, text))


@storage.command("restore", epilog="Example: PLIMSOLL_HOME=/srv/new plimsoll storage restore monday.tar")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--keys", "keys_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Default: FILE.keys"
)
@click.option("--without-keys", is_flag=True, help="Restore what can be read without them; names stay sealed.")
@json_option
def restore(state: State, *, file: Path, keys_file: Path | None, without_keys: bool) -> None:
    """Bring a backup back into an empty installation, on SQLite or PostgreSQL; refused unless its ledger verifies."""
    from plimsoll.flows.backup import restore as restore_flow
    from plimsoll.ledger import Act

    keys = None if without_keys else keys_file or file.with_name(file.name + ".keys")
    root = state.project_root()
    with state.platform(root) as platform:
        if any(platform.settings.keys.glob("*")):
            raise HomeInUseError(platform.settings.keys)
        done = restore_flow(file, keys, platform.backup_parts())
    if done.with_keys:
        with state.platform(root) as platform:
            facts: dict[str, Json] = {"rows": done.rows, "contents": done.blobs}
            platform.ledger.record([Act("storage.restore", "", platform.acting.by, facts)])
    state.output.result(
        done,
        lambda screen: _told(
            screen, f"{done.rows:,} rows and {done.blobs:,} contents are back, and the ledger verifies"
        ),
    )


def _told(screen: "Console", text: str) -> None:
    screen.print(text, style="bold green", markup=False, highlight=False, soft_wrap=True)


COMMANDS: tuple[click.Command, ...] = (storage,)
