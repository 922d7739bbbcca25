import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.documents import Document, DocumentError, LoadSettings, Page, load
from plimsoll.documents._assemble import clean

SETTINGS = LoadSettings()


def test_text_is_one_page_titled_by_its_name() -> None:
    document = load(b"Hello\r\nworld\rend\n", "notes/first.txt", SETTINGS)
    assert document == Document("first", "Hello\nworld\nend\n", "text/plain", (Page(1, 0, 16),))


@pytest.mark.parametrize(
    "data",
    [
        "Käse\n".encode(),
        b"\xef\xbb\xbf" + "Käse\n".encode(),
        "Käse\n".encode("utf-16"),
        b"\xfe\xff" + "Käse\n".encode("utf-16-be"),
        "Käse\n".encode("utf-32"),
    ],
)
def test_unicode_encodings_are_read_without_a_note(data: bytes) -> None:
    document = load(data, "a.txt", SETTINGS)
    assert (document.text, document.notes) == ("Käse\n", ())


GERMAN = "Der Käufer zahlt dem Verkäufer 500 € für die Überlassung der Räume."
FRENCH = "Le contrat a été signé à Genève par les parties concernées."
SPANISH = "El contrato será válido por un año \u2013 “señor”."
QUOTES = "“Confidential Information” means any information \u2013 the Supplier\u2019s too."
RUSSIAN = "Настоящий договор заключен между сторонами и вступает в силу немедленно."
CZECH = (
    "Smlouva je uzavřena mezi smluvními stranami a nabývá účinnosti dnem podpisu. Kupující se zavazuje zaplatit cenu."
)
POLISH = "Umowa wchodzi w życie z dniem podpisania. Sprzedający zobowiązuje się przenieść własność rzeczy."


@pytest.mark.parametrize(
    ("text", "codec", "note"),
    [
        (GERMAN, "cp1252", "read as windows-1252"),
        ("Some words of a text. Ünï", "cp1252", "read as windows-1252"),
        (FRENCH, "cp1252", "read as windows-1252"),
        (SPANISH, "cp1252", "read as windows-1252"),
        (QUOTES, "cp1252", "read as windows-1252"),
        (RUSSIAN, "cp1251", "read as windows-1251"),
        (CZECH, "cp1250", "read as windows-1250"),
        (POLISH, "cp1250", "read as windows-1250"),
        ("この契約は、両当事者の間で締結される。", "shift_jis", "read as shift_jis"),
    ],
)
def test_older_encodings_are_recognised_and_noted(text: str, codec: str, note: str) -> None:
    document = load(text.encode(codec), "a.txt", SETTINGS)
    assert (document.text, document.notes) == (text, (note,))


def test_the_first_unusual_character_may_come_late() -> None:
    text = "plain words \n" * 40_000 + GERMAN
    assert load(text.encode("cp1252"), "a.txt", SETTINGS).text == text


def test_damaged_unicode_is_mended_and_noted() -> None:
    document = load(b"\xff\xfeA\x00\x00\xd8B\x00", "a.txt", SETTINGS)
    assert document.text == "A\ufffdB"
    assert document.notes == ("read as utf-16-le; characters that are not valid were replaced",)


@pytest.mark.parametrize("data", [b"MZ\x90\x00\x03\x00", b"abc\x00def", bytes(range(1, 32)) * 9, b"PK\x03\x04 text"])
@pytest.mark.parametrize("suffix", [".txt", ".md", ".html"])
def test_binary_data_is_not_text(data: bytes, suffix: str) -> None:
    with pytest.raises(DocumentError, match="holds binary data") as caught:
        load(data, "a" + suffix, SETTINGS)
    assert caught.value.code == "document_not_text"
    assert caught.value.permanent


def test_control_characters_are_removed_and_nothing_is_normalised() -> None:
    text = "a\tb\x1b[31mred\x0cpage\x85line\u200b e\u0301 \ufb01 " + "word " * 99
    expected = "a\tb[31mred\npage\nline\u200b e\u0301 \ufb01 " + "word " * 99
    assert load(text.encode(), "a.txt", SETTINGS).text == expected


