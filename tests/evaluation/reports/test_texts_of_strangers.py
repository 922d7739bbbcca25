"""Whatever an answer says, no report is broken by it, and none carries it out as markup."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.evaluation.reports.made import hostile

from plimsoll.evaluation.reports import Baseline, Facts, html_report, junit_report, markdown_report, seen_run

NASTY = st.one_of(
    st.text(max_size=40),
    st.lists(
        st.sampled_from(
            [
                "<script>a(1)</script>", "</pre>", "</details>", "]]>", "&lt;", '"', "'", "`", "```", "````\n",
                "~~~", "|", "\n", "\r\n", "\n\n# head", "\n- item", "@octocat", "#12", "![x](http://e)", "[x](js:1)",
                "http://evil.example", "www.evil.example", "<img src=x>", "\x00", "\x1b[31m", "\u202e", "\ufffe", "\\",
                "*", "_", "$x$", "{{", "</style>", "<!--", "-->", "yes",
            ]
        ),
        max_size=8,
    ).map("".join),
)  # fmt: skip
OURS = {
    "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "h3", "h4", "main", "section", "div",
    "span", "p", "a", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "svg", "line", "rect", "circle",
    "details", "summary", "b", "pre", "dl", "dt", "dd", "ins", "del", "label", "input", "output", "script", "br",
}  # fmt: skip


class Page(HTMLParser):
    """Counts what stands in a page: elements, attributes, texts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.comments = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments += len(data) + 1


def cleaned(text: str) -> str:
    """The text as reports may hold it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(
        "[^\t\n\x20-\x7e\x85\xa0-\u2029\u202f-\u2065\u206a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", lines
    )


def facts(text: str) -> Facts:
    run = hostile(text)
    return Facts.of(run, Baseline(text or "r-1", seen_run(hostile(f"{text}!").to_json()), (text,)))


@settings(max_examples=60, deadline=None)
@given(NASTY)
def test_junit_stays_xml_and_gives_the_text_back(text: str) -> None:
    root = ET.fromstring(junit_report([facts(text)]))  # noqa: S314  # our own output
    names = [case.get("name", "") for case in root.iter("testcase")]
    assert len(names) == 2 + 4
    assert f"row: {cleaned(text)} row-0" in names
    skipped = [one.get("message", "") for one in root.iter("skipped")]
    assert any(cleaned(text) in message for message in skipped) or not text


@settings(max_examples=60, deadline=None)
@given(NASTY)
def test_markdown_holds_no_markup_of_others(text: str) -> None:
    report = markdown_report([facts(text)])
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(report)
    leaves = [one for token in tokens for one in (token.children or [token])]
    kinds = {one.type for one in leaves}
    assert not kinds & {"link_open", "image", "html_inline", "fence_error"}
    html = [one.content for one in leaves if one.type == "html_block"]
    assert all(re.match(r"<details><summary>|</details>", block) for block in html)
    assert sum(block.startswith("<details>") for block in html) == 1
    loose = "".join(one.content for one in leaves if one.type == "text")
    assert not re.search(r"[@#](?!\u200b)", loose), "a name or a number that a forge would link"
    headings = [token for token in tokens if token.type == "heading_open"]
    assert len(headings) == 1
    assert any(cleaned(text) in one.content for one in tokens if one.type == "fence")


@settings(max_examples=60, deadline=None)
@given(NASTY)
def test_the_page_holds_no_element_of_others(text: str) -> None:
    page, plain = Page(), Page()
    page.feed(html_report([facts(text)]))
    plain.feed(html_report([facts("plain")]))
    assert set(page.elements) <= OURS
    assert page.elements.count("script") == plain.elements.count("script") == 1
    assert page.elements.count("style") == 1
    assert not {name for name in page.attributes if name.startswith("on")} | page.attributes & {"src", "style"}
    assert page.comments == 0
    assert any(cleaned(text) in said for said in page.texts)
