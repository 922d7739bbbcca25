"""What becomes of documents that are nearly the same as others."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from plimsoll.documents.similar import Twin, near_duplicates

from .._types import DocumentOutcome
from ._load import LoadedDocument


def settle_near_duplicates(
    documents: Sequence[LoadedDocument], mode: Literal["keep", "skip"]
) -> tuple[list[LoadedDocument], list[DocumentOutcome]]:
    """The documents that go on, and those that are left out for another one that is nearly the same.

    With `keep` all go on, and a note says what each is near to. With `skip` only the first of them by path does; but a
    document with other readers than that one always goes on, because leaving it out would hide it from some of them.
    """
    twins = {twin.place: twin for twin in near_duplicates([document.signature for document in documents])}
    kept: list[LoadedDocument] = []
    left_out: list[DocumentOutcome] = []
    for place, document in enumerate(documents):
        twin = twins.get(place)
        if twin is None:
            kept.append(document)
        elif mode == "skip" and documents[twin.first].access == document.access:
            left_out.append(_left_out(document, documents[twin.first], twin))
        else:
            kept.append(replace(document, notes=(*document.notes, _said(documents[twin.first], twin))))
    return kept, left_out


def _left_out(document: LoadedDocument, first: LoadedDocument, twin: Twin) -> DocumentOutcome:
    hint = "delete one of the two, or index both with near_duplicates: keep"
    return DocumentOutcome(document.path, "duplicate", _said(first, twin), hint, document.notes, document.digest)


def _said(first: LoadedDocument, twin: Twin) -> str:
    return f"near-duplicate of {first.path} (about {twin.similarity:.0%} of the text is the same)"
