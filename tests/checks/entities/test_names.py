"""Names and places: what is found, where, and what no text may do."""

import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.resources import files
from subprocess import run
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.checks import Found
from plimsoll.checks.entities import DEFAULT_KINDS, KINDS, NamesCheck, TaggerFormatError, names
from plimsoll.checks.entities._check import _blocks, _without_scraps
from plimsoll.checks.entities._features import rows_of
from plimsoll.checks.entities._kept import LONGEST, Kept
from plimsoll.checks.entities._tagger import LABELS, REACH, Tagger, builtin_tagger, likely, read_tagger, softmax
from plimsoll.checks.entities._tokens import BLOCK, hash_of, tokens_of

ALL = names(KINDS)


def found(text: str, check: NamesCheck = ALL) -> list[tuple[str, str]]:
    return [(one.kind, text[one.start : one.end]) for one in check.find(text)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Hi, my name is Angela Brown and I need help.", "person", "Angela Brown"),
        ("Dear Mr. Hoffmann,", "person", "Hoffmann"),
        ("I told Jessica to call me back.", "person", "Jessica"),
        ("my name is peter jones", "person", "peter jones"),
        ("Send it to 12 Main Street, Springfield, IL 62704.", "address", "12 Main Street, Springfield, IL 62704"),
        ("We spent a week in Portugal last summer.", "location", "Portugal"),
        ("I am 34 years old.", "age", "34"),
        ("She was born in Lyon on 12 March 1984.", "date_time", "12 March 1984"),
        ("He is a Norwegian painter.", "nationality", "Norwegian"),
        ("I work for Miller Consulting Ltd.", "organization", "Miller Consulting Ltd"),
    ],
)
def test_what_leads_to_a_person_is_found(text: str, kind: str, value: str) -> None:
    assert any(kind == one and (value == part or value == part.rstrip(".")) for one, part in found(text))


