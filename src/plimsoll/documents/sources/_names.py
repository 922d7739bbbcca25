"""Names that can be shown: in a report, on a terminal, and to a model that is told where a passage comes from."""

import re
import unicodedata

RENAME = "rename it so that its name is UTF-8 without control characters"

# What ends a line, moves a cursor or turns the direction of what follows.
_STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def is_text(name: str) -> bool:
    """False for names with bytes that are not UTF-8; Python carries those as surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def fault_of_name(name: str) -> str:
    """What is wrong with the name of a file or folder, or with a path; empty for a good one."""
    if not is_text(name):
        return "its name is not UTF-8"
    return "its name has control characters" if _STEERING.search(name) else ""


def composed(name: str) -> str:
    """The name with its marks in one form: some systems write `ä` as `a` and a mark of its own (Unicode, UAX 15)."""
    return unicodedata.normalize("NFC", name)
