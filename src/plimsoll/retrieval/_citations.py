"""Reading the citations that a model wrote: `[2]` means the second passage that it was given."""

import re
from collections.abc import Sequence

from plimsoll.models import Passage, Quote

_MARKER = re.compile(r"\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")


def cite(text: str, passages: Sequence[Passage]) -> tuple[Quote, ...]:
    """The passages that an answer cites as `[1]` or `[1, 3]`, each once, in the order of their first mention.

    A number that is no passage's is left out: a model that invents sources gets none.
    """
    numbers = (int(number) for match in _MARKER.finditer(text) for number in match.group(1).split(","))
    return tuple(
        _quote(number, passages[number - 1]) for number in dict.fromkeys(numbers) if 0 < number <= len(passages)
    )


def _quote(marker: int, passage: Passage) -> Quote:
    return Quote(
        marker=marker,
        passage_id=passage.id,
        document=passage.document,
        page=passage.page,
        start=passage.start,
        end=passage.end,
        text=passage.text,
    )
