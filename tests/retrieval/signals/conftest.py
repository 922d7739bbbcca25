"""Candidates by hand."""

from collections.abc import Callable

import pytest

from plimsoll.retrieval._types import Found

Finds = Callable[..., Found]


@pytest.fixture
def find() -> Finds:
    """A candidate with a text; everything else may be left out."""

    def found(text: str, *, document: str = "a.txt", title: str = "", context: str = "", ordinal: int = 0) -> Found:
        return Found(
            id=f"{document}#{ordinal}",
            document=document,
            title=title,
            page=1,
            ordinal=ordinal,
            start=0,
            end=len(text),
            text=text,
            headings=(),
            parent=None,
            context=context,
            language="en",
            metadata={},
        )

    return found
