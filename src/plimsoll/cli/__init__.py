"""The command line: translates arguments, calls one function, prints what it returns. No decisions.

Rooms are imported inside the commands, so that `plimsoll --help` stays fast.
"""

from ._app import main

__all__ = ["main"]
