"""PDF: the text layer in reading order with the place of every line, and OCR for pages that have none."""

from ._read import VERSION, read

__all__ = ["VERSION", "read"]
