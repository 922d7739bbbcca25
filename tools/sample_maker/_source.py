"""Content files: a few facts about the document between `---` lines, then its text."""

import zlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, get_args

import yaml

from ._blocks import Block, parse

Format = Literal["pdf", "docx", "html", "md", "txt", "scan-png", "scan-jpg", "scan-pdf"]

_KNOWN = {"format", "title", "date", "letterhead", "footer", "font", "encoding", "tilt", "nav"}


class SourceError(Exception):
    """A content file cannot be read; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Source:
    """One document to be made.

    `folder` and `stem` name the content file, and with `format` the document. `tilt_degrees` turns a scanned page.
    """

    folder: str
    stem: str
    format: Format
    title: str
    written: date
    body: str
    letterhead: tuple[str, ...] = ()
    footer: str = ""
    serif: bool = False
    encoding: str = "utf-8"
    tilt_degrees: float = 0.0
    nav: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Where the document goes inside the `documents` folder."""
        return f"{self.folder}/{self.stem}.{self.format.removeprefix('scan-')}"

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The body, parsed."""
        return parse(self.body)

    @property
    def seed(self) -> int:
        """A number that stays the same for this document, for noise and dirt."""
        return zlib.crc32(f"{self.folder}/{self.stem}".encode())


def read_sources(folder: Path) -> list[Source]:
    """Every content file below `folder`, by name. Raises SourceError at the first one that is wrong."""
    return [_read(path) for path in sorted(folder.glob("*/*.md"))]


def _read(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    parts = text.split("---\n", 2)
    if len(parts) != 3 or parts[0]:  # noqa: PLR2004 - nothing, the facts, the body
        msg = f"{path}: begins without facts between two lines of ---"
        raise SourceError(msg)
    facts = yaml.safe_load(parts[1])
    unknown = sorted(set(facts) - _KNOWN)
    if unknown or facts.get("format") not in get_args(Format):
        msg = f"{path}: unknown facts {unknown} or format {facts.get('format')!r}"
        raise SourceError(msg)
    return Source(
        folder=path.parent.name,
        stem=path.stem,
        format=facts["format"],
        title=facts["title"],
        written=facts["date"],
        body=parts[2].strip("\n") + "\n",
        letterhead=tuple(facts.get("letterhead", ())),
        footer=facts.get("footer", ""),
        serif=facts.get("font", "sans") == "serif",
        encoding=facts.get("encoding", "utf-8"),
        tilt_degrees=float(facts.get("tilt", 0.0)),
        nav=tuple(facts.get("nav", ())),
    )
