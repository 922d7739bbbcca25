"""What is wrong with a dataset."""

from typing import TYPE_CHECKING

from plimsoll.flows.dataset import Checked

from ..._output import printable as _plain

if TYPE_CHECKING:
    from rich.console import Console

_IDS = 5


def checked(screen: "Console", found: Checked) -> None:
    """What was found, the wrong first."""
    for finding in found.findings:
        colour = "red" if finding.level == "wrong" else "yellow"
        screen.print(f"[{colour}]{finding.level}[/] [bold]{finding.code}[/]", highlight=False)
        screen.print(f"  {_plain(finding.message)}", markup=False, highlight=False)
        if finding.rows:
            more = f" … ({len(finding.rows)} rows)" if len(finding.rows) > _IDS else ""
            screen.print(f"  rows: {_plain(', '.join(finding.rows[:_IDS]))}{more}", markup=False, highlight=False)
        if finding.instead:
            screen.print(f"  → {finding.instead}", markup=False, highlight=False)
    for note in found.notes:
        screen.print(note, markup=False, highlight=False)
    if found.wrong:
        things = "1 thing" if found.wrong == 1 else f"{found.wrong} things"
        screen.print(f"{found.name}: {things} wrong in {found.rows} rows", markup=False, highlight=False)
    else:
        screen.print(f"{found.name}: nothing wrong in {found.rows} rows", markup=False, highlight=False)
