"""Pages are joined to one text, and each keeps its place in it."""

import re
from dataclasses import replace

from ._language import detect_language
from ._types import Box, Document, Extract, Heading, Page

_PAGE_BREAK = "\n\n"
_LONGEST_TITLE = 200

# C0 controls but tab and newline, DEL, C1, lone surrogates, and the noncharacters at the end of the first plane:
# none can be seen in a quote, and surrogates cannot be written as UTF-8.
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_NEWLINES = re.compile("\r\n|[\r\x0b\x0c\x85]")
_BLANK_LINES = re.compile(r"\n{3,}")
_SPACES = " \t\u00a0"


def clean(text: str) -> str:
    r"""`text` with `\n` as its only newline and without control characters; everything else stays as it is."""
    return _UNSEEN.sub("", _NEWLINES.sub("\n", text))


def tidy(text: str) -> str:
    """`clean`, and also without spaces at the ends of lines, runs of blank lines, and blank lines around the whole."""
    # An expression for spaces at the ends of lines would look at long runs elsewhere again and again.
    lines = "\n".join(line.rstrip(_SPACES) for line in clean(text).split("\n"))
    return _BLANK_LINES.sub("\n\n", lines).strip("\n")


def one_line(text: str) -> str:
    """A title: one line, at most 200 characters."""
    return " ".join(clean(text).split())[:_LONGEST_TITLE].rstrip()


def assemble(extract: Extract, *, title: str, media_type: str) -> Document:
    """The document of what a loader read. Pages are parted by a blank line that belongs to no page.

    `title` is used when the file does not name itself. A page without text is an empty span.
    """
    parts: list[str] = []
    pages: list[Page] = []
    headings: list[Heading] = []
    boxes: list[Box] = []
    length = 0
    for number, page in enumerate(extract.pages, start=1):
        if page.text and length:
            parts.append(_PAGE_BREAK)
            length += len(_PAGE_BREAK)
        parts.append(page.text)
        pages.append(Page(number, length, length + len(page.text), page.ocr_confidence))
        headings += [replace(h, start=h.start + length, end=h.end + length) for h in page.headings]
        boxes += [replace(b, start=b.start + length, end=b.end + length, page=number) for b in page.boxes]
        length += len(page.text)
    text = "".join(parts)
    return Document(
        title=one_line(extract.title) or title,
        text=text,
        media_type=media_type,
        pages=tuple(pages),
        notes=extract.notes,
        incomplete=extract.incomplete,
        language=detect_language(text),
        headings=tuple(headings),
        boxes=tuple(boxes),
        metadata=dict(sorted(extract.metadata.items())),
    )
