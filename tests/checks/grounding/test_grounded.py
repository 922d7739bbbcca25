import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.checks import CheckOptionsError, Context
from plimsoll.checks.grounding import grounded
from plimsoll.checks.grounding.support import Source, builtin_support

LEASE = (
    "The lease of the cold store runs from 1 March 2021 to 28 February 2031. Either party may end it with a notice of "
    "twelve months to the end of a quarter."
)
PASSAGES = (
    LEASE,
    "The rent is 14,500 euros a month. Harbour Trust, the landlord, pays for repairs of the roof.",
)
CONTEXT = Context("output", question="How long does the lease run?", passages=PASSAGES)


@pytest.mark.parametrize(
    "text",
    [
        "The lease runs from 1 March 2021 to 28 February 2031.",
        "The landlord Harbour Trust pays for roof repairs.",
        "The documents do not say who pays for the windows of the building.",
        "I'm sorry, I could not find an answer to that.",
        "Shall I look for the minutes of the last meeting as well?",
        "Hello!",
        "",
    ],
)
def test_what_passages_say_and_what_states_nothing_is_left_alone(text: str) -> None:
    assert grounded({}).find(text, CONTEXT) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("The rent is 15,400 euros a month.", "number not in the passages"),
        ("The landlord of the cold store is Fjellhavn Shipping.", "name not in the passages"),
        ("Tigers mostly hunt wild boar and deer in dense forests.", "words not in the passages"),
    ],
)
def test_what_passages_do_not_say_is_found_with_a_reason(text: str, reason: str) -> None:
    (found,) = grounded({}).find(text, CONTEXT)
    assert (found.kind, text[found.start : found.end], found.reason) == ("unsupported", text, reason)
    assert 0.5 <= found.score <= 1


def test_only_the_sentence_that_is_not_borne_out_is_found() -> None:
    right, wrong = "The rent is 14,500 euros a month.", "The tenant Quenby pays 900 euros for parking spaces."
    (found,) = grounded({}).find(f"{right} {wrong}", CONTEXT)
    assert (found.start, found.end) == (len(right) + 1, len(right) + 1 + len(wrong))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The rent of 15,400 euros goes to Harbour Trust.", ["15,400"]),
        ("The landlord fiona pays 900 euros for tigers.", ["fiona", "900"]),
        ("The landlord hunts tigers in dense forests.", ["hunts", "tigers", "dense", "forests"]),
    ],
)
def test_spans_can_be_the_words_that_are_wrong(text: str, words: list[str]) -> None:
    assert [text[one.start : one.end] for one in grounded({"spans": "words"}).find(text, CONTEXT)] == words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A British landlord pays for repairs in France.", 0),
        ("A landlord from Britain pays for French repairs.", 0),
        ("A landlord from Norway pays for repairs in France.", 1),
    ],
)
def test_a_nation_is_the_same_as_its_country(text: str, found: int) -> None:
    context = Context("output", passages=("The British landlord pays for repairs in France.",))
    assert len(grounded({}).find(text, context)) == found


def test_without_passages_every_statement_is_unsupported() -> None:
    bare = Context("output", passages=("  ",))
    text = "The rent is 14,500 euros a month. I do not know who the landlord is."
    (found,) = grounded({}).find(text, bare)
    assert (found.end, found.score) == (33, 1.0)
    assert grounded({"without_passages": "none"}).find(text, bare) == []
    assert grounded({}).answer_score(text, bare) == 1
    assert grounded({}).answer_score("I do not know.", bare) == 0


@pytest.mark.parametrize(
    "passage", ["!!!", "\u200b", "\x00", "\ud800", "\U0001f600 \U0001f600", "租金是每月一万四千五百欧元。", "1 2 3"]
)
def test_passages_that_say_nothing_about_it_bear_nothing_out(passage: str) -> None:
    (found,) = grounded({}).find("Harbour Trust pays for repairs of the roof.", Context("output", passages=(passage,)))
    assert found.score >= 0.5


def test_strict_finds_whatever_normal_finds_and_normal_whatever_lenient_finds() -> None:
    text = " ".join(
        f"{one}."
        for one in (
            "The lease may be ended with notice",
            "The landlord repairs the roof and the doors",
            "A notice of twelve months is long",
            "Harbour Trust ends the lease in 2031",
            "Rent is due on the first working day by transfer",
        )
    )
    lenient, normal, strict = (
        {one.start for one in grounded({"strictness": level}).find(text, CONTEXT)}
        for level in ("lenient", "normal", "strict")
    )
    assert lenient <= normal <= strict
    assert strict


