"""Where sentences end, in several languages and scripts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.retrieval.chunkers.conftest import markdown, plain

from plimsoll.retrieval.chunkers import ChunkSettings, chunk_document
from plimsoll.retrieval.chunkers.sentences import LONGEST_SENTENCE, sentences


def split(text: str, language: str = "") -> list[str]:
    return [text[start:end] for start, end in sentences(text, 0, len(text), language=language)]


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("en", ["Dr. Smith came at 5 p.m. sharp.", "He left."]),
        ("en", ["See Art. 5, No. 7 and e.g. Fig. 2.", 'He said "Stop!"', "Then (it was late) he went."]),
        ("en", ["It costs 3.50 dollars.", "It was made in 1998.", "J. R. Smith paid."]),
        ("en", ["Really?!", "Yes…", "Well… maybe."]),
        ("de", ["Die Frist endet am 3. Mai 2026.", "Das gilt z. B. für Nr. 4a.", "Gezahlt wird bzw. verrechnet."]),
        ("fr", ["M. Dupont est venu.", "« Vraiment ? »", "Oui."]),
        ("es", ["¿Qué hora es?", "¡Vamos!", "El Sr. García no vino."]),
        ("zh", ["今天天气很好。", "我们去公园吧！", "「好的。」", "走吧"]),  # noqa: RUF001  # these marks are what is tested
        ("ja", ["これは本です。", "読みましたか？", "はい。"]),  # noqa: RUF001  # these marks are what is tested
        ("ar", ["مرحبا بك.", "كيف حالك؟", "أنا بخير."]),
        ("ur", ["یہ کتاب ہے۔", "وہ گھر گیا۔"]),  # noqa: RUF001  # these marks are what is tested
        ("he", ["שלום עולם.", "מה שלומך?"]),
        ("hi", ["यह किताब है।", "वह घर गया।"]),
        ("ru", ["Он жил в г. Москве.", "Потом уехал."]),  # noqa: RUF001  # these marks are what is tested
    ],
)
def test_sentences_of_a_language(language: str, wanted: list[str]) -> None:
    glue = "" if language in {"zh", "ja"} else " "
    assert split(glue.join(wanted), language) == wanted


def test_blank_lines_items_and_rows_begin_sentences() -> None:
    text = "A title\n\nSome words that\ngo on here\n- one\n- two\n1. three\n(b) four\na | b\nc | d"
    wanted = ["A title", "Some words that\ngo on here", "- one", "- two", "1. three", "(b) four", "a | b", "c | d"]
    assert split(text) == wanted


def test_a_heading_is_a_sentence_of_its_own() -> None:
    document = markdown("# Notice of end\nThe lease ends. It ends soon.")
    chunks = chunk_document(document, ChunkSettings(1, 0, "sentences"))
    assert [chunk.text for chunk in chunks] == ["# Notice of end", "The lease ends.", "It ends soon."]


def test_what_has_no_marks_is_parted_at_white_space() -> None:
    found = split("word " * 2000)
    assert all(len(sentence) <= LONGEST_SENTENCE for sentence in found)
    assert " ".join(found).split() == ["word"] * 2000


@given(st.text(st.sampled_from('aA.!?。 \n"1)…|-'), max_size=200))
def test_every_sign_is_in_exactly_one_sentence(text: str) -> None:
    found = sentences(text, 0, len(text))
    assert "".join("".join(text[start:end].split()) for start, end in found) == "".join(text.split())


def test_sentences_overlap_by_their_number() -> None:
    text = " ".join(f"This is sentence {name}1." for name in "ABCDEFGHI")
    chunks = chunk_document(plain(text), ChunkSettings(3, 1, "sentences"))
    told = [[word[0] for word in chunk.text.split("sentence ")[1:]] for chunk in chunks]
    assert told == [["A", "B", "C"], ["C", "D", "E"], ["E", "F", "G"], ["G", "H", "I"]]


def test_the_last_chunk_is_not_only_a_rest() -> None:
    text = " ".join(f"This is sentence {number}a." for number in range(7))
    counts = [chunk.text.count("sentence") for chunk in chunk_document(plain(text), ChunkSettings(6, 0, "sentences"))]
    assert counts == [3, 4]
