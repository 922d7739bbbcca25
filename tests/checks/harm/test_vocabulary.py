"""What was read before, in whatever order, makes no difference to how a text is read."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.checks.harm import Vocabulary, _vocabulary, builtin_model, vocabulary
from plimsoll.checks.harm._words import spans

LEXICON = builtin_model().words.tobytes()
KEPT = vocabulary(LEXICON)
PIECES = st.sampled_from(
    [
        *("kill", "you", "don't", "self-harm", "Black", "people", "f", "u", "c", "k", "", "\n", ".", "!!", "a;b"),
        *("\u201cyes\u201d", "x" * 60, "x-" * 40, "\u65e5\u672c", "b4d", "in", "love", "1999"),
    ]
)


def parts(read: Vocabulary, lowered: str) -> tuple[list[int], list[int], int, list[str]]:
    found = read.read(lowered)
    return found.tagged.tags.tolist(), found.tagged.places.tolist(), found.tagged.words, sorted(found.words)


@given(st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=40))
@settings(deadline=None, max_examples=150)
def test_a_text_is_read_as_if_it_were_the_first(pieces: list[str]) -> None:
    lowered = " ".join(pieces).lower()
    assert parts(KEPT, lowered) == parts(vocabulary(LEXICON), lowered)


@given(st.lists(st.one_of(PIECES, st.text(max_size=90)), max_size=40))
@settings(deadline=None, max_examples=150)
def test_every_token_has_its_place_in_the_text(pieces: list[str]) -> None:
    found = KEPT.read(" ".join(pieces).lower())
    where = spans(found.lowered)
    assert len(where) == found.tagged.words
    assert all(start < end <= following for (start, end), (following, _) in itertools.pairwise(where))


@pytest.mark.parametrize("room", [(3, 60_000), (20_000, 8)])
def test_a_full_vocabulary_begins_anew_and_reads_the_same(
    room: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"you {word} are not {word}ish, {word}!" for word in ("idiot", "women", "river", "hatred", "gauge")]
    expected = [parts(KEPT, text) for text in texts]
    monkeypatch.setattr(_vocabulary, "_KEPT_CHUNKS", room[0])
    monkeypatch.setattr(_vocabulary, "_KEPT_PARTS", room[1])
    small = vocabulary(LEXICON)
    assert [parts(small, text) for text in texts * 2] == expected * 2


def test_what_has_no_space_is_cut_where_a_word_ends() -> None:
    address = "https://example.org/" + "/".join(["harbour", "winter", "timetable"] * 4)
    assert set(KEPT.read(address).words) <= {*re.findall("[a-z]+", address)}


def test_the_weights_of_words_add_up() -> None:
    words = ("sluice", "gate", "idiot")
    weighed = vocabulary(LEXICON)
    sums = {word: builtin_model().see(word).weights for word in words}
    assert np.array_equal(builtin_model().see(" ".join(words)).weights, sum(sums.values()))
    assert weighed.read("sluice gate").weights.shape == (0,)
