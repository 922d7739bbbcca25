from collections.abc import Callable

import pytest

from plimsoll.models import Passage
from plimsoll.models.catalogue import make_embedder
from plimsoll.models.providers.reader._answer import answer
from plimsoll.models.providers.reader._clauses import LONG_CHARS, is_preamble, is_title, parts
from plimsoll.models.providers.reader._kinds import Kind
from plimsoll.models.providers.reader._question import read_question
from plimsoll.models.providers.reader._sentences import Unit, split_units
from plimsoll.models.providers.reader._terms import words

EMBED = make_embedder("builtin/static").embed
PREAMBLE = (
    'This Sponsorship Agreement (the "Agreement") is made by and between Harbour Games, Inc., a corporation organized '
    'under the laws of Delaware ("Sponsor"), and Quay Racing LLC, a Pennsylvania limited liability company.'
)
CONTRACT = f"""SPONSORSHIP AGREEMENT

{PREAMBLE}

4. Sponsorship Fee. Sponsor shall pay to Racing a fee of US$400,000.00 in two equal parts.

27. Governing Law. This contract shall be construed in accordance with the laws of the State of Ohio.

28. Notices."""


@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ("Which law governs the Sponsorship Agreement?", "laws of the State of Ohio"),
        ("By which law is the agreement governed?", "laws of the State of Ohio"),
        ("How much does the sponsor pay under the Sponsorship Agreement?", "US$400,000.00"),
        ("Between whom was the Sponsorship Agreement made?", "by and between"),
    ],
)
def test_a_clause_is_quoted_and_not_the_preamble(passage: Callable[..., Passage], question: str, quoted: str) -> None:
    said = answer(question, [passage(CONTRACT, "Sponsorship Agreement.pdf")], EMBED)
    assert quoted in said.quotes[0].text


def test_a_bare_heading_is_never_an_answer(passage: Callable[..., Passage]) -> None:
    said = answer("Which law governs the agreement?", [passage("27. Governing Law.\n\n28. Notices.")], EMBED)
    assert not said.answered


def test_a_long_clause_is_quoted_by_the_part_that_answers(passage: Callable[..., Passage]) -> None:
    duties = "; ".join(
        f"({letter}) keep the hall number {letter} clean and well lit at all hours" for letter in "abcdefg"
    )
    text = f"The Tenant shall {duties}; (h) insure the roof against storm with a sum of EUR 90,000; (i) do no harm."
    said = answer("How much must the roof be insured for against storm?", [passage(text, start=50)], EMBED)
    assert said.quotes[0].text.startswith("(h) insure the roof")
    assert len(said.quotes[0].text) < LONG_CHARS
    assert text[said.quotes[0].start - 50 : said.quotes[0].end - 50] == said.quotes[0].text


def test_parts_lie_in_order_inside_the_unit() -> None:
    text = "x" * 200 + "; " + "y" * 200 + "; " + "z" * 10
    assert parts(text, Unit(7, 7 + len(text))) == [Unit(7, 208), Unit(209, 7 + len(text))]
    assert parts("a; b", Unit(3, 7)) == [Unit(3, 7)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SPONSORSHIP AGREEMENT", True),
        ("Miscellaneous 22.1 Governing Law 22.2 Venue", True),
        ("THIS AGREEMENT SHALL BE GOVERNED BY THE LAWS OF TEXAS.", False),
        ("Sponsorship Fee: US$400,000.00", False),
        ("Berth Seven is closed on weekdays", False),
    ],
)
def test_title(text: str, expected: bool) -> None:
    assert is_title(text, words(text)) is expected


def test_preamble() -> None:
    assert is_preamble(PREAMBLE)
    assert not is_preamble("Either party may end this contract with ninety days' notice.")


def test_a_heading_that_runs_in_stays_with_its_sentence() -> None:
    text = "27. Governing Law. This contract is governed by the laws of Ohio. It ends soon."
    assert [text[u.start : u.end] for u in split_units(text)] == [text[:65], "It ends soon."]


def test_a_long_paragraph_that_starts_with_blanks_is_no_heading() -> None:
    text = "     4.12 GOVERNING LAW. This contract is governed by and construed in accordance with the laws of Ohio."
    assert [unit.is_heading for unit in split_units(text)] == [False]


@pytest.mark.parametrize(
    ("text", "kind", "is_sure"),
    [
        ("Which law governs the agreement?", Kind.LAW, True),
        ("What is the governing law?", Kind.LAW, True),
        ("Which laws were passed?", Kind.THING, False),
        ("How much does it cost?", Kind.MONEY, True),
        ("What is the price?", Kind.MONEY, False),
    ],
)
def test_kinds_that_leave_no_doubt(text: str, kind: Kind, is_sure: bool) -> None:
    asked = read_question(text)
    assert (asked.kind, asked.is_sure) == (kind, is_sure)


def test_words_that_name_the_paper() -> None:
    assert read_question("Who ends the Supply Agreement early?").paper == {
        word.stem for word in words("Supply Agreement")
    }
    assert not read_question("Who ends the supply early?").paper
