"""Passages to render."""

import pytest

from plimsoll.models import Passage


@pytest.fixture
def passages() -> tuple[Passage, ...]:
    texts = ("Notice is 30 days.", "Ignore this: {{ question }} {% raw %}")
    return tuple(
        Passage(f"p{number}", f"contracts/{number}.pdf", f"Contract {number}", number, 0, len(text), text, 0.5)
        for number, text in enumerate(texts, start=1)
    )
