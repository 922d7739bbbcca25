import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.models.providers.reader._sentences import MAX_UNIT_CHARS, split_units


def units(text: str) -> list[str]:
    return [text[unit.start : unit.end] for unit in split_units(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Invoice No. 2041 of Acme Inc. is due.", ["Invoice No. 2041 of Acme Inc. is due."]),
        ("Mr. Smith, e.g. M. Theo. Next one.", ["Mr. Smith, e.g. M. Theo.", "Next one."]),
        ("See Section 1.2 of 3.07 parts. Done.", ["See Section 1.2 of 3.07 parts.", "Done."]),
        ("a line that\nwraps here. And on\nto the next.", ["a line that\nwraps here.", "And on\nto the next."]),
        ("no end\n\nnew paragraph", ["no end", "new paragraph"]),
        ("Total: 5\nDue Date: 1 May 2024", ["Total: 5", "Due Date: 1 May 2024"]),
        ("Total Due:\nEUR 4,200.00\nVAT: 19%", ["Total Due:\nEUR 4,200.00", "VAT: 19%"]),
        ("Item     Price\nTravel    12.00", ["Item     Price", "Travel    12.00"]),
        ("Two spaces.  After a stop.", ["Two spaces.", "After a stop."]),
        ("| a | b |\n| 1 | 2 |", ["| a | b |", "| 1 | 2 |"]),
        ("- one\n  more\n- two", ["- one\n  more", "- two"]),
        ("4. Termination\nEither party may end it.", ["4. Termination", "Either party may end it."]),
        ("10. Break option\nThe Tenant may end it.", ["10. Break option", "The Tenant may end it."]),
        (
            "Rates\nOrder picker EUR 24.10\nTeam leader EUR 30.00\nPaid weekly.",
            ["Rates", "Order picker EUR 24.10", "Team leader EUR 30.00", "Paid weekly."],
        ),
        ("It ends on 31\nDecember 2025.", ["It ends on 31\nDecember 2025."]),
        ('He said "Stop." Then left.', ['He said "Stop."', "Then left."]),
        ("Known since 1990.[2] It grew.", ["Known since 1990.[2]", "It grew."]),
        ("第一句。第二句。", ["第一句。", "第二句。"]),
        ("", []),
        (" \n\n ", []),
    ],
)
def test_examples(text: str, expected: list[str]) -> None:
    assert units(text) == expected


PIECES = st.sampled_from(
    ["Key: v", ". ", "\n", "\n\n", "No.", "word", "A", " ", "- ", "1.2 ", "|", "\t", "é。", "?", "x" * 1300]
)


@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=25).map("".join)))
def test_units_hold_everything_in_order(text: str) -> None:
    found = split_units(text)
    position = 0
    for unit in found:
        assert not text[position : unit.start].strip()
        assert position <= unit.start < unit.end
        assert unit.end - unit.start <= MAX_UNIT_CHARS
        assert text[unit.start : unit.end] == text[unit.start : unit.end].strip()
        position = unit.end
    assert not text[position:].strip()


def test_a_long_text_is_cut_in_linear_time() -> None:
    assert len(split_units("word " * 200_000)) > 900
    assert len(split_units("Yes. " * 50_000)) == 50_000
    assert split_units("x." * 200_000 + " " * 200_000 + "|" * 200_000)


@pytest.mark.parametrize("line", ["4. Termination", "10. Break option", "## Fees and terms", "Governing Law", "TERM"])
def test_headings(line: str) -> None:
    assert [unit.is_heading for unit in split_units(f"{line}\nThe rest is a sentence.")] == [True, False]


@pytest.mark.parametrize("line", ["Total 5.00", "Due Date: 1 May", "The end.", "1. The parties agree that;", "Apt 7"])
def test_lines_that_are_no_headings(line: str) -> None:
    assert not split_units(f"{line}\nThe rest is a sentence.")[0].is_heading
