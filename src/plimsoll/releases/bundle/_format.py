"""The bytes of the file: an uncompressed POSIX ustar archive, of which there is exactly one for given members.

Every header has mode 0644, time 0 and no owner, names stand in ascending order, and two zero blocks end the file. So
the same members are the same file, and a header that was touched is not the one that belongs there.
"""

import re
import tarfile

from plimsoll.kernel.digest import Digest, hex_part

BUNDLE_FORMAT = 1
BUNDLE_KIND = "release"

BLOCK = tarfile.BLOCKSIZE
END = b"\0" * (2 * BLOCK)

MEMBERS_MAX = 200_000
HEAD_MAX = 64 * 1024
"""Bytes of `bundle.json`, which is read before anything can be known of the file."""
DOCUMENT_MAX = 64 * 1024 * 1024
"""Bytes of any other member that is no blob; as much as the verifier reads."""
BLOB_MAX = 2 * 1024 * 1024 * 1024
"""Bytes of the largest blob; one is held in memory at a time."""

HEAD_NAME = "bundle.json"
_NAMES = frozenset(
    {
        HEAD_NAME,
        "manifest.json",
        "versions.json",
        "attestation.json",
        "bom.cdx.json",
        "ledger/entries.jsonl",
        "ledger/checkpoint.note",
        "ledger/openings.jsonl",
        "verify.py",
    }
)
_BLOB = re.compile(r"blobs/[0-9a-f]{64}")


def blob_name(digest: Digest) -> str:
    """Where the blob of a digest stands in the file."""
    return f"blobs/{hex_part(digest)}"


def is_blob(name: str) -> bool:
    """Whether a member is a blob."""
    return _BLOB.fullmatch(name) is not None


def is_known(name: str) -> bool:
    """Whether a member of that name can stand in the file."""
    return name in _NAMES or is_blob(name)


def size_limit(name: str) -> int:
    """Bytes that a member may have at most."""
    if is_blob(name):
        return BLOB_MAX
    return HEAD_MAX if name == HEAD_NAME else DOCUMENT_MAX


def header(name: str, size: int) -> bytes:
    """The header block of a member."""
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")


def padding(size: int) -> int:
    """How many zero bytes follow a member, so that the next header begins at a whole block."""
    return -size % BLOCK
