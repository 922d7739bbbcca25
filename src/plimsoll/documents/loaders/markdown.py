"""Markdown: the text as it stands; only the title is taken out of it."""

import re

from .._assemble import clean
from .._encoding import decode
from .._types import Extract, LoadSettings, PageText

VERSION = 1

_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)")
_MARKS = re.compile(r"[*`]+|(?<!\w)_+|_+(?!\w)")


def read(data: bytes, name: str, _settings: LoadSettings) -> Extract:
    """The text as it stands, titled by its first heading. Raises NotTextError for binary data."""
    text, note = decode(data, name)
    text = clean(text)
    return Extract(pages=(PageText(text),), title=_first_heading(text), notes=(note,) if note else ())


def _first_heading(text: str) -> str:
    """The first heading (CommonMark: ATX or underlined) outside code blocks and front matter, without its markup."""
    fence = ""
    before = ""
    for line in _without_front_matter(text).split("\n"):
        mark = _FENCE.match(line)
        if fence:
            fence = "" if mark and mark[1].startswith(fence) else fence
        elif mark:
            fence = mark[1]
        elif heading := _HEADING.fullmatch(line):
            return _plain(heading[1])
        elif before and _UNDERLINE.fullmatch(line):
            return _plain(before)
        before = "" if fence or line.startswith(("    ", "\t", ">", "|", "- ", "* ")) else line.strip()
    return ""


def _without_front_matter(text: str) -> str:
    if not text.startswith("---\n"):
        return text
    end = text.find("\n---\n", 3)
    return text if end < 0 else text[end + 5 :]


def _plain(heading: str) -> str:
    return _MARKS.sub("", _LINK.sub(r"\1", heading))
