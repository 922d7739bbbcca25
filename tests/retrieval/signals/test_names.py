"""Whether a question names a document."""

import pytest

from plimsoll.retrieval.signals import asked, name_scores

_REPORTS = (
    "reports/AMERICANEXPRESS_2022_10K.pdf",
    "reports/ACME_2021_10K.pdf",
    "reports/ACME_2022_10K.pdf",
    "reports/ACME_2022Q2_10Q.pdf",
    "reports/JPMORGAN_2022_10K.pdf",
    "reports/Globex_2020_10K.pdf",
)


def _best(question: str) -> str:
    scores = name_scores(asked(question), [(path,) for path in _REPORTS])
    return _REPORTS[int(scores.argmax())].rpartition("/")[2]


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("What did American Express earn in 2022?", "AMERICANEXPRESS_2022_10K.pdf"),
        ("What was the margin of Acme in FY2021?", "ACME_2021_10K.pdf"),
        ("What was the margin of Acme in FY21?", "ACME_2021_10K.pdf"),
        ("How did Acme's revenue change from FY2021 to FY2022?", "ACME_2022_10K.pdf"),
        ("What did Acme earn in Q2 2022?", "ACME_2022Q2_10Q.pdf"),
        ("What did Acme earn in the second quarter of 2022?", "ACME_2022Q2_10Q.pdf"),
        ("Did JPM grow in 2022?", "JPMORGAN_2022_10K.pdf"),
        ("Where does globex sell?", "Globex_2020_10K.pdf"),
    ],
)
def test_the_document_that_a_question_names_is_first(question: str, name: str) -> None:
    assert _best(question) == name


def test_letters_and_digits_may_be_written_together_or_apart() -> None:
    apart, other = name_scores(asked("Who uses berth17?"), [("plans/berth_17.pdf",), ("plans/berth_18.pdf",)])
    assert apart > other


def test_a_question_without_a_name_names_none() -> None:
    scores = name_scores(asked("Who signs the lease?"), [(path,) for path in _REPORTS])
    assert scores.tolist() == [0.0] * len(_REPORTS)


def test_the_next_report_also_tells_of_the_year_before() -> None:
    next_year, later, earlier = name_scores(asked("Acme in 2020"), [("Acme 2021",), ("Acme 2023",), ("Acme 2019",)])
    assert next_year > later > earlier


def test_a_title_names_a_document_as_its_path_does() -> None:
    by_title, other = name_scores(
        asked("the Harbour lease"), [("docs/17.pdf", "Harbour lease"), ("docs/18.pdf", "Deed")]
    )
    assert by_title > other == 0


def test_little_of_a_long_name_is_worth_less_than_all_of_a_short_one() -> None:
    long, short, *_ = name_scores(
        asked("the holiday rules"),
        [("holiday calendar of the northern offices",), ("holiday",), ("x",), ("y",), ("z",)],
    )
    assert short > long > 0


def test_documents_without_names_are_allowed() -> None:
    assert name_scores(asked("anything"), [(), ("",)]).tolist() == [0.0, 0.0]
    assert name_scores(asked("anything"), []).tolist() == []


def test_what_a_question_says_of_time() -> None:
    said = asked("Compare Q1 2021, the third fiscal quarter of FY22 and Q22023")
    assert said.years == {2021, 2022, 2023}
    assert said.quarters == {"q1", "q2", "q3"}
    assert said.last_year == 2023
