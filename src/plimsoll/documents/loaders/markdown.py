"""Markdown: the text as it stands, with its headings and what its front matter says."""

import re
from collections.abc import Iterator

from .._assemble import clean, one_line
from .._encoding import decode
from .._types import Extract, Heading, LoadSettings, PageText

VERSION = 2

_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]++")
_SPACES = " \t"
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)")
_MARKS = re.compile(r"[*`]+|(?<!\w)_+|_+(?!\w)")
_LONGEST_MARKED = 2000

_FACT = re.compile(r"([A-Za-z][\w-]{0,40}):[ \t]+(\S.*)")
_FACTS = {"title", "author", "date", "created", "modified", "subject", "description", "keywords", "category", "tags"}


def read(data: bytes, name: str, _settings: LoadSettings) -> Extract:
    """The text as it stands, titled by its front matter or first heading. Raises NotTextError for binary data."""
    text, note = decode(data, name)
    text = clean(text)
    begin = _front_matter_end(text)
    facts = _facts(text[:begin])
    headings = tuple(_headings(text, begin))
    title = facts.pop("title", "") or next((_plain(text[h.start : h.end]) for h in headings), "")
    page = PageText(text, headings=headings)
    return Extract(pages=(page,), title=title, notes=(note,) if note else (), metadata=facts)


def _headings(text: str, begin: int) -> Iterator[Heading]:
    """Headings (CommonMark: ATX or underlined) outside code blocks, without the signs that make them headings."""
    fence = ""
    before: tuple[int, int] | None = None
    at = begin
    for line in text[begin:].split("\n"):
        mark = _FENCE.match(line)
        start, at = at, at + len(line) + 1
        if fence:
            fence = "" if mark and mark[1].startswith(fence) else fence
        elif mark:
            fence = mark[1]
        elif found := _HEADING.match(line):
            words = line[found.end() :].rstrip(_SPACES).rstrip("#").rstrip(_SPACES)
            if words:
                yield Heading(len(found[1]), start + found.end(), start + found.end() + len(words))
            before = None
            continue
        elif before and (under := _UNDERLINE.fullmatch(line)):
            yield Heading(1 if under[1].startswith("=") else 2, *before)
            before = None
            continue
        before = None if fence or mark else _paragraph_line(line, start)


def _paragraph_line(line: str, start: int) -> tuple[int, int] | None:
    """Where the words of a line stand that an underline would make a heading."""
    words = line.strip()
    if not words or line.startswith(("    ", "\t", ">", "|", "- ", "* ")):
        return None
    indent = len(line) - len(line.lstrip())
    return start + indent, start + indent + len(words)


def _front_matter_end(text: str) -> int:
    """Where the text begins behind its front matter; 0 without one."""
    if not text.startswith("---\n"):
        return 0
    end = text.find("\n---\n", 3)
    return 0 if end < 0 else end + 5


def _facts(front_matter: str) -> dict[str, str]:
    """Plain `name: value` lines of the front matter; anything nested is left alone."""
    facts: dict[str, str] = {}
    for line in front_matter.split("\n"):
        found = _FACT.fullmatch(line)
        if found and found[1].lower() in _FACTS and not found[2].startswith(("|", ">", "{", "&", "*", "!")):
            value = one_line(found[2].strip(" []").strip("\"'"))
            if value:
                facts[{"date": "created", "tags": "keywords"}.get(found[1].lower(), found[1].lower())] = value
    return facts


def _plain(heading: str) -> str:
    return _MARKS.sub("", _LINK.sub(r"\1", heading[:_LONGEST_MARKED]))
