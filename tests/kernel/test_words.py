import pytest

from plimsoll.kernel.words import nearest


@pytest.mark.parametrize(
    ("word", "meant"), [("anwser", "answer"), ("Answer", "answer"), ("chunck", "chunk"), ("zebra", None), ("", None)]
)
def test_a_misspelling_finds_its_word(word: str, meant: str | None) -> None:
    assert nearest(word, ["answer", "chunk", "sources"]) == meant


def test_nothing_known_nothing_near() -> None:
    assert nearest("answer", []) is None
