import pytest

from plimsoll.models.providers.reader._kinds import Kind, typed
from plimsoll.models.providers.reader._question import Side, read_question
from plimsoll.models.providers.reader._terms import stem


@pytest.mark.parametrize(
    ("text", "kind", "focus"),
    [
        ("When does the contract start?", Kind.DATE, ""),
        ("What is the due date of the invoice?", Kind.DATE, "date"),
        ("How long is the notice period?", Kind.DURATION, ""),
        ("How many days of notice are needed?", Kind.DURATION, "days"),
        ("How many employees work there?", Kind.NUMBER, "employees"),
        ("How much does it cost?", Kind.MONEY, ""),
        ("What is the total amount?", Kind.MONEY, "total"),
        ("What percentage of sales is paid?", Kind.PERCENT, "percentage"),
        ("Who signed it?", Kind.NAME, ""),
        ("Which large city was it?", Kind.PLACE, "city"),
        ("Where is the office?", Kind.PLACE, ""),
        ("Why was it ended?", Kind.REASON, ""),
        ("Is travel paid?", Kind.YES_NO, ""),
        ("What kind of animal is it?", Kind.THING, "animal"),
        ("", Kind.THING, ""),
        ("???", Kind.THING, ""),
    ],
)
def test_kind_and_focus(text: str, kind: Kind, focus: str) -> None:
    question = read_question(text)
    assert (question.kind, question.focus) == (kind, focus)


def test_side_of_the_answer() -> None:
    assert read_question("Who led the team?").side is Side.BEFORE
    assert read_question("What did the team win?").side is Side.AFTER
    assert read_question("What is the limit?").side is Side.ANY


def test_specific_words_are_names_and_numbers() -> None:
    assert read_question("What is due on invoice INV-2041 of Acme?").specific == {"inv", "2041", stem("Acme")}
    assert read_question("What is the notice period?").specific == frozenset()
    assert read_question("WHAT IS THE NOTICE PERIOD FOR TENANTS?").specific == frozenset()


def test_numbered_names_and_dates_belong_together() -> None:
    assert read_question("How large is Shed 12 of the lease of 3 May 2024?").marks == (
        frozenset({stem("Shed"), "12"}),
        frozenset({"3", stem("May"), "2024"}),
    )
    assert read_question("What happened in 2024 to Acme Industries?").marks == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("paid", "pays"),
        ("terminate", "termination"), ("parties", "party"), ("delivered", "delivers"), ("stopped", "stop"),
        ("1,200", "1200"), ("1970's", "1970s"), ("Acme's", "acme"), ("payment", "payments"), ("limiting", "limited"),
    ],
)  # fmt: skip
def test_words_with_one_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize(("one", "other"), [("class", "clan"), ("1,200", "1,201"), ("notice", "note"), ("us", "use")])
def test_words_with_two_stems(one: str, other: str) -> None:
    assert stem(one) != stem(other)


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (
            Kind.DATE,
            "signed 12 March 2024 or 2024-03-12 or March 3, 2024",
            ["12 March 2024", "2024-03-12", "March 3, 2024"],
        ),
        (Kind.DATE, "on 31.12.2024, in May 2023, in the mid-1990s", ["31.12.2024", "May 2023", "mid-1990s"]),
        (Kind.DURATION, "within thirty (30) days or 14 business days", ["thirty (30) days", "14 business days"]),
        (Kind.MONEY, "EUR 4,200.00, $5 million and 30 dollars", ["EUR 4,200.00", "$5 million", "30 dollars"]),
        (Kind.PERCENT, "VAT 19% and 5.5 percent", ["19%", "5.5 percent"]),
        (Kind.NUMBER, "two million and 3,400", ["two million", "3,400"]),
        (Kind.NAME, "signed by Jane Doe of Acme Industries Inc.", ["Jane Doe of Acme Industries Inc"]),
        (Kind.THING, "anything 5", []),
    ],
)
def test_typed_expressions(kind: Kind, text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in typed(kind, text)] == expected
