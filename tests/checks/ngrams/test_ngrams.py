"""Linear models over n-grams that they know, and hashed n-grams of any text."""

import threading
from collections.abc import Sequence

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.checks.ngrams import (
    BLOCK,
    FEW_CHARACTERS,
    FEW_WORDS,
    FOLLOWING,
    Block,
    NgramModel,
    NgramsFileError,
    blocks,
    from_bytes,
    to_bytes,
)
from plimsoll.checks.ngrams import _features as features_of
from plimsoll.checks.ngrams import _kept as kept_of
from plimsoll.checks.ngrams import _tokens as tokens_of
from plimsoll.checks.ngrams._codes import codes
from plimsoll.checks.ngrams._tokens import HIGH, following, lower, own, short_tokens, spans, tokens

BITS = 12
ODD = "a\u0130 \ud800 \x00 \u202e\U000e0041 \u200b \U0001f600 \u4f60\u597d 42!! \r\n\t"


def model(heads: int = 2, bits: int = BITS) -> NgramModel:
    random = np.random.default_rng(7)
    signs = np.full(2**bits, 7, np.uint8)
    weights = random.integers(-127, 128, (2**bits, heads)).astype(np.int8)
    names = tuple(f"head{number}" for number in range(heads))
    return NgramModel(names, signs, weights, np.full(heads, 0.01, np.float32), np.arange(heads).astype(np.float32))


def flat(lines: Sequence[Sequence[str]]) -> list[str]:
    return [token for line in lines for token in line]


def by_hand(text: str, one: NgramModel) -> list[float]:
    """The score as the model says that it is made."""
    all_of_it = flat(short_tokens(lower(text)))
    found = list(dict.fromkeys(all_of_it))
    parts = own(found)
    firsts = np.unique(parts.names, return_index=True)[1]
    ahead = following(own(all_of_it).cores, FOLLOWING)
    count = ahead.shape[1]
    longer = np.unique(np.concatenate([ahead[0, : max(0, count - 1)], ahead[1, : max(0, count - 2)]]) & HIGH)
    words = np.concatenate([parts.words[np.isin(parts.word_owners, firsts)], longer])
    characters = parts.characters[np.isin(parts.owners, firsts)]
    total = one.bias.astype(np.float64)
    for keys, few in ((words, FEW_WORDS), (characters, FEW_CHARACTERS)):
        total += one.weights_of(keys).sum(axis=0, dtype=np.int64) / np.sqrt(len(keys) + few) * one.scale
    return list(total.tolist())


@given(st.text(min_size=1, max_size=200))
def test_the_score_is_the_sum_over_the_n_grams(text: str) -> None:
    one = model()
    assert one.read(text).scores().tolist() == pytest.approx(by_hand(text, one))


