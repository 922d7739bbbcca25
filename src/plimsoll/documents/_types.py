"""What a loaded document is, and how it should be loaded."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

Metadata = Mapping[str, str | int | float | bool]
"""Facts about a document by name, such as its author; no NaN and no infinity."""


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
class Heading:
    """A heading of the text: `text[start:end]`, without its markup."""

    level: int
    """1 is the outermost, 6 the innermost."""
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Box:
    """One line of text, `text[start:end]`, and where it stands on its page.

    The four sides are in points (1/72 inch) from the page's top left corner, as the page is shown; in an image file,
    which has no size of its own, in pixels.
    """

    start: int
    end: int
    page: int
    """From 1."""
    left: float
    top: float
    right: float
    bottom: float

    def joined(self, other: "Box") -> "Box":
        """The box around this one and `other`, which stands behind it in the text and on the same page."""
        return Box(
            self.start,
            other.end,
            self.page,
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


@dataclass(frozen=True, slots=True)
class Document:
    """The text of one file, with its pages, headings and lines as character spans of that text.

    Raises ValueError when a span lies outside the text, when spans of one kind are out of order or overlap, or when
    a number of the metadata is not finite.
    """

    title: str
    text: str
    media_type: str
    pages: tuple[Page, ...]
    notes: tuple[str, ...] = ()
    """What a reader should know, such as `read as windows-1252` or `page 3 has no text`."""
    incomplete: bool = False
    """Whether something is missing that another try might find, such as a page whose OCR took too long."""

    language: str = ""
    """BCP 47 primary subtag, such as `en`; empty where it is not known."""
    headings: tuple[Heading, ...] = ()
    boxes: tuple[Box, ...] = ()
    """Where lines stand on their pages; none for kinds of files that have no fixed pages."""
    metadata: Metadata = field(default_factory=dict)
    """What the file says about itself, such as `author` and `created`."""

    def __post_init__(self) -> None:
        for kind, spans in (("page", self.pages), ("heading", self.headings), ("box", self.boxes)):
            _check_spans(kind, spans, len(self.text))
        for name, value in self.metadata.items():
            if isinstance(value, float) and not math.isfinite(value):
                msg = f"metadata {name} is {value}"
                raise ValueError(msg)


class _Span(Protocol):
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


def _check_spans(kind: str, spans: Iterable[_Span], length: int) -> None:
    reached = 0
    for number, span in enumerate(spans, start=1):
        if not reached <= span.start <= span.end <= length:
            msg = f"{kind} {number} ({span.start} to {span.end}) does not fit {length} characters of text"
            raise ValueError(msg)
        reached = span.end


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """Everything that shapes the text of a document, and the limits on loading one."""

    ocr: Literal["auto", "off"] = "auto"
    """`auto` recognises images, and PDF pages without a text layer."""
    ocr_languages: tuple[str, ...] = ("eng",)
    """Names of installed tesseract languages, the main one first."""
    ocr_timeout_s: float = 120.0
    """For one page."""
    ocr_file_timeout_s: float = 480.0
    """For all pages of one file: what was recognised until then is kept."""
    max_file_mb: int = 100
    """A megabyte is 1,000,000 bytes."""
    max_pages: int = 5000
    max_memory_mb: int = 4000
    """For reading one file, beside ten times `max_file_mb`; kept by `bounded_memory`."""


@dataclass(frozen=True, slots=True)
class PageText:
    """What a loader read on one page, before the pages are joined. Spans are of this page's text."""

    text: str
    ocr_confidence: float | None = None
    headings: tuple[Heading, ...] = ()
    boxes: tuple[Box, ...] = ()
    """Their page number is set when the pages are joined."""


@dataclass(frozen=True, slots=True)
class Extract:
    """What a loader read from one file. An empty title means that the file does not name itself."""

    pages: tuple[PageText, ...]
    title: str = ""
    notes: tuple[str, ...] = ()
    incomplete: bool = False
    metadata: Metadata = field(default_factory=dict)
