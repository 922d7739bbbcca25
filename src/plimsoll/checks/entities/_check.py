"""The check `names`: people, places, addresses and what else only the words around it can tell."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from plimsoll.kernel.digest import digest_json, hex_part

from .._types import NO_CONTEXT, Context, Found

if TYPE_CHECKING:
    from ._tagger import Tagger

KINDS: Final = (
    "person",
    "location",
    "address",
    "organization",
    "date_time",
    "age",
    "nationality",
    "title",
    "id_number",
)
"""All that it can find."""

DEFAULT_KINDS: Final = ("person", "address", "id_number")
"""What it looks for where nobody says: what leads to one person. A country or a year of itself does not."""

_LEAST: Final = 0.5
_NEAR: Final = 4
_BETWEEN: Final = " ,\t\r\n"
_OF_ADDRESS: Final = frozenset({"address", "location"})
_NUMBERED: Final = frozenset({"address", "id_number"})
_LEAST_SIGNS: Final = 4
_RULES: Final = 2
_VERSION_LENGTH: Final = 8
_CUTS: Final = ("\n", ". ", " ")


class NamesCheck:
    """Finds people, places, addresses and the like by a small network; `kinds` are those that are told.

    Immutable, and safe to use from several threads. Answers that stream are looked at sentence by sentence. Without a
    `tagger` the one that comes with Plimsoll is read when it is first needed. Raises TaggerFormatError then.
    """

    by_sentence = True

    def __init__(self, kinds: Sequence[str] = DEFAULT_KINDS, *, tagger: "tuple[Tagger, str] | None" = None) -> None:
        self.name = "names"
        self.kinds = tuple(kinds)
        self._given = tagger

    @property
    def version(self) -> str:
        """The first characters of the digest of the weights and of the number of the rules that go with them."""
        return hex_part(digest_json([_RULES, self._tagger()[1]]))[:_VERSION_LENGTH]

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:  # noqa: ARG002  # it needs none
        """What it finds in a whole text, in the order of the text; nothing overlaps. Raises TaggerFormatError."""
        tagger, _ = self._tagger()
        found: Iterable[Found] = (one for start, block in _blocks(text) for one in spans_of(block, tagger, start))
        if "address" in self.kinds:
            found = _whole_addresses(text, found)
        return [one for one in _without_scraps(text, list(found)) if one.kind in self.kinds]

    def _tagger(self) -> "tuple[Tagger, str]":
        if self._given is not None:
            return self._given
        from ._tagger import builtin_tagger

        return builtin_tagger()


def names(kinds: Sequence[str] = ()) -> NamesCheck:
    """Looks for names and places of some kinds, or of those that lead to one person."""
    return NamesCheck(tuple(kinds) or DEFAULT_KINDS)


def spans_of(block: str, tagger: "Tagger", at: int = 0) -> Iterator[Found]:
    """Runs of tokens with the same label, in a block of text that begins at the character `at` of the whole."""
    from ._tagger import LABELS, likely
    from ._tokens import tokens_of

    tokens = tokens_of(block)
    if not len(tokens.starts):
        return
    places, labels, sure = likely(tagger.scores(tokens), _LEAST)
    for first, last in _runs(places, labels):
        start, end = int(tokens.starts[places[first]]), int(tokens.ends[places[last]])
        score = min(1.0, sum(sure[first : last + 1]) / (last + 1 - first))
        yield Found(at + start, at + end, LABELS[labels[first]], round(score, 4))


def _runs(places: Sequence[int], labels: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of those that follow each other and have the same label."""
    first = 0
    for number, place in enumerate(places):
        if number + 1 == len(places) or places[number + 1] > place + 1 or labels[number + 1] != labels[number]:
            yield first, number
            first = number + 1


def _whole_addresses(text: str, found: Iterable[Found]) -> Iterator[Found]:
    """Street, postcode and city as one finding, where only spaces and commas stand between them."""
    last: Found | None = None
    for one in found:
        if last is not None and _belong(text, last, one):
            last = Found(last.start, one.end, "address", min(last.score, one.score))
        else:
            if last is not None:
                yield last
            last = one
    if last is not None:
        yield last


def _belong(text: str, first: Found, second: Found) -> bool:
    """Whether two findings are parts of one address."""
    kinds = {first.kind, second.kind}
    return "address" in kinds and kinds <= _OF_ADDRESS and _touch(text, first, second)


def _touch(text: str, first: Found, second: Found) -> bool:
    """Whether nothing but spaces and commas stands between two findings."""
    return second.start - first.end <= _NEAR and not text[first.end : second.start].strip(_BETWEEN)


def _without_scraps(text: str, found: Sequence[Found]) -> Iterator[Found]:
    """All but addresses and numbers of so few letters and digits that they lead to nobody, as `#`, `42` or `+`.

    Beside something else that was found they are a part of it.
    """
    are = [one.kind in _NUMBERED and sum(map(str.isalnum, text[one.start : one.end])) < _LEAST_SIGNS for one in found]
    for number, one in enumerate(found):
        before, behind = number > 0 and not are[number - 1], number + 1 < len(found) and not are[number + 1]
        if (
            not are[number]
            or (before and _touch(text, found[number - 1], one))
            or (behind and _touch(text, one, found[number + 1]))
        ):
            yield one


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """A text in blocks, cut where a line, a sentence or at least a word ends."""
    from ._tokens import BLOCK

    at = 0
    while len(text) - at > BLOCK:
        found = (text.rfind(cut, at + BLOCK // 2, at + BLOCK) for cut in _CUTS)
        end = next((place + 1 for place in found if place >= 0), at + BLOCK)
        yield at, text[at:end]
        at = end
    yield at, text[at:]
