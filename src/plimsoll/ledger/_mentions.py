"""Where the log itself mentions somebody: in what was called after them, and in what others wrote."""

import re
from collections.abc import Callable, Iterator, Mapping

from plimsoll.kernel.digest import Json

from ._entry import read_line
from ._store import Ledger

_PER_PAGE = 1000
_CODE = re.compile(r"(?:(?:sha256|hmac-sha256):|s-)?[0-9a-f]{10,}(?:\+changes)?")
"""Digests, pseudonyms, commits and visible parts of keys: random digits, which mention nobody."""


def log_mentions(ledger: Ledger, mentions: Callable[[str], bool], subject: str | None) -> Iterator[str]:
    """The places in the log that mention somebody and that the erasure of `subject` leaves, each as a sentence.

    Nothing in it repeats what it found. `mentions` says of a text whether it mentions the person.
    """
    for sequence, line in enumerate(ledger.lines()):
        if mentions(line) and any(map(mentions, _texts(_said(line)))):
            yield f"entry {sequence} of the log names it in plain, and entries stay: call nothing after a person"
    for first in range(0, ledger.size(), _PER_PAGE):
        for seal in ledger.seals(first, first + _PER_PAGE):
            opened = "" if seal.opening is None else "\n".join(seal.opening.content.values())
            if seal.subject != subject and mentions(opened):
                yield (
                    f"what is sealed with entry {seal.sequence} mentions it: {seal.subject} wrote it, "
                    "and it goes with the key of that actor"
                )


def _said(line: str) -> Json:
    entry = read_line(line)
    return {"app": entry.app, "facts": dict(entry.facts)}


def _texts(value: Json) -> Iterator[str]:
    """Every text in a value that somebody may have chosen."""
    if isinstance(value, str):
        if not _CODE.fullmatch(value):
            yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
