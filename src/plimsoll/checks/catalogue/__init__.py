"""The checks that a policy can name: what each is for, what it finds and what it takes; also those of plug-ins.

Here: `CHECKS` (the built-in ones with their kinds), what can be said about a check without making it (`CheckEntry`,
`Option`), making one (`make_check`), and the entry points by which packages add theirs. Not here: the checks
themselves, which stand in the rooms beside this one and are imported when one of them is made.
"""

from ._make import CHECKS, check_entry, check_names, make_check
from ._plugins import GROUP
from ._types import CheckEntry, Given, Option, OptionType

__all__ = [
    "CHECKS",
    "GROUP",
    "CheckEntry",
    "Given",
    "Option",
    "OptionType",
    "check_entry",
    "check_names",
    "make_check",
]
