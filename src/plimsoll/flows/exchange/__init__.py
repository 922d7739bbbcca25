"""A release as one file: handed over, verified offline by anybody, and taken in by another installation.

The file holds all that the release is made of, the evidence that let it through, and those entries of the ledger that
tell its story, with proofs. An import believes nothing before everything was verified, and writes nothing before that.
"""

from ._errors import UntrustedKeyError
from ._export import export_release
from ._import import import_release
from ._types import Blobs, ExportParts, ExportReport, ImportParts, ImportReport

__all__ = [
    "Blobs",
    "ExportParts",
    "ExportReport",
    "ImportParts",
    "ImportReport",
    "UntrustedKeyError",
    "export_release",
    "import_release",
]
