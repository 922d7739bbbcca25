"""Names of actors and tags for costs: what can be read, told apart and printed."""

import re
import unicodedata

from ._errors import NameUnfitError

_LONGEST = 200
_PSEUDONYM = re.compile(r"s-[0-9a-f]{16}")


def actor_name(text: str) -> str:
    """The one spelling of an actor's name (Unicode NFC, no spaces around). Raises NameUnfitError.

    - It has 1 to 200 characters, all printable: no control characters, and none that change the direction of text.
    - It does not have the form of a pseudonym, so that the two can never be mistaken for each other.
    """
    name = unicodedata.normalize("NFC", text).strip()
    _check("name", name)
    if not name:
        raise NameUnfitError("name", "is empty")
    if is_pseudonym(name):
        raise NameUnfitError("name", "has the form of a pseudonym")
    return name


def tag(what: str, text: str) -> str:
    """The one spelling of a team's or project's name; empty for none. Raises NameUnfitError."""
    name = unicodedata.normalize("NFC", text).strip()
    _check(what, name)
    return name


def is_pseudonym(text: str) -> bool:
    """Whether a text has the form of an actor's pseudonym."""
    return _PSEUDONYM.fullmatch(text) is not None


def _check(what: str, name: str) -> None:
    if len(name) > _LONGEST:
        raise NameUnfitError(what, f"has {len(name)} characters, and {_LONGEST} are the most")
    if not name.isprintable():
        raise NameUnfitError(what, "has characters that cannot be printed")
