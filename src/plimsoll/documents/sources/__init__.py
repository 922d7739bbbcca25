"""Where documents come from: folders, buckets of S3-compatible storage, and lists of web addresses.

Here: what a source holds (`scan`, and the same method of `Bucket` and `UrlList`), who may read each document and what
the source says about it (`Access`, metadata), and fetching what is not on this machine, only when it changed.

Not here: reading a file (`plimsoll.documents`), and remembering what was fetched (the flows, through
`plimsoll.pipelines`).
"""

from ._bucket import Bucket
from ._errors import FetchError, ServerFailedError, SourceUnreachableError
from ._facts import EVERYBODY, Access, check_access, check_metadata
from ._folder import scan
from ._types import Fetched, Remote, Scan, Skipped, SourceFile
from ._urls import UrlList

__all__ = [
    "EVERYBODY",
    "Access",
    "Bucket",
    "FetchError",
    "Fetched",
    "Remote",
    "Scan",
    "ServerFailedError",
    "Skipped",
    "SourceFile",
    "SourceUnreachableError",
    "UrlList",
    "check_access",
    "check_metadata",
    "scan",
]
