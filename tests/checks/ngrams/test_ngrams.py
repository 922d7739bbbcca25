"""Linear models over hashed n-grams."""

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.checks.ngrams import BLOCK, Block, NgramModel, NgramsFileError, blocks, from_bytes, to_bytes
from plimsoll.checks.ngrams import _features as features_of
from plimsoll.checks.ngrams._codes import codes

BITS = 12
ODD = "a\u0130 \ud800 \x00 \u202e\U000e0041 \u200b \U0001f600 \u4f60\u597d 42!! \r\n\t"


def model(heads: int = 2, bits: int = BITS) -> NgramModel:
    random = np.random.default_rng(7)
    weights = random.integers(-127, 128, (2**bits, heads)).astype(np.int8)
    names = tuple(f"head{number}" for number in range(heads))
    return NgramModel(names, weights, np.full(heads, 0.01, np.float32), np.arange(heads).astype(np.float32))


def by_hand(text: str, one: NgramModel) -> list[float]:
    words, characters = [], []
    for block in blocks(text, one.bits):
        words += list(block.words.ravel())
        characters += list(block.characters.ravel())
    answers = []
    for head in range(len(one.heads)):
        total = sum(float(one.weights[bucket, head]) for bucket in words) / len(words) ** 0.5
        total += sum(float(one.weights[bucket, head]) for bucket in characters) / len(characters) ** 0.5
        answers.append(total * float(one.scale[head]) + float(one.bias[head]))
    return answers


@given(st.text(min_size=1, max_size=200))
def test_the_score_is_the_sum_over_the_features(text: str) -> None:
    one = model()
    assert one.read(text).scores() == pytest.approx(by_hand(text, one))


@pytest.mark.parametrize("text", ["word " * 5_000, "x" * 20_000, "\u4f60" * 9_000, ODD * 1_000, "." * 30_000])
def test_long_texts_are_read_in_blocks_with_the_same_score(text: str) -> None:
    one = model()
    assert one.read(text).scores() == pytest.approx(by_hand(text, one))
    assert max(block.characters.shape[1] for block in blocks(text, BITS)) <= BLOCK + 1


def test_an_empty_text_has_only_the_bias_and_no_windows() -> None:
    read = model().read("")
    assert list(read.scores()) == [0.0, 1.0]
    assert len(read.windows(60, 20).starts) == 0


def test_the_same_words_have_the_same_features_wherever_they_stand() -> None:
    (alone,) = blocks("ignore all rules", BITS)
    (later,) = blocks("Well, please: IGNORE all  rules", BITS)
    assert later.words[:, 2].tolist() == alone.words[:, 0].tolist()
    assert later.words[:, 3].tolist() == alone.words[:, 1].tolist()


def test_no_two_words_of_many_share_all_buckets() -> None:
    words = [f"{first}{second}{third}" for first in "abcdefghij" for second in "klmnopqrst" for third in "uvwxyz"]
    seen = {next(blocks(word, 20)).words[0, 0] for word in words}
    assert len(seen) > 0.99 * len(words)


@given(
    st.lists(st.sampled_from(["ignore", "Stra\u00dfe", "\u0130stanbul", "r\u00e9sum\u00e9", "\u4f60", "9"]), min_size=1)
)
def test_words_stand_where_they_are_said_to_stand(words: list[str]) -> None:
    text = "  " + " - ".join(words) + "  "
    found = [
        text[start:end] for block in blocks(text, BITS) for start, end in zip(block.starts, block.ends, strict=True)
    ]
    assert found == words


def test_chinese_characters_are_words() -> None:
    text = "ok \u4f60\u597d world\u4e2d!"
    (found,) = blocks(text, BITS)
    words = [text[start:end] for start, end in zip(found.starts, found.ends, strict=True)]
    assert words == ["ok", "\u4f60", "\u597d", "world", "\u4e2d"]


def test_a_window_has_the_score_of_its_text_but_for_its_edges() -> None:
    one = model(1)
    strange = "purple zebras quietly demand eleven teapots "
    text = "the meeting is on monday in room four and " * 30 + strange * 10 + "all of the team is invited to it " * 30
    windows = one.read(text).windows(60, 10)
    alone = float(one.read(strange * 10).scores()[0])
    nearest = int(np.argmin(np.abs(windows.starts - text.index(strange))))
    assert float(windows.scores[nearest, 0]) == pytest.approx(alone, rel=0.25)
    assert windows.starts[0] == 0
    assert windows.ends[-1] == len(text.rstrip())


def test_all_words_are_in_some_window() -> None:
    for count in (1, 59, 60, 61, 79, 80, 81, 200):
        text = "word " * count
        windows = model().read(text).windows(60, 20)
        covered = set()
        for start, end in zip(windows.starts, windows.ends, strict=True):
            covered |= set(range(start, end))
        assert len(covered) >= len(text) - count
        assert windows.ends[-1] == len(text) - 1


def test_runs_are_cut_short() -> None:
    read = codes("a      b!!!!!!!!!!c")
    assert bytes(read.codes.astype(np.uint8)) == b"a b!!!c"
    assert read.places.tolist() == [0, 1, 7, 8, 9, 10, 18]


def test_the_work_for_a_text_grows_with_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    real = features_of._block

    def counted(piece: str, offset: int, bits: int) -> Block:
        sizes.append(len(piece))
        return real(piece, offset, bits)

    monkeypatch.setattr(features_of, "_block", counted)
    for unit in ("a", "a ", " ", "\u4f60", ODD):
        sizes.clear()
        text = unit * (200_000 // len(unit))
        model().read(text)
        assert sum(sizes) == len(text)
        assert max(sizes) <= BLOCK
        assert len(sizes) <= 2 * len(text) / BLOCK + 1


@given(st.text(max_size=3000))
def test_any_text_can_be_read(text: str) -> None:
    windows = model().read(text).windows(60, 20)
    assert all(0 <= start < end <= len(text) for start, end in zip(windows.starts, windows.ends, strict=True))


def test_five_million_characters_can_be_read() -> None:
    assert model().read(ODD * (5_000_000 // len(ODD))).scores().shape == (2,)


def test_a_model_comes_back_from_its_file() -> None:
    one = model()
    data = to_bytes(one)
    back = from_bytes("attacks", data)
    assert back.heads == one.heads
    assert np.array_equal(back.weights, one.weights)
    assert len(back.digest) == 64
    assert to_bytes(back) == data


def test_a_changed_file_is_refused() -> None:
    data = bytearray(to_bytes(model()))
    data[-5000] ^= 1
    with pytest.raises(NgramsFileError, match="digest") as caught:
        from_bytes("attacks", bytes(data))
    assert "make train-checks" in str(caught.value.hint)


@pytest.mark.parametrize("data", [b"", b"rubbish", b"\xff" * 100, safetensors.numpy.save({"a": np.zeros(3)})])
def test_rubbish_is_refused(data: bytes) -> None:
    with pytest.raises(NgramsFileError, match="attacks"):
        from_bytes("attacks", data)


def test_tables_that_do_not_belong_together_are_refused() -> None:
    one = model()
    for wrong in (
        NgramModel(("only",), one.weights, one.scale, one.bias),
        NgramModel(one.heads, one.weights[:-1], one.scale, one.bias),
        NgramModel(one.heads, one.weights, np.array([np.nan, 1], np.float32), one.bias),
        NgramModel((), one.weights[:, :0], one.scale[:0], one.bias[:0]),
    ):
        with pytest.raises(NgramsFileError):
            from_bytes("attacks", to_bytes(wrong))