def test_the_answer_with_a_wrong_fact_is_more_doubtful() -> None:
    check = grounded({})
    right, wrong = (f"The rent is {rent} euros a month." for rent in ("14,500", "9,100"))
    assert check.answer_score(right, CONTEXT) < check.answer_score(wrong, CONTEXT)


@given(
    st.lists(st.sampled_from(["The rent is 12 euros. ", "Is it? ", "Harbour Trust pays. ", "Rain fell on tigers. "]))
)
def test_a_sentence_is_judged_alike_alone_and_among_others(parts: list[str]) -> None:
    check = grounded({})
    alone = [one.reason for part in parts for one in check.find(part, CONTEXT)]
    assert [one.reason for one in check.find("".join(parts), CONTEXT)] == alone


@pytest.mark.parametrize(
    "text",
    [
        "\x00" * 1000,
        "\ud800 rent \udfff 15 euros a month",
        "\u202egnitnirp fo tsoc eht\u202c is 15 euros",
        "租金是每月一万四千五百欧元。房东支付屋顶修理费。",
        "1 " * 5000,
        "a" * 20_000,
        ". " * 5000,
        "." * 1_000_000 + "x",
        "9" * 100_000,
    ],
)
def test_hostile_texts_are_judged_and_nothing_is_raised(text: str) -> None:
    check = grounded({})
    for found in (*check.find(text, CONTEXT), *check.find("The rent is 15 euros.", Context(passages=(text,)))):
        assert 0 <= found.start < found.end
        assert 0 < found.score <= 1


def test_passages_are_read_once_for_all_sentences_of_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(Source, "_read", lambda _, passage: read.append(passage))
    for size in (10, 200_000, 3_000_000):
        passage = f"{size} " + "x" * size
        for sentence in ("The rent is due.", "The roof is old."):
            grounded({}).find(sentence, Context("output", passages=(passage,)))
        assert read == [passage]
        read.clear()


def test_a_source_of_many_words_is_read_where_it_is_nearest() -> None:
    filler = " ".join(f"Crane {number} moved {number * 7} pallets to berth {number % 9}." for number in range(2000))
    context = Context(passages=(filler, *PASSAGES))
    check = grounded({})
    assert check.find("The rent is 14,500 euros a month.", context) == []
    assert len(check.find("Tigers mostly hunt wild boar and deer in dense forests.", context)) == 1


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"strictness": "very"}, "`strictness` must be one of normal, strict, lenient"),
        ({"spans": 3}, "`spans` must be one of sentence, words"),
        ({"without_passages": None}, "`without_passages` must be one of all, none"),
        ({"strict": True}, "it has no option `strict`"),
    ],
)
def test_options_that_are_wrong_are_refused(options: dict[str, str | int | bool | None], what: str) -> None:
    with pytest.raises(CheckOptionsError, match=what):
        grounded(options)


def test_its_version_is_that_of_the_weights_and_it_is_asked_by_sentence() -> None:
    check = grounded({})
    assert (check.name, check.kinds, check.by_sentence) == ("grounded", ("unsupported",), True)
    assert check.version == f"3-{builtin_support().version}"


def test_numpy_is_not_read_before_a_text_is_looked_at() -> None:
    code = (
        "import sys, plimsoll.checks.grounding as g; assert g.grounded({}).version; assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)  # the same interpreter


@pytest.mark.parametrize(
    "answer",
    [
        "The notice period is three months [1].",
        "The notice period is three months [1, 3].",
        "The notice period is three months 【2†lease.pdf】.",
        "“The notice period is three months” [1]\n\n[1] contracts/lease-2031.pdf, page 17",
    ],
)
def test_markers_of_citations_and_lists_of_sources_state_nothing(answer: str) -> None:
    context = Context(passages=("The notice period is three months. Rent is due on the first day.",))
    assert grounded({}).find(answer, context) == []


def test_a_marker_hides_no_wrong_number() -> None:
    context = Context(passages=("The notice period is three months. Rent is due on the first day.",))
    answer = "Rent is due on the 17th day [1]."
    (found,) = grounded({}).find(answer, context)
    assert "17" in answer[found.start : found.end]
