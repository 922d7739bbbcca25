import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.documents import Document, DocumentError, LoadSettings, load
from plimsoll.documents._html_guard import guard

SETTINGS = LoadSettings()


def read(html: str | bytes) -> Document:
    return load(html if isinstance(html, bytes) else html.encode(), "page.html", SETTINGS)


def test_blocks_become_lines_and_what_nobody_sees_is_dropped() -> None:
    document = read(
        "<!doctype html><html><head><title> The&nbsp;Page\n title</title><style>x{}</style></head><body>"
        "<nav>menu</nav><h1>Terms  &amp;\nconditions</h1><p>First <b>bold</b>, <i>it</i>alic.<br>Next line.</p>"
        "<script>evil()</script><p hidden>no</p><div style='color:red; DISPLAY : none'>no</div><template>no</template>"
        "<!-- no --><div>one<div>two</div>three</div><ul><li>a</li><li>b<li>c</ul>"
        "<p>&euro;&#8364;&copy;</p></body></html>"
    )
    assert document.title == "The Page title"
    assert document.text == (
        "Terms & conditions\n\nFirst bold, italic.\nNext line.\n\none\ntwo\nthree\n\na\nb\nc\n\n€€©"
    )
    assert document.pages[0].end == len(document.text)
    assert document.media_type == "text/html"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            "<table><tr><th>Name</th><th>Price</th></tr><tr><td>A <b>x</b></td><td>1<br>2</td></tr></table>",
            "Name | Price\nA x | 1 2",
        ),
        # Spacer columns vanish, and other empty cells keep the columns in line.
        ("<table><tr><td>a<td><td>b<td>c<tr><td>d<td><td><td>f<tr><td>g</table>", "a | b | c\nd |  | f\ng"),
        ("<table><tr><td colspan=2>wide<td>x<tr><td>1<td>2<td>3</table>", "wide |  | x\n1 | 2 | 3"),
        # Layout: a table that holds tables, and a table with a single column.
        ("<table><tr><td><p>one<p>two<td>three<table><tr><td>a<td>b</table></table>", "one\n\ntwo\n\nthree\n\na | b"),
        ("<table><tr><td><p>one</p><p>two</p></td></tr></table>", "one\n\ntwo"),
        ("x<table><caption>Cap</caption><tr><td>a<td>b</table>y", "x\n\nCap\n\na | b\n\ny"),
        ("<pre>a\n  b   c\n</pre>d  e", "a\n  b   c\n\nd e"),
        ("a <span> b </span> c", "a b c"),
        ("a\u00a0b", "a\u00a0b"),
        ("<p>one<p>two", "one\n\ntwo"),
        ("just text", "just text"),
    ],
)
def test_layout(html: str, text: str) -> None:
    assert read(html).text == text


def test_the_first_heading_is_the_title_where_the_page_has_none() -> None:
    assert read("<svg><title>icon</title></svg><h1>Head <b>line</b></h1>").title == "Head line"
    assert read("<p>x").title == "page"


@pytest.mark.parametrize(
    "declaration", ["<meta charset=iso-8859-1>", "<meta http-equiv=x content='text/html; charset=ISO-8859-1'>"]
)
def test_a_page_says_its_encoding_itself(declaration: str) -> None:
    document = read(f"{declaration}<p>“5 €”".encode("cp1252"))
    assert (document.text, document.notes) == ("“5 €”", ("read as windows-1252",))


@pytest.mark.parametrize("charset", ["utf-7", "unicode_escape", "idna", "rot13", "nonsense"])
def test_a_declared_encoding_that_is_none_is_ignored(charset: str) -> None:
    assert read(f"<meta charset={charset}><p>Käufer und Verkäufer".encode("cp1252")).text == "Käufer und Verkäufer"


def test_a_page_with_nothing_to_see_is_an_error() -> None:
    with pytest.raises(DocumentError, match="no text was found in page"):
        read("<html><head><title>x</title></head><body hidden>text</body></html>")


def test_deep_pages_are_read_without_recursion() -> None:
    assert read("<div>" * 5000 + "deep").text == "deep"


def test_a_page_built_to_take_minutes_is_refused() -> None:
    with pytest.raises(DocumentError, match="nested so deeply") as caught:
        read("<div>" * 200_000)
    assert caught.value.code == "document_unpacked_too_large"


def test_a_large_page_of_many_closed_tags_is_not_refused() -> None:
    page = "<div class='a'><p>x<p>y<span title='</div>'>z</span><br></div><!-- <div> --><svg><path/></svg>" * 12_000
    assert guard(page, "page.html").count("<div") == page.count("<div")


def test_open_formatting_is_not_multiplied() -> None:
    # The standard makes every open formatting element anew in each paragraph: here that would be four million.
    page = "<p>" + "".join(f"<font c={n}>" for n in range(2000)) + "<p>x" * 2000
    assert "<font" not in guard(page, "page.html")
    assert read(page).text.count("x") == 2000


@settings(max_examples=60, deadline=None)
@given(st.text("<>/=\"'! -abdhilprstv\n&;#xé", max_size=120), st.integers(0, 120))
def test_any_markup_gives_text_or_a_document_error(html: str, cut: int) -> None:
    page = f"<table><tr><td>a<td>{html}</table>{html}"[cut:]
    try:
        document = read(page)
    except DocumentError:
        return
    assert document.text.strip()


def test_headings_and_metadata_are_told() -> None:
    page = (
        "<head><meta name=Author content=' Ada  B '><meta property='article:published_time' content='2024-03-01'>"
        "<meta name=description content=''></head><h1>Big <i>one</i></h1><p>a<table><tr><td><h2>cell</h2><td>b</table>"
        "<div><h3>\n small </h3>more</div><h4 hidden>no</h4><nav><h2>menu</h2></nav>"
    )
    document = load(page.encode(), "a.html", SETTINGS)
    found = [(heading.level, document.text[heading.start : heading.end]) for heading in document.headings]
    assert found == [(1, "Big one"), (3, "small")]
    assert document.metadata == {"author": "Ada B", "created": "2024-03-01"}


def test_cells_that_span_very_many_columns_are_refused() -> None:
    page = b"<table>" + b"<tr><td colspan=99>a<td>b" * 25_000
    with pytest.raises(DocumentError, match="span more than 2,000,000 columns"):
        load(page, "a.html", SETTINGS)
