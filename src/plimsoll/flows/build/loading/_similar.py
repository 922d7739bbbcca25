"""What becomes of documents that are nearly the same as others."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from plimsoll.documents.similar import near_duplicates
from plimsoll.documents.sources import Access

from .._types import DocumentOutcome
from ._load import LoadedDocument


def settle_near_duplicates(
    documents: Sequence[LoadedDocument], mode: Literal["keep", "skip"]
) -> tuple[list[LoadedDocument], list[DocumentOutcome]]:
    """The documents that go on, and those that are left out for another one that is nearly the same.

    With `keep` all go on, and a note says what each is near to; with `skip` only the first of them by path does. Only
    documents for the same readers are compared: nobody loses one for another that he may not read, or hears of that.
    """
    said = dict(_said(documents))
    kept: list[LoadedDocument] = []
    left_out: list[DocumentOutcome] = []
    for place, document in enumerate(documents):
        if place not in said:
            kept.append(document)
        elif mode == "skip":
            left_out.append(_left_out(document, said[place]))
        else:
            kept.append(replace(document, notes=(*document.notes, said[place])))
    return kept, left_out


def _said(documents: Sequence[LoadedDocument]) -> Iterator[tuple[int, str]]:
    """The places of the near-duplicates, each with what is to be said of it."""
    places: dict[Access, list[int]] = {}
    for place, document in enumerate(documents):
        places.setdefault(document.access, []).append(place)
    for same_readers in places.values():
        for twin in near_duplicates([documents[place].signature for place in same_readers]):
            first = documents[same_readers[twin.first]]
            words = f"nearly the same text as {first.path} (about {twin.similarity:.0%} of it)"
            yield same_readers[twin.place], words


def _left_out(document: LoadedDocument, reason: str) -> DocumentOutcome:
    hint = "delete one of the two, or index both with `near_duplicates: keep`"
    return DocumentOutcome(document.path, "near_duplicate", reason, hint, document.notes, document.digest)
