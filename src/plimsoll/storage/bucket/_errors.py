"""What can go wrong with object storage. No sentence holds what a server sent but its own short code of the error."""

from plimsoll.kernel.errors import InvalidError, UnavailableError

_RETRY_S = 5.0


class BucketUnreachableError(UnavailableError):
    """The server of the object storage does not answer."""

    code = "bucket_unreachable"

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            f"{place} does not answer: {reason}",
            hint="check that the object storage runs, its address, and the way to it",
            retry_after_s=_RETRY_S,
        )


class BucketBusyError(BucketUnreachableError):
    """The server asks for fewer requests."""

    code = "bucket_busy"

    def __init__(self, place: str) -> None:
        super().__init__(place, "it asks for fewer requests")
        self.hint = (
            "run the same command again a little later, or ask whoever runs the object storage for a higher rate"
        )


class BucketDeniedError(UnavailableError):
    """The server refuses the key, or the key has no right to do this."""

    code = "bucket_denied"

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            f"{place} refuses the request: {reason}",
            hint="check the key and its rights: it must be allowed to list the bucket, and to get, put and delete "
            "objects in it",
        )


class BucketMissingError(UnavailableError):
    """There is no such bucket."""

    code = "bucket_missing"

    def __init__(self, place: str) -> None:
        super().__init__(f"{place} does not exist", hint="make the bucket, or correct its name or its address")


class BucketElsewhereError(UnavailableError):
    """The server knows the bucket, and does not keep it."""

    code = "bucket_elsewhere"

    def __init__(self, place: str) -> None:
        super().__init__(
            f"{place} is in another region, or at another address",
            hint="set PLIMSOLL_S3_REGION to the region of the bucket, and check PLIMSOLL_S3_ENDPOINT",
        )


class BucketFailedError(UnavailableError):
    """The server answers something else than what was asked for."""

    code = "bucket_failed"

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            f"{place} could not be used: {reason}", hint="look into the logs of the object storage, and try again"
        )


class BucketUnfitError(UnavailableError):
    """The server cannot do what keeps blobs safe."""

    code = "bucket_unfit"

    def __init__(self, place: str) -> None:
        super().__init__(
            f"{place} cannot write an object on the condition that there is none yet",
            hint="use a server that knows `If-None-Match: *` for PUT, such as Amazon S3, MinIO, Ceph or R2 of today",
        )


class BlobUnsteadyError(UnavailableError):
    """Others remove a blob as often as it is put."""

    code = "blob_unsteady"

    def __init__(self, place: str, name: str) -> None:
        super().__init__(
            f"{name} in {place} is being removed by another process",
            hint="run the same command again when that process has ended",
            retry_after_s=_RETRY_S,
        )


class BucketClientMissingError(InvalidError):
    """The package that speaks to object storage is not installed."""

    code = "bucket_client_missing"

    def __init__(self) -> None:
        super().__init__(
            "the package that speaks to object storage is not installed", hint="pip install 'plimsoll[s3]'"
        )
