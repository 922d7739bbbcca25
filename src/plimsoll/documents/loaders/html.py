"""Web pages: what a reader of the page would see, block by block."""

import re
from collections.abc import Iterator
from dataclasses import replace

from selectolax.lexbor import LexborHTMLParser, LexborNode

from .._assemble import clean, one_line
from .._encoding import decode
from .._html_guard import guard
from .._lines import LineWriter, SpannedCells
from .._types import Extract, LoadSettings, PageText

VERSION = 2

_DROPPED = frozenset({
    "audio", "canvas", "datalist", "head", "iframe", "nav", "noscript", "object", "script", "select", "style", "svg",
    "template", "textarea", "video",
})  # fmt: skip
_PARAGRAPHS = frozenset({
    "blockquote", "dl", "fieldset", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "table", "ul",
})  # fmt: skip
_BLOCKS = _PARAGRAPHS | frozenset({
    "address", "article", "aside", "body", "caption", "center", "dd", "details", "dialog", "div", "dt", "figcaption",
    "footer", "form", "header", "legend", "li", "main", "option", "section", "summary", "td", "th", "tr",
})  # fmt: skip
_CELLS = frozenset({"td", "th"})
_INVISIBLE = re.compile(r"(?i)(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden)\b")
_CHARSET = re.compile(rb"(?i)<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{2,40})")
_CHARSET_WITHIN_BYTES = 4096
_META = {
    "author": "author",
    "article:author": "author",
    "description": "description",
    "og:description": "description",
    "keywords": "keywords",
    "date": "created",
    "dcterms.created": "created",
    "article:published_time": "created",
    "dcterms.modified": "modified",
    "article:modified_time": "modified",
}
_MOST_META = 200
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_SPAN = re.compile(r"[1-9][0-9]?")


def read(data: bytes, name: str, _settings: LoadSettings) -> Extract:
    """The visible text: blocks are lines, table rows are `cell | cell`; the title is the page's, or its first heading.

    Raises NotTextError for binary data, and UnpackedTooLargeError for a page built to exhaust the parser.
    """
    found = _CHARSET.search(data[:_CHARSET_WITHIN_BYTES])
    text, note = decode(data, name, declared=found[1].decode("ascii") if found else "")
    return replace(read_html(text, name), notes=(note,) if note else ())


def read_html(text: str, name: str) -> Extract:
    """What a reader of the page `text` would see. Raises UnpackedTooLargeError."""
    tree = LexborHTMLParser(guard(clean(text), name))
    page = _Page(tree.root, name).page if tree.root else PageText("")
    title = _first_text(tree, "head title") or _first_text(tree, "h1")
    return Extract(pages=(page,), title=title, metadata=_metadata(tree))


def _metadata(tree: LexborHTMLParser) -> dict[str, str]:
    """What the page's `meta` elements say, by our names; the first of each counts."""
    facts: dict[str, str] = {}
    for node in tree.css("meta[content]")[:_MOST_META]:
        attributes = node.attributes
        fact = _META.get((attributes.get("name") or attributes.get("property") or "").lower())
        value = one_line(attributes.get("content") or "")
        if fact and value:
            facts.setdefault(fact, value)
    return facts


def _first_text(tree: LexborHTMLParser, selector: str) -> str:
    node = tree.css_first(selector)
    return (node.text() or "").strip() if node else ""


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Every visible node twice, on entering (True) and on leaving it. Without recursion: pages may nest deeply."""
    node = root
    while True:
        visible = _is_visible(node)
        if visible:
            yield node, True
        child = node.first_child if visible else None
        if child is not None:
            node = child
            continue
        if visible:
            yield node, False
        while node.next is None or node.mem_id == root.mem_id:
            parent = node.parent
            if node.mem_id == root.mem_id or parent is None:
                return
            node = parent
            yield node, False
        node = node.next


def _is_visible(node: LexborNode) -> bool:
    tag = node.tag or ""
    if tag.startswith("-"):
        return tag == "-text"
    if tag in _DROPPED:
        return False
    attributes = node.attributes
    return not attributes or ("hidden" not in attributes and not _INVISIBLE.search(attributes.get("style") or ""))


def _layout_tables(root: LexborNode) -> set[int]:
    """The tables that hold other tables: they only place things on the page."""
    layout: set[int] = set()
    opened: list[int] = []
    for node, entering in _walk(root):
        if node.tag == "table":
            if entering:
                layout.update(opened[-1:])
                opened.append(node.mem_id)
            else:
                opened.pop()
    return layout


class _Page:
    """Reads a page in one walk. `page` is the result."""

    def __init__(self, root: LexborNode, name: str) -> None:
        self._spanned = SpannedCells(name)
        self._layout = _layout_tables(root)
        self._writers = [LineWriter()]
        self._rows: list[list[str]] | None = None
        self._preformatted = 0
        for node, entering in _walk(root):
            if node.tag == "-text":
                self._write(node, entering=entering)
            elif entering:
                self._enter(node)
            else:
                self._leave(node)
        self.page = self._writers[0].page()

    def _write(self, node: LexborNode, *, entering: bool) -> None:
        text = node.text_content if entering else ""
        if text and self._preformatted:
            self._writers[-1].verbatim(text)
        elif text:
            self._writers[-1].inline(text)

    def _enter(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == "br":
            self._writers[-1].line_break()
        elif tag == "pre":
            self._writers[-1].end_block(blank_line=True)
            self._preformatted += 1
        elif tag == "table" and node.mem_id not in self._layout:
            self._writers[-1].end_block(blank_line=True)
            self._rows = []
        elif self._rows is not None and tag == "tr":
            self._rows.append([])
        elif self._rows and tag in _CELLS:
            self._writers.append(LineWriter())
        elif tag in _BLOCKS:
            self._writers[-1].end_block(blank_line=tag in _PARAGRAPHS)

    def _leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == "pre":
            self._preformatted -= 1
            self._writers[-1].end_block(blank_line=True)
        elif tag == "table" and self._rows is not None:
            self._writers[-1].table(self._rows)
            self._rows = None
        elif self._rows and tag in _CELLS:
            self._rows[-1].extend([self._writers.pop().text(), *self._spanned.cells(_columns(node) - 1)])
        elif tag in _BLOCKS and not (self._rows is not None and tag == "tr"):
            self._writers[-1].end_block(blank_line=tag in _PARAGRAPHS, heading=_HEADINGS.get(tag, 0))


def _columns(cell: LexborNode) -> int:
    """How many columns a cell spans."""
    value = cell.attributes.get("colspan") or ""
    return int(value) if _SPAN.fullmatch(value) else 1