@given(st.text(st.characters(), max_size=60))
def test_clean_text_can_be_written_and_cleaning_again_changes_nothing(text: str) -> None:
    once = clean(text)
    assert once.encode("utf-8").decode() == once == clean(once)
    assert not any(c < " " and c not in "\t\n" for c in once)


@pytest.mark.parametrize("data", [b"", b" \n\t \r\n", "\ufeff\u00a0\n".encode()])
def test_files_without_text_are_errors(data: bytes) -> None:
    with pytest.raises(DocumentError) as caught:
        load(data, "a.txt", SETTINGS)
    assert caught.value.code == ("document_no_text" if data else "document_empty")
    assert caught.value.permanent
    assert "a.txt" in caught.value.message


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# The *big* [contract](x.md) ##\n\ntext", "The big contract"),
        ("intro\n\n## Second level\n# First", "Second level"),
        ("```\n# code\n```\n# Real", "Real"),
        ("~~~~\n# code\n~~~\n# still code\n~~~~\nTitle here\n===\n", "Title here"),
        ("---\ntitle: x\n# comment\n---\n# Real", "x"),
        ("---\n# comment\n---\n# Real", "Real"),
        ("    # code\n\n#hashtag\n\n# snake_case `x`", "snake_case x"),
        ("no heading", "name"),
        ("- item\n---\ntext", "name"),
    ],
)
def test_markdown_keeps_its_text_and_is_titled_by_its_first_heading(text: str, title: str) -> None:
    document = load(text.encode(), "name.md", SETTINGS)
    assert (document.text, document.title, document.media_type) == (text, title, "text/markdown")


def test_a_title_is_one_short_line() -> None:
    assert len(load(b"# " + b"word " * 1000, "a.md", SETTINGS).title) <= 200


def test_headings_and_front_matter_of_markdown_are_told() -> None:
    text = (
        "---\ntitle: 'The deal'\nauthor: Ada\ndate: 2024-03-01\ntags: [a, b]\nnested: {x: 1}\n---\n"
        "# One *big* ##\n\ntext\n\n```\n# no heading\n```\nTwo\n===\n  ### Three\n#nope\n- item\n---\n\nFour\n---\n"
    )
    document = load(text.encode(), "a.md", SETTINGS)
    found = [(heading.level, document.text[heading.start : heading.end]) for heading in document.headings]
    assert found == [(1, "One *big*"), (1, "Two"), (3, "Three"), (2, "Four")]
    assert document.title == "The deal"
    assert document.metadata == {"author": "Ada", "created": "2024-03-01", "keywords": "a, b"}


@given(st.text(st.sampled_from(" \ta#*"), max_size=12))
def test_the_words_of_a_heading_stand_between_its_signs(words: str) -> None:
    found = re.fullmatch(r"#[ \t]+(.*?)[ \t]*#*[ \t]*", f"# {words}")
    text = f"# {words}\n\nThe end."
    document = load(text.encode(), "a.md", SETTINGS)
    assert found is not None
    spans = [(heading.start, heading.end) for heading in document.headings]
    assert spans == ([found.span(1)] if found[1] else [])


LONG_RUNS = {
    "spaces in a heading": ("a.md", "# a" + " " * 100_000 + "b"),
    "underlines in a heading": ("a.md", "# a" + "_" * 300_000 + "b"),
    "brackets in a heading": ("a.md", "# " + "[" * 300_000),
    "spaces in preformatted text": ("a.html", "<pre>a" + " " * 1_000_000 + "b</pre>"),
    "spaces in a message": ("a.eml", "From: a@b\nSubject: s\n\na" + " " * 1_000_000 + "b"),
}


@pytest.mark.parametrize(("name", "text"), LONG_RUNS.values(), ids=list(LONG_RUNS))
def test_long_runs_of_one_sign_are_no_work(name: str, text: str) -> None:
    document = load(text.encode(), name, SETTINGS)
    assert len(document.text) > 100_000
    assert len(document.title) <= 200
