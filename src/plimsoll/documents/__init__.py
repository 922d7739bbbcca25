"""Files become text with pages and positions.

Here: reading one file (`load_file`) or its bytes (`load`): text, Markdown, HTML, PDF, DOCX, PPTX, XLSX, e-mail, CSV,
JSON or image, with OCR where there is no text; the bytes in which a `Document` is kept (`encode_document`).

Not here: where files come from (`plimsoll.documents.sources`), finding those that are nearly the same
(`plimsoll.documents.similar`), cutting text into chunks and finding passages (`plimsoll.retrieval`), caching what was
loaded (`plimsoll.pipelines`), and running loaders in worker processes (the flows).

Loading belongs in a worker process: files are hostile, the PDF engine is used by one thread at a time, a limit on the
time of one file can only be kept from outside the process, and one on memory (`bounded_memory`) holds for all of it.
"""

from ._errors import DocumentError
from ._load import digest_file, load, load_file, loader_fingerprint
from ._memory import bounded_memory
from ._ocr import ocr_available
from ._types import Box, Document, Heading, LoadSettings, Metadata, Page
from ._wire import decode_document, encode_document

__all__ = [
    "Box",
    "Document",
    "DocumentError",
    "Heading",
    "LoadSettings",
    "Metadata",
    "Page",
    "bounded_memory",
    "decode_document",
    "digest_file",
    "encode_document",
    "load",
    "load_file",
    "loader_fingerprint",
    "ocr_available",
]
