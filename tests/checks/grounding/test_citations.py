import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.checks import CheckOptionsError, Context
from plimsoll.checks.grounding import _citations, citations
from plimsoll.checks.patterns import Normal, normalise

PASSAGES = (
    "The tenant may end the lease with a notice period of three months.",
    "The landlord pays for repairs of the roof and of the walls.",
)
CONTEXT = Context("output", question='What does "the party of the first part" mean?', passages=PASSAGES)


def found(text: str, **options: bool | int) -> list[tuple[str, str]]:
    return [(one.kind, text[one.start : one.end]) for one in citations(options).find(text, CONTEXT)]


@pytest.mark.parametrize(
    "text",
    [
        "Three months [1].",
        "Both [1, 2], or [1-2], or 【2†source】.",
        "As it says: “a notice period of three months” [1].",
        'He said "the landlord pays ... of the walls" [2].',
        "«The Landlord pays for  repairs of the roof»[2]",
        'The words "the party of the first part" do not occur.',
        'The term "notice" is defined.',
        "See [the page](https://example.org/1) and `list[7]`.",
        "```\nrows[99]\n```",
        "",
    ],
)
def test_citations_that_hold_are_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "kind", "span"),
    [
        ("Four months [3].", "missing_passage", "[3]"),
        ("Four months [1, 7].", "missing_passage", "[1, 7]"),
        ("Four months [0].", "missing_passage", "[0]"),
        ("Four months [Source 12].", "missing_passage", "[Source 12]"),
        ("So “a notice period of four months” [1].", "not_in_passage", "“a notice period of four months”"),
        ('So "a notice period of four months".', "not_in_passage", '"a notice period of four months"'),
        ('So "the landlord pays for repairs" [1].', "not_in_passage", '"the landlord pays for repairs"'),
        ('So "of the walls ... the landlord pays" [2].', "not_in_passage", '"of the walls ... the landlord pays"'),
    ],
)
def test_citations_that_do_not_hold_are_found(text: str, kind: str, span: str) -> None:
    assert found(text) == [(kind, span)]


def test_the_wrong_passage_is_less_bad_than_words_that_nobody_said() -> None:
    check = citations({})
    (elsewhere,) = check.find('"the landlord pays for repairs" [1]', CONTEXT)
    (nowhere,) = check.find('"the landlord pays for all damage" [1]', CONTEXT)
    assert elsewhere.score < nowhere.score


def test_sentences_without_a_marker_are_found_where_markers_are_required() -> None:
    text = "The landlord pays for repairs. The tenant may end the lease. [1] Shall I go on about the roof?"
    assert found(text) == []
    assert found(text, required=True) == [("uncited", "The landlord pays for repairs.")]


def test_it_can_be_asked_by_sentence_unless_markers_are_required() -> None:
    assert citations({}).by_sentence
    assert not citations({"required": True}).by_sentence
    assert "uncited" not in citations({}).kinds
    assert "uncited" in citations({"required": True}).kinds


def test_any_marker_is_missing_where_there_are_no_passages() -> None:
    assert [one.kind for one in citations({}).find("So [1].")] == ["missing_passage"]


def test_shorter_quotations_can_be_looked_at_too() -> None:
    assert found('The "grace period" ends.', least_words=2) == [("not_in_passage", '"grace period"')]


@pytest.mark.parametrize("size", [10, 100_000, 1_000_000])
def test_a_passage_is_read_once_for_all_quotations(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counting(text: str) -> Normal:
        read.append(len(text))
        return normalise(text)

    monkeypatch.setattr(_citations, "normalise", counting)
    passage = f"{size} " + "x " * size
    text = '"one two three four" "five six seven eight" [1]. ' * 50
    citations({}).find(text, Context("output", passages=(passage,)))
    assert read.count(len(passage)) == 1


@given(st.text(alphabet='ab1[]"“”.,-` \n', max_size=120))
def test_spans_lie_in_the_text(text: str) -> None:
    for one in citations({"required": True}).find(text, CONTEXT):
        assert 0 <= one.start < one.end <= len(text)


@pytest.mark.parametrize("text", ["[1" * 20_000, '"' * 20_000, "[1]" * 5000, "`" * 20_000, "\ud800[1]\x00"])
def test_hostile_texts_raise_nothing(text: str) -> None:
    citations({}).find(text, CONTEXT)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"required": "yes"}, "`required` must be true or false"),
        ({"least_words": 0}, "`least_words` must be a number above 0"),
        ({"least_words": True}, "`least_words` must be a number above 0"),
        ({"quotes": True}, "it has no option `quotes`"),
    ],
)
def test_options_that_are_wrong_are_refused(options: dict[str, str | int | bool], what: str) -> None:
    with pytest.raises(CheckOptionsError, match=what):
        citations(options)