@pytest.mark.parametrize("text", ["word " * 5_000, "x" * 20_000, "\u4f60" * 9_000, ODD * 1_000, ". " * 30_000])
def test_what_repeats_itself_says_no_more_than_once(text: str) -> None:
    one = model()
    short, long = one.read(text[: len(text) // 5]).scores(), one.read(text).scores()
    assert long.tolist() == pytest.approx(short.tolist(), abs=0.2)


def test_an_n_gram_that_the_model_does_not_know_has_no_weight() -> None:
    one = model()
    keys = own(["ignore", "all", "rules"]).characters
    known = (keys >> np.uint64(32) & np.uint64(0xFF)) == 7
    assert not one.weights_of(keys)[~known].any()


def test_of_a_text_unlike_anything_known_only_the_bias_speaks() -> None:
    one = model()
    nothing = NgramModel(one.heads, one.signs, np.zeros_like(one.weights), one.scale, one.bias)
    assert nothing.read("purple zebras demand teapots").scores().tolist() == one.bias.tolist()


def test_an_empty_text_has_only_the_bias_and_no_windows() -> None:
    read = model().read("")
    assert list(read.scores()) == [0.0, 1.0]
    assert len(read.windows(60, 20).firsts) == 0


def test_the_same_words_have_the_same_n_grams_wherever_they_stand() -> None:
    alone = following(own(flat(tokens(lower("ignore all rules")))).cores, FOLLOWING)
    later = following(own(flat(tokens(lower("Well, please: IGNORE, all\n rules.")))).cores, FOLLOWING)
    assert later[0, 2:4].tolist() == alone[0, :2].tolist()
    assert later[1, 2] == alone[1, 0]


def test_no_two_words_of_many_are_the_same() -> None:
    words = [f"{first}{second}{third}" for first in "abcdefghij" for second in "klmnopqrst" for third in "uvwxyz"]
    assert len(set((own(words).cores & HIGH).tolist())) == len(words)


@given(
    st.lists(st.sampled_from(["ignore", "Stra\u00dfe", "\u0130stanbul", "r\u00e9sum\u00e9", "\u4f60", "9"]), min_size=1)
)
def test_tokens_stand_where_they_are_said_to_stand(words: list[str]) -> None:
    text = "  " + " - ".join(words) + "  "
    starts, ends = spans(lower(text))
    found = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    assert found == [one for word in words for one in ("-", word)][1:]


@given(st.text(max_size=300))
def test_short_texts_have_the_same_tokens_however_they_are_cut(text: str) -> None:
    lowered = lower(text)
    if all(len(one) <= 32 for one in lowered.split()):
        assert tokens(lowered) == short_tokens(lowered)
    assert len(spans(lowered)[0]) == len(flat(short_tokens(lowered)))


def test_chinese_characters_are_tokens() -> None:
    assert tokens("ok \u4f60\u597d world\u4e2d!") == [["ok", "\u4f60", "\u597d", "world", "\u4e2d", "!"]]


def test_a_window_has_the_score_of_its_text_but_for_its_edges() -> None:
    one = model(1)
    strange = " ".join(f"{first} {second}" for first in ("purple", "green", "tall") for second in "abcdefghij")
    text = "the meeting is on monday in room four and " * 30 + strange + " all of the team is invited to it" * 30
    windows = one.read(text).windows(60, 10)
    starts, ends = one.read(text).spans
    alone = float(one.read(strange).scores()[0])
    nearest = int(np.argmin(np.abs(starts[windows.firsts] - text.index(strange))))
    assert float(windows.scores[nearest, 0]) == pytest.approx(alone, rel=0.3)
    assert windows.firsts[0] == 0
    assert ends[windows.lasts[-1] - 1] == len(text)


def test_all_words_are_in_some_window() -> None:
    for count in (1, 59, 60, 61, 79, 80, 81, 200):
        windows = model().read("word " * count).windows(60, 20)
        covered: set[int] = set()
        for first, last in zip(windows.firsts.tolist(), windows.lasts.tolist(), strict=True):
            covered |= set(range(first, last))
        assert covered == set(range(count))


def test_runs_are_cut_short() -> None:
    read = codes("a      b!!!!!!!!!!c")
    assert bytes(read.codes.astype(np.uint8)) == b"a b!!!c"
    assert read.places.tolist() == [0, 1, 7, 8, 9, 10, 18]


def test_the_work_for_n_grams_of_any_text_grows_with_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    real = features_of._block

    def counted(piece: str, offset: int, bits: int) -> Block:
        sizes.append(len(piece))
        return real(piece, offset, bits)

    monkeypatch.setattr(features_of, "_block", counted)
    for unit in ("a", "a ", " ", "\u4f60", ODD):
        sizes.clear()
        text = unit * (200_000 // len(unit))
        assert sum(block.characters.shape[1] for block in blocks(text, BITS)) <= len(text) + len(sizes)
        assert sum(sizes) == len(text)
        assert max(sizes) <= BLOCK
        assert len(sizes) <= 2 * len(text) / BLOCK + 1


def test_tokens_that_were_seen_are_only_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def counted(found: Sequence[str]) -> tokens_of.Own:
        asked.append(len(found))
        return own(found)

    monkeypatch.setattr("plimsoll.checks.ngrams._model.own", counted)
    one = model()
    for text in ("one two three", "three two one", "one four", "x" * 100, "x" * 100):
        one.read(text)
    assert asked == [3, 1, 2, 0]


def test_a_full_table_is_thrown_away_and_answers_stay_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [" ".join(f"word{chr(97 + number)}{chr(97 + start)}" for number in range(20)) for start in range(20)]
    wanted = [model().read(text).scores().tolist() for text in texts]
    monkeypatch.setattr(kept_of, "MOST", 50)
    one = model()
    assert [one.read(text).scores().tolist() for text in (*texts, *texts)] == wanted * 2
    long = " ".join(texts)
    assert one.read(long).scores().tolist() == model().read(long).scores().tolist()


def test_threads_that_share_a_model_get_the_same_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_of, "MOST", 40)
    texts = [" ".join(f"{chr(97 + number)}{chr(97 + start)}" for number in range(15)) for start in range(25)]
    wanted = [model().read(text).scores().tolist() for text in texts]
    one = model()
    wrong: list[str] = []

    def ask() -> None:
        wrong.extend(
            text for text, score in zip(texts, wanted, strict=True) if one.read(text).scores().tolist() != score
        )

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@given(st.text(max_size=3000))
def test_any_text_can_be_read(text: str) -> None:
    read = model().read(text)
    windows, (starts, ends) = read.windows(60, 20), read.spans
    assert len(starts) == read.count
    assert all(0 <= start < end <= len(text) for start, end in zip(starts, ends, strict=True))
    assert all(0 <= first < last <= read.count for first, last in zip(windows.firsts, windows.lasts, strict=True))


@pytest.mark.parametrize("unit", [ODD, "a", "a ", "ab", "! "])
def test_five_million_characters_can_be_read(unit: str) -> None:
    assert model().read(unit * (5_000_000 // len(unit))).scores().shape == (2,)


def test_a_model_comes_back_from_its_file() -> None:
    one = model()
    data = to_bytes(one)
    back = from_bytes("attacks", data)
    assert back.heads == one.heads
    assert np.array_equal(back.weights, one.weights)
    assert np.array_equal(back.signs, one.signs)
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
        NgramModel(("only",), one.signs, one.weights[:, :1], one.scale, one.bias),
        NgramModel(one.heads, one.signs[:-1], one.weights[:-1], one.scale, one.bias),
        NgramModel(one.heads, one.signs, one.weights, np.array([np.nan, 1], np.float32), one.bias),
        NgramModel((), one.signs, one.weights[:, :0], one.scale[:0], one.bias[:0]),
    ):
        with pytest.raises(NgramsFileError):
            from_bytes("attacks", to_bytes(wrong))
