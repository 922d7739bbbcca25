"""What can be wrong with starting the server."""

from pathlib import Path

from plimsoll.kernel.errors import InvalidError, UnavailableError


class CertificateError(InvalidError):
    """The TLS certificate or its key cannot be used."""

    code = "bad_certificate"

    def __init__(self, certificate: Path, key: Path, reason: str) -> None:
        super().__init__(
            f"the certificate {certificate} with the key {key} cannot be used: {reason}",
            hint="give --tls-cert a PEM file with the certificate and its chain, and --tls-key its unencrypted PEM key",
        )


class OriginError(InvalidError):
    """Not an origin as browsers write it."""

    code = "bad_origin"

    def __init__(self, origin: str) -> None:
        super().__init__(
            f"`{origin[:80]}` is not an origin",
            hint="write it as browsers do: https://app.example.com, with a port only when it is not the usual one",
        )


class WorkerStartError(UnavailableError):
    """Worker processes end before they answer."""

    code = "workers_fail"

    def __init__(self, reason: str, *, hint: str = "") -> None:
        super().__init__(
            f"the workers cannot start: {reason}",
            hint=hint or "the log above says why; `--workers 1` runs everything in one process",
        )