@pytest.mark.parametrize(
    "text",
    [
        "We store the files in S3 and run the jobs on EKS.",
        "The tenant may end the lease with a notice of three months.",
        "def get_user(name: str) -> User: return users.get(name)",
        "How do I reset my password?",
        "THIS IS THE THIRD TIME I ASK!!!",
        "Add two eggs, a cup of sugar and some milk.",
        "",
        " \n\t ",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_without_kinds_only_what_leads_to_one_person_is_told() -> None:
    text = "My name is Angela Brown, I come from Portugal and I moved in 2014."
    assert found(text, names()) == [("person", "Angela Brown")]
    assert names().kinds == DEFAULT_KINDS
    assert {"location", "date_time"} <= {kind for kind, _ in found(text)}


def test_an_address_is_one_finding_whatever_its_parts_look_like() -> None:
    text = "I live at 12 Main Street, Springfield, IL 62704."
    assert found(text, names()) == [("address", "12 Main Street, Springfield, IL 62704")]


def test_an_address_or_a_number_of_a_few_signs_counts_only_beside_something_else() -> None:
    text = "42 is # of Ann Lee, 7 and 12 Main Street, or + 5770"
    kinds = {"42": "address", "#": "id_number", "Ann Lee": "person", "7": "address", "12 Main Street": "address"}
    kinds |= {"+": "id_number", "5770": "id_number"}
    taken = [Found(text.index(part), text.index(part) + len(part), kind) for part, kind in kinds.items()]
    kept = [text[one.start : one.end] for one in _without_scraps(text, taken)]
    assert kept == ["Ann Lee", "7", "12 Main Street", "+", "5770"]


def test_only_the_kinds_that_were_asked_for_are_told() -> None:
    assert {kind for kind, _ in found("Angela Brown lives in Portugal.", names(("location",)))} == {"location"}


@given(text=st.text(max_size=300))
@settings(max_examples=150)
def test_every_finding_lies_in_the_text_in_order_and_apart(text: str) -> None:
    before = 0
    for one in ALL.find(text):
        assert isinstance(one, Found)
        assert before <= one.start < one.end <= len(text)
        assert one.kind in KINDS
        assert 0.5 <= one.score <= 1
        before = one.end


@pytest.mark.parametrize(
    "text",
    [
        "\x00" * 100,
        "\ud800 Angela \udfff",
        "\u202eAngela Brown\u202c",
        "\U0001f600" * 50,
        "A" * 40_000,
        "a b " * 10_000,
        "李" * 20_000,
        "é́" * 100,
    ],
    ids=["nul", "surrogates", "right-to-left", "emoji", "one word", "many words", "no spaces", "marks"],
)
def test_no_text_makes_it_fail(text: str) -> None:
    for one in ALL.find(text):
        assert text[one.start : one.end]


def test_names_beyond_the_first_block_are_found_where_they_stand() -> None:
    text = "Nothing happens here today. " * 700 + "My name is Angela Brown."
    assert len(text) > BLOCK
    assert ("person", "Angela Brown") in found(text)


def test_a_hundred_thousand_names_are_found() -> None:
    text = "My name is Angela Brown.\n" * 100_000
    assert len(ALL.find(text)) == 100_000


@given(text=st.text(alphabet="ab .\n\u00e9", max_size=400))
def test_blocks_are_the_text(text: str) -> None:
    assert "".join(block for _, block in _blocks(text * 200)) == text * 200


@pytest.mark.parametrize("filling", ["a", "a ", "a. ", "\n", "@", "\u00e9"])
def test_the_work_grows_with_the_text_and_not_faster(filling: str) -> None:
    text = (filling * 1_000_000)[:1_000_000]
    blocks = list(_blocks(text))
    assert len(blocks) <= 2 * len(text) // BLOCK + 1
    assert all(len(block) <= BLOCK for _, block in blocks)
    assert [start for start, _ in blocks] == list(np.cumsum([0, *(len(block) for _, block in blocks[:-1])]))


@given(text=st.text(max_size=200))
def test_tokens_are_apart_in_order_and_leave_nothing_out(text: str) -> None:
    tokens = tokens_of(text)
    assert len(tokens.starts) == len(tokens.ends)
    assert (tokens.starts < tokens.ends).all()
    assert (tokens.ends[:-1] <= tokens.starts[1:]).all()
    inside = {place for a, b in zip(tokens.starts, tokens.ends, strict=True) for place in range(a, b)}
    assert all(text[place].isspace() or not text[place].isalnum() for place in set(range(len(text))) - inside)


def test_a_word_has_the_same_number_everywhere_in_any_case_and_without_accents() -> None:
    text = "Zoë zoe, ZOE"
    tokens = tokens_of(text)
    hashes = tokens.hashes(tokens.starts, tokens.ends)
    assert hashes[0] == hashes[1] == hashes[3] == hash_of("zoe")
    assert hashes[2] != hashes[0]


def test_the_version_is_that_of_the_weights() -> None:
    data = (files("plimsoll.checks.entities") / "weights" / "tagger.safetensors").read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    assert ALL.version == names().version == NamesCheck(tagger=(builtin_tagger()[0], digest)).version
    assert ALL.version != NamesCheck(tagger=(builtin_tagger()[0], "0" * 64)).version
    assert len(ALL.version) == 8
    assert len(data) < 1_300_000
    assert builtin_tagger()[0].to_bytes() == data


def test_weights_that_were_changed_are_not_used() -> None:
    data = builtin_tagger()[0].to_bytes()
    with pytest.raises(TaggerFormatError, match="cannot be used"):
        read_tagger(data[:-5])
    with pytest.raises(TaggerFormatError):
        read_tagger(b"rubbish")


def test_a_check_can_be_given_other_weights() -> None:
    check = NamesCheck(KINDS, tagger=(builtin_tagger()[0], "0123456789"))
    assert check.version != ALL.version
    assert found("My name is Angela Brown.", check) == [("person", "Angela Brown")]


def test_weights_for_other_features_are_refused() -> None:
    tagger = builtin_tagger()[0]
    with pytest.raises(TaggerFormatError, match="rows"):
        read_tagger(replace(tagger, table=tagger.table[:-1]).to_bytes())
    with pytest.raises(TaggerFormatError, match="finite"):
        read_tagger(replace(tagger, out=tagger.out * np.float32("nan")).to_bytes())


def test_the_labels_are_the_kinds() -> None:
    assert ("", *KINDS) == LABELS


def test_the_door_brings_no_numpy() -> None:
    code = "import sys; import plimsoll.checks.entities; print('numpy' in sys.modules)"
    answer = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


def plainly(tagger: Tagger, text: str) -> Any:
    """The chances by the definition: sums of rows, windows, two layers, a softmax; nothing is kept or in blocks."""
    rows = rows_of(tokens_of(text), tagger.keys, tagger.flags)
    found = tagger.table[rows].astype(np.float64).sum(axis=0) * tagger.steps
    for weights, bias in ((tagger.near, tagger.near_bias), (tagger.far, tagger.far_bias)):
        padded = np.pad(found, ((REACH, REACH), (0, 0)))
        windows = (padded[place : place + len(found)] @ weights[place] for place in range(2 * REACH + 1))
        found = np.maximum(sum(windows) + bias, 0)
    scores = np.exp(found @ tagger.out + tagger.out_bias)
    return (scores / scores.sum(axis=1, keepdims=True)).T


@given(text=st.text(alphabet="aAé1 .@/\n李", min_size=1, max_size=150).filter(str.strip))
@settings(max_examples=100, deadline=None)
def test_chances_are_what_the_definition_says_for_new_tokens_and_for_known_ones(text: str) -> None:
    tagger = builtin_tagger()[0]
    expected = plainly(tagger, text)
    assert np.allclose(tagger.chances(tokens_of(text)), expected, atol=1e-4)
    assert np.allclose(tagger.chances(tokens_of(text)), expected, atol=1e-4)


def test_what_is_kept_of_tokens_is_bounded_and_changes_no_answer() -> None:
    tagger = read_tagger(builtin_tagger()[0].to_bytes())
    text = "My name is Angela Brown and I live at 12 Main Street, Springfield."
    before = tagger.chances(tokens_of(text))
    for first in range(0, 20_000, 500):
        tagger.chances(tokens_of(" ".join(f"w{_letters(number)}" for number in range(first, first + 500))))
    assert np.array_equal(tagger.chances(tokens_of(text)), before)


def test_several_threads_that_meet_the_same_new_tokens_get_the_same_answers() -> None:
    texts = [f"My name is {_letters(number)} Brown and I live in {_letters(number % 7)}." for number in range(200)]
    expected = [builtin_tagger()[0].chances(tokens_of(text)) for text in texts]
    tagger = read_tagger(builtin_tagger()[0].to_bytes())
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda text: tagger.chances(tokens_of(text)), texts * 3))
    assert all(np.array_equal(one, other) for one, other in zip(told, expected * 3, strict=True))


