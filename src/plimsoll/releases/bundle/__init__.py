"""One release as one file: a plain tar of regular files that any tool can list, always with the same bytes.

This door reads and writes the file and keeps hostile ones out. What stands in the members, and whether it can be
trusted, is judged in `plimsoll.flows.exchange`.
"""

from ._errors import BundleInvalidError, BundleNewerError, BundleTamperedError, BundleUnusableError, MemberTooLargeError
from ._format import BUNDLE_FORMAT, BUNDLE_KIND, blob_name
from ._read import BundleReader, read_bundle
from ._write import write_bundle

__all__ = [
    "BUNDLE_FORMAT",
    "BUNDLE_KIND",
    "BundleInvalidError",
    "BundleNewerError",
    "BundleReader",
    "BundleTamperedError",
    "BundleUnusableError",
    "MemberTooLargeError",
    "blob_name",
    "read_bundle",
    "write_bundle",
]
