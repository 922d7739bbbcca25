"""What a loaded document is, and how it should be loaded."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a document's text: `text[start:end]`. Formats without pages have one page."""

    number: int
    """From 1."""
    start: int
    end: int
    ocr_confidence: float | None = None
    """Mean word confidence of the OCR, 0 to 1; None where the text was read and not recognised."""


@dataclass(frozen=True, slots=True)
class Document:
    """The text of one file, with its pages as character spans of that text.

    Raises ValueError when a page lies outside the text, or when pages are out of order or overlap.
    """

    title: str
    text: str
    media_type: str
    pages: tuple[Page, ...]
    notes: tuple[str, ...] = ()
    """What a reader should know, such as `read as windows-1252` or `page 3 has no text`."""
    incomplete: bool = False
    """Whether something is missing that another try might find, such as a page whose OCR took too long."""

    def __post_init__(self) -> None:
        reached = 0
        for page in self.pages:
            if not reached <= page.start <= page.end <= len(self.text):
                msg = (
                    f"page {page.number} ({page.start} to {page.end}) does not fit {len(self.text)} characters of text"
                )
                raise ValueError(msg)
            reached = page.end


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """Everything that shapes the text of a document, and the limits on loading one."""

    ocr: Literal["auto", "off"] = "auto"
    """`auto` recognises images, and PDF pages without a text layer."""
    ocr_languages: tuple[str, ...] = ("eng",)
    """Names of installed tesseract languages, the main one first."""
    ocr_timeout_s: float = 120.0
    """For one page."""
    max_file_mb: int = 100
    """A megabyte is 1,000,000 bytes."""
    max_pages: int = 5000


@dataclass(frozen=True, slots=True)
class PageText:
    """What a loader read on one page, before the pages are joined."""

    text: str
    ocr_confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Extract:
    """What a loader read from one file. An empty title means that the file does not name itself."""

    pages: tuple[PageText, ...]
    title: str = ""
    notes: tuple[str, ...] = ()
    incomplete: bool = False
