"""Files become text with pages and positions.

Here: walking a source folder (`scan`), reading one file (`load_file`) or its bytes (`load`) as Markdown, text, HTML,
PDF, DOCX or image, with OCR where there is no text; the bytes in which a `Document` is kept (`encode_document`).

Not here: cutting text into chunks and finding passages (`plimsoll.retrieval`), caching what was loaded
(`plimsoll.pipelines`), and running loaders in worker processes (the flows).

Loading belongs in a worker process: files are hostile, the PDF engine is used by one thread at a time, and a limit on
the time of one file can only be kept from outside the process.
"""

from ._errors import DocumentError
from ._load import digest_file, load, load_file, loader_fingerprint
from ._ocr import ocr_available
from ._scan import Scan, Skipped, SourceFile, scan
from ._types import Document, LoadSettings, Page
from ._wire import decode_document, encode_document

__all__ = [
    "Document",
    "DocumentError",
    "LoadSettings",
    "Page",
    "Scan",
    "Skipped",
    "SourceFile",
    "decode_document",
    "digest_file",
    "encode_document",
    "load",
    "load_file",
    "loader_fingerprint",
    "ocr_available",
    "scan",
]
