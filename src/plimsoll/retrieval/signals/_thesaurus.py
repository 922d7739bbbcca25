"""What a question may mean beside its own words: a list that says, for phrases of a question, which others to add."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated

import msgspec

from plimsoll.kernel.digest import digest_json

from .._words import sequence
from ._errors import ThesaurusFormatError, ThesaurusMissingError

BUILTIN_THESAURI = ("builtin/accounting",)
"""builtin/accounting: statements, line items and measures of financial reports (English)."""

_MOST_ADDED = 40

_Phrase = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class _Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    when: Annotated[tuple[_Phrase, ...], msgspec.Meta(min_length=1, max_length=100)]
    add: Annotated[tuple[_Phrase, ...], msgspec.Meta(min_length=1, max_length=100)]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    groups: Annotated[tuple[_Group, ...], msgspec.Meta(min_length=1, max_length=10_000)]
    about: str = ""


@dataclass(frozen=True, slots=True)
class Thesaurus:
    """Says which phrases to add to a question. Made by `read_thesaurus` or `builtin_thesaurus`."""

    groups: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    """For each group the phrases that a question may hold, as `sequence` writes them, and the phrases to add."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever a question could get other phrases."""
        return digest_json([[list(when), list(add)] for when, add in self.groups])

    def added(self, question: str) -> tuple[str, ...]:
        """The phrases to search with a question, each once, at most 40, without those that it holds itself."""
        said = f" {sequence(question)} "
        found = (phrase for when, add in self.groups if any(f" {own} " in said for own in when) for phrase in add)
        return tuple(phrase for phrase in dict.fromkeys(found) if f" {sequence(phrase)} " not in said)[:_MOST_ADDED]

    def expanded(self, question: str) -> str:
        """The question with its added phrases, to be searched by full text; never to be shown or answered."""
        return "\n".join((question, *self.added(question)))


def read_thesaurus(data: bytes) -> Thesaurus:
    """The thesaurus in a JSON file, `{"groups": [{"when": [phrases], "add": [phrases]}, …]}`.

    Raises ThesaurusFormatError.
    """
    try:
        read = msgspec.json.decode(data, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ThesaurusFormatError(str(error)) from error
    return Thesaurus(tuple((_sequences(group.when), group.add) for group in read.groups))


@cache
def builtin_thesaurus(name: str) -> Thesaurus:
    """One of `BUILTIN_THESAURI`. Raises ThesaurusMissingError."""
    if name not in BUILTIN_THESAURI:
        raise ThesaurusMissingError(name, BUILTIN_THESAURI)
    own = files(__package__) / "thesauri" / f"{name.rpartition('/')[2]}.json"
    return read_thesaurus(own.read_bytes())


def _sequences(phrases: Sequence[str]) -> tuple[str, ...]:
    return tuple(said for phrase in phrases if (said := sequence(phrase)))
