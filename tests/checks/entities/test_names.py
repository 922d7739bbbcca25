"""Names and places: what is found, where, and what no text may do."""

import hashlib
import sys
from dataclasses import replace
from importlib.resources import files
from subprocess import run

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.checks import Found
from plimsoll.checks.entities import DEFAULT_KINDS, KINDS, NamesCheck, TaggerFormatError, names
from plimsoll.checks.entities._check import _blocks
from plimsoll.checks.entities._tagger import LABELS, builtin_tagger, read_tagger
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
    assert ALL.version == hashlib.sha256(data).hexdigest()[:8]
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
    assert check.version == "01234567"
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
