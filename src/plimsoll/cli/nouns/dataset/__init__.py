"""The noun dataset: what questions there are, what is wrong with them, and where new ones come from."""

from ._commands import COMMANDS

__all__ = ["COMMANDS"]