def test_tokens_are_known_apart_by_how_they_are_written_and_long_ones_are_not_kept() -> None:
    long = "a" * (LONGEST + 1)
    tokens = tokens_of(f"Ann ann ANN {long} Ann")
    marks = tokens.marks()
    assert len(set(marks.tolist())) == 4
    assert marks[0] == marks[4]
    kept = Kept(3)
    values = np.arange(15, dtype=np.float32).reshape(5, 3)
    assert kept.add(marks[:3], values[:3])
    places, missing = kept.find(marks)
    assert missing.tolist() == [3]
    assert np.array_equal(kept.values[places[:3]], values[:3])
    tagger = read_tagger(builtin_tagger()[0].to_bytes())
    tagger.chances(tokens)
    assert tagger._kept[0].find(marks)[1].tolist() == [3]  # what is kept shows nowhere else


@given(st.lists(st.lists(st.floats(-8, 8, width=32), min_size=10, max_size=10), min_size=1, max_size=20))
def test_the_likely_tokens_are_those_whose_chances_say_so(columns: list[list[float]]) -> None:
    scores = np.array(columns, np.float32).T
    chances = softmax(scores.copy())
    places, labels, sure = likely(scores, 0.5)
    assert places == (1 - chances[0] >= 0.5).nonzero()[0].tolist()
    assert labels == (chances[1:, places].argmax(axis=0) + 1).tolist()
    assert sure == pytest.approx((1 - chances[0, places]).tolist())


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))
