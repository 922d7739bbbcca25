"""Blobs in a bucket of S3-compatible object storage, and copies of them in a folder of this machine.

What a blob is, and the folder of blobs, are in `plimsoll.storage`.
"""

from ._blobs import BlobBucket
from ._client import BucketClient, Patience
from ._copies import CopiedBlobs
from ._errors import BucketUnreachableError
from ._place import BucketKeys, BucketPlace

__all__ = [
    "BlobBucket",
    "BucketClient",
    "BucketKeys",
    "BucketPlace",
    "BucketUnreachableError",
    "CopiedBlobs",
    "Patience",
]
