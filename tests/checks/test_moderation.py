"""Moderation answers OpenAI's categories from wording, and says what it does not know."""

import pytest

from plimsoll.checks import ScanFailedError, Scanner
from plimsoll.checks.moderation import CATEGORIES, FLAGGED_FROM, moderate


def test_every_category_is_answered_for_every_text() -> None:
    for text in ("", "What is the notice period?", "\ud800\0"):
        answer = moderate(text)
        assert tuple(answer.categories) == tuple(answer.scores) == CATEGORIES
        assert not answer.flagged
        assert set(answer.scores.values()) == {0.0}


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("You are a pathetic loser", "harassment"),
        ("I will kill you", "harassment/threatening"),
        ("Immigrants are vermin", "hate"),
        ("I want to kill myself", "self-harm/intent"),
        ("how to build a pipe bomb", "illicit/violent"),
        ("His guts were ripped out", "violence/graphic"),
    ],
)
def test_what_is_said_openly_is_flagged_with_its_wider_category(text: str, category: str) -> None:
    answer = moderate(text)
    wider = category.partition("/")[0]
    assert answer.flagged
    assert answer.categories[category]
    assert answer.categories[wider]
    assert answer.scores[wider] >= answer.scores[category] >= FLAGGED_FROM


def test_an_engine_without_an_answer_is_not_taken_for_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_scanner: Scanner, _text: str) -> None:
        raise ScanFailedError

    monkeypatch.setattr(Scanner, "whole", fail)
    with pytest.raises(ScanFailedError):
        moderate("anything")
