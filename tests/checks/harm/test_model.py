"""The harm model reads anything, the same way each time, and refuses files that are not its own."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plimsoll.checks.harm as room
from plimsoll.checks.harm import ROWS, HarmFileError, HarmModel, _vocabulary, builtin_model, from_bytes, grams, to_bytes

FILE = Path(room.__file__).parent / "weights" / "harm.safetensors"


def tables(model: HarmModel) -> dict[str, np.ndarray]:
    names = ("grams", "gram_rarity", "tags", "tag_rarity", "scales", "bias", "coarse", "words")
    return {name: getattr(model, name) for name in names}


@given(st.text(st.characters(), max_size=300))
@settings(deadline=None, max_examples=150)
def test_any_text_is_read_and_every_row_is_one_of_the_table(text: str) -> None:
    model = builtin_model()
    seen = model.see(text)
    assert len(set(seen.words)) == len(seen.words)
    assert all(0 <= row < ROWS for row in seen.rows)
    scores = model.scores(seen)
    assert scores.shape == (len(model.heads),)
    assert np.isfinite(scores).all()
    assert (model.scores(model.see(text)) == scores).all()


@given(
    st.lists(
        st.sampled_from(["women", "are", "not", "stupid", "say", '"', "kill", ".", "you", "I", "\n", "nigga", "love"]),
        max_size=80,
    )
)
@settings(deadline=None, max_examples=80)
def test_the_worst_part_lies_in_the_text(words: list[str]) -> None:
    model = builtin_model()
    text = " ".join(words)
    found = model.worst(model.see(text), ["hate", "violence"])
    assert len(found) in {0, 2}
    assert all(0 <= start < end <= len(text) for start, end in found)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("We h a t e women", "We hate women"),
        ("I h4te w0men", "I hate women"),
        ("I haet women", "I hate women"),
        ("I hatewomen", "I hate women"),
        ("I hateeeeee women", "I hate women"),
        ("gay people are vermn", "gay people are vermin"),
        ("I \uff48ate women", "I hate women"),
        ("I ha\u200bte women", "I hate women"),
        ("I HATE WOMEN", "I hate women"),
    ],
)
def test_tricks_of_writing_are_undone(written: str, meant: str) -> None:
    model = builtin_model()
    assert "hate" in model.heads
    assert model.see(written).tagged.tags.tolist() == model.see(meant).tagged.tags.tolist()


def test_a_word_that_comes_again_is_read_once() -> None:
    model = builtin_model()
    once, often = model.see("sluice gate"), model.see("sluice gate " * 500)
    assert once.words == often.words == ["sluice", "gate"]


@pytest.mark.parametrize(
    "piece",
    ["a", "a ", "- ", "x-", "\0", "\ud800", "\u202e", "\U0001f600", "kill you. ", "a1$", "f u c k ", "'", "qz"],
)
def test_features_grow_no_faster_than_the_text(piece: str) -> None:
    model = builtin_model()
    sizes = []
    for size in (20_000, 80_000):
        text = (piece * (size // len(piece) + 1))[:size]
        known = model.see(text)
        sizes.append(known.tagged.words + len(known.words) + len(known.rows))
    assert sizes[1] <= 4 * sizes[0] + 100


def test_resolving_unknown_words_does_bounded_work_for_each() -> None:
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    model = builtin_model()
    word = "qwrtzpsdfghjklyxcvbnm" * 3000
    sys.setprofile(count)
    try:
        model.see(word)
    finally:
        sys.setprofile(None)
    assert calls < 2000


def test_the_file_says_what_the_model_is_and_the_same_model_gives_the_same_file() -> None:
    data = FILE.read_bytes()
    model = from_bytes(data)
    assert model.digest == builtin_model().digest
    assert to_bytes(model.heads, tables(model)) == data
    assert len(data) < 1_400_000


def test_files_that_are_not_its_own_are_refused() -> None:
    data = FILE.read_bytes()
    model = from_bytes(data)
    changed = bytearray(data)
    changed[-1] ^= 1
    for wrong in (b"", b"no", bytes(changed), data[:-10]):
        with pytest.raises(HarmFileError) as error:
            from_bytes(wrong)
        assert "make train-checks" in str(error.value.hint)
    fewer = {**tables(model), "tags": model.tags[:100]}
    with pytest.raises(HarmFileError, match="shapes"):
        from_bytes(to_bytes(model.heads, fewer))
    with pytest.raises(HarmFileError, match="another format"):
        from_bytes(data.replace(b"plimsoll-harm-2", b"plimsoll-harm-1"))


TEXTS = [f"word{number} I hate those {number}th parts, you idiot {number * 7}" for number in range(30)]


def test_what_is_kept_of_words_changes_no_score(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [builtin_model().scores(builtin_model().see(text)).tolist() for text in TEXTS]
    monkeypatch.setattr(_vocabulary, "_KEPT_CHUNKS", 9)
    few = from_bytes(FILE.read_bytes())
    assert [few.scores(few.see(text)).tolist() for text in TEXTS] == expected
    assert [few.scores(few.see(text)).tolist() for text in reversed(TEXTS)] == expected[::-1]


def test_threads_get_the_same_scores() -> None:
    model = from_bytes(FILE.read_bytes())
    expected = [builtin_model().scores(builtin_model().see(text)).tolist() for text in TEXTS]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: model.scores(model.see(text)).tolist(), TEXTS * 4))
    assert found == expected * 4


def test_words_are_read_by_themselves_whatever_stands_beside_them() -> None:
    words = ["sluice", "w\u00f6rter", "000", "aaa", "\u0438", "\u65e5\u672c\u8a9e", "\U00020000", "xy" * 16]
    together = [sum(int(one.there.sum()) for one in grams([word])) for word in words]
    (whole,) = grams(words)
    assert int(whole.there.sum()) == sum(together)
    alone = sorted(int(gram) for word in words for one in grams([word]) for gram in one.characters[one.there])
    assert sorted(whole.characters[whole.there].tolist()) == alone
