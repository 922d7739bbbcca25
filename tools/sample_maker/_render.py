"""Chooses the writer for a document's format."""

from collections.abc import Callable, Mapping

from ._docx import write_docx
from ._html import write_html
from ._pdf import write_pdf
from ._scan import write_scan_jpg, write_scan_pdf, write_scan_png
from ._source import Format, Source


def _verbatim(source: Source) -> bytes:
    return source.body.encode(source.encoding)


_WRITERS: Mapping[Format, Callable[[Source], bytes]] = {
    "pdf": write_pdf,
    "docx": write_docx,
    "html": write_html,
    "md": _verbatim,
    "txt": _verbatim,
    "scan-png": write_scan_png,
    "scan-jpg": write_scan_jpg,
    "scan-pdf": write_scan_pdf,
}


def render(source: Source) -> bytes:
    """The document as it stands on disk. The same source gives the same bytes, with the same library versions."""
    return _WRITERS[source.format](source)
